import errno

import pytest
import typer

from tutela.cli.outcome import EXIT_CODES, FAILED, INTERRUPTED, explained, tell
from tutela.model import errors
from tutela.model.errors import ListUnknown


def ended(error):
    with pytest.raises(typer.Exit) as outcome, explained():
        raise error
    return outcome.value.exit_code


def test_an_error_of_tutela_is_one_line_with_its_code(capsys):
    assert ended(ListUnknown(name="x")) == 3
    told = capsys.readouterr().err
    assert told.startswith("Error: There is no list named 'x'.")
    assert told.count("\n") == 1


def test_an_error_of_the_system_names_the_file(capsys):
    assert ended(OSError(errno.ENOSPC, "No space left on device", "/a/b")) == FAILED
    assert capsys.readouterr().err == "Error: No space left on device: /a/b\n"


def test_an_interrupt_has_its_own_code(capsys):
    assert ended(KeyboardInterrupt()) == INTERRUPTED
    assert capsys.readouterr().err == "Interrupted.\n"


def test_debugging_shows_errors_as_they_are(monkeypatch):
    monkeypatch.setenv("TUTELA_DEBUG", "1")
    with pytest.raises(ListUnknown), explained():
        raise ListUnknown(name="x")


def test_what_nobody_foresaw_is_not_dressed_up():
    with pytest.raises(ZeroDivisionError), explained():
        raise ZeroDivisionError


def test_names_in_messages_cannot_write_to_the_terminal(capsys):
    tell("\x1b[2Jgone\nanew")
    assert capsys.readouterr().err == "\\x1b[2Jgone\\nanew\n"


def test_no_code_means_two_things():
    taken = {one.exit_code for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Exception)}
    assert taken & set(EXIT_CODES) == {FAILED}
