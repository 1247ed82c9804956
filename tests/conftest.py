"""For every test: Hypothesis draws the same examples each time (house rule: fixed seeds), and looks at no clock."""

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import settings

import postgresql
from tutela.store import Store

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")


if os.environ.get("TUTELA_TEST_DATABASE") == "postgresql":
    # The same tests, on PostgreSQL: each home folder gets a database of its own.  What is only SQLite's is marked so.
    _real_open = Store.open.__func__
    _databases = {}
    _opened = contextlib.ExitStack()

    def _open(cls, home, url="", **more):
        if not url:
            name = str(Path(home).resolve())
            if name not in _databases:
                _databases[name] = _opened.enter_context(postgresql.fresh_database())
            url = _databases[name]
        return _real_open(cls, home, url, **more)

    Store.open = classmethod(_open)

    def pytest_collection_modifyitems(items):
        for item in items:
            if item.get_closest_marker("sqlite"):
                item.add_marker(pytest.mark.skip(reason="it is about SQLite"))

    def pytest_sessionfinish():
        _opened.close()
