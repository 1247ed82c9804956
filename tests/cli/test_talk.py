import os
import pty
import subprocess
import sys

import pytest

from tutela.cli.talk import Talk, prints_to_terminal

PROGRESS = (
    "from tutela.cli.talk import Talk\n"
    "with Talk(quiet={quiet}).progress('Working', total={total}) as step:\n    step(3, 'three files')\n"
)


def on_terminal(code):
    """Run code with stderr on a terminal and return what it showed there."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "TERM": "xterm"}
    child = subprocess.Popen([sys.executable, "-c", code], stderr=theirs, env=environment)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # how Linux says that the other side is closed
        pass
    finally:
        os.close(ours)
        assert child.wait(60) == 0
    return shown.decode()


@pytest.mark.parametrize(("total", "told"), [("None", "three files"), ("10.0", "3/10")])
def test_progress_shows_on_a_terminal(total, told):
    shown = on_terminal(PROGRESS.format(quiet=False, total=total))
    assert "Working" in shown
    assert told in shown


def test_no_progress_where_quiet_is_wanted():
    assert on_terminal(PROGRESS.format(quiet=True, total="None")) == ""


def test_no_progress_into_a_pipe(capsys):
    with Talk().progress("Working") as step:
        step(1, "one")
    assert capsys.readouterr() == ("", "")


def test_quiet_keeps_warnings_and_nothing_else(capsys):
    talk = Talk(quiet=True)
    talk.say("good to know")
    talk.warn("must be \x1b[31mknown")
    assert capsys.readouterr().err == "Warning: must be \\x1b[31mknown\n"


def test_markup_in_names_is_text(capsys):
    Talk().say("[bold]a[/bold].jpg")
    assert capsys.readouterr().err == "[bold]a[/bold].jpg\n"


def test_a_pipe_is_no_terminal():
    assert not prints_to_terminal()
