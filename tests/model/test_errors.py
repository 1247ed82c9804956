"""Every error says what is wrong and what to do, and ends the program with a code of its kind."""

import inspect
import re

import pytest

from tutela.model import errors

CLASSES = [found for _, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, errors.TutelaError)]


@pytest.mark.parametrize("error", CLASSES)
def test_the_docstring_is_the_message(error):
    fields = set(re.findall(r"{(\w+)", error.__doc__))
    raised = error(**dict.fromkeys(fields, "something {odd}"))
    assert "something {odd}" in str(raised) or not fields
    assert "\n" not in str(raised)
    assert raised.fields.keys() == fields


@pytest.mark.parametrize("error", CLASSES)
def test_exit_codes_stay_clear_of_those_of_shells_and_findings(error):
    assert 1 <= error.exit_code <= 9


def test_the_module_draws_every_class():
    drawn = dict(re.findall(r"(\w+) +exit (\d)", errors.__doc__))
    parents = {"SettingInvalid", "SignalInvalid", "RequestInvalid", "FindingInvalid", "TutelaError"}
    assert {name: int(code) for name, code in drawn.items()} == {
        error.__name__: error.exit_code for error in CLASSES if error.__name__ not in parents
    }
    assert all(name in errors.__doc__ for name in parents)
