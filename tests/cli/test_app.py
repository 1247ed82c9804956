import subprocess
import sys

import pytest

import tutela
from cli.running import PROGRAM, environment, invoke, run
from tutela.cli.app import Commands
from tutela.cli.lists import ListCommands


def every_command():
    for name in Commands.members:
        if name == "list":
            yield from (("list", member) for member in ListCommands.members)
        else:
            yield (name,)
            yield from ((name, member) for member in getattr(Commands.load(name), "commands", ()))


def test_the_version(home):
    assert run(home, "--version").stdout.decode() == f"tutela {tutela.__version__}\n"


def test_help_names_every_command(home):
    shown = run(home, "--help").stdout.decode()
    for name in Commands.members:
        assert name in shown


def test_help_loads_neither_arrays_nor_pictures_nor_a_database(home):
    code = (
        "import sys\nfrom tutela.cli.app import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'numpy', 'PIL', 'sqlalchemy', 'tutela.model'} & set(sys.modules)), file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, env=environment(home), check=True, timeout=60
    )
    assert ended.stderr.decode().splitlines()[-1] == "[]"


@pytest.mark.parametrize("words", list(every_command()), ids=" ".join)
def test_every_command_has_help_with_an_example(words):
    shown = invoke(*words, "--help")
    assert shown.exit_code == 0
    assert "Example" in shown.stdout
    assert f"tutela {' '.join(words)}" in shown.stdout.split("Example")[1]


@pytest.mark.parametrize("group", [Commands, ListCommands])
def test_the_table_of_commands_says_what_the_commands_say(group):
    for name, (_, line) in group.members.items():
        command = group.load(name)
        assert command.name == name
        assert command.help.split("\n")[0] == line


def test_an_unknown_command_is_a_usage_error_with_a_suggestion(home):
    ended = run(home, "mach")
    assert ended.returncode == 2
    assert b"Did you mean" in ended.stderr
    assert ended.stdout == b""


def test_completion_knows_the_commands(home):
    asked = environment(home) | {"_TUTELA_COMPLETE": "complete_bash", "COMP_WORDS": "tutela list ", "COMP_CWORD": "2"}
    shown = subprocess.run(PROGRAM, capture_output=True, env=asked, timeout=60, check=False).stdout.decode().split()
    assert set(ListCommands.members) <= set(shown)
