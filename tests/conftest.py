"""For every test: Hypothesis draws the same examples each time (house rule: fixed seeds), and looks at no clock."""

from hypothesis import settings

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")
