from pathlib import Path

import pytest

from tutela.model.errors import SettingInvalid
from tutela.model.settings import SETTINGS, Limits, read_settings


def test_defaults():
    settings = read_settings({})
    assert settings.limits == Limits()
    assert settings.home == Path("~/.local/share/tutela").expanduser()
    assert settings.kernel == "auto"


def test_every_row_is_read_and_says_something():
    given = {f"TUTELA_{row.name.upper()}": "7" for row in SETTINGS if not isinstance(row.default, str)}
    settings = read_settings(given | {"TUTELA_HOME": "/x", "TUTELA_KERNEL": "portable"})
    assert (settings.home, settings.kernel, settings.workers) == (Path("/x"), "portable", 7)
    assert settings.limits == Limits(7, 7, 7, 7.0, 7, 7, 7.0)
    assert all(row.help.endswith(".") for row in SETTINGS)


@pytest.mark.parametrize(
    ("name", "value"),
    [("TUTELA_MAX_BYTES", "many"), ("TUTELA_MAX_BYTES", "-1"), ("TUTELA_MAX_PIXELS", "1.5"), ("TUTELA_KERNEL", "mmx")],
)
def test_a_wrong_value_is_named_with_its_remedy(name, value):
    with pytest.raises(SettingInvalid, match=name):
        read_settings({name: value})
