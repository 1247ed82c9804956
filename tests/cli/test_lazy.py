import sys

from typer.main import get_command

from cli.running import invoke
from tutela.cli.app import Commands, app
from tutela.cli.lazy import command_app


def test_the_group_itself_is_served_from_the_table():
    group = get_command(app)
    assert group.list_commands(None) == list(Commands.members)
    assert group.get_command(None, "match").help == Commands.members["match"][1]
    assert group.get_command(None, "nothing") is None


def test_a_command_is_loaded_when_it_is_called(monkeypatch):
    monkeypatch.delitem(sys.modules, "tutela.cli.list_show", raising=False)
    assert invoke("list", "--help").exit_code == 0
    assert "tutela.cli.list_show" not in sys.modules
    assert invoke("list", "show", "--help").exit_code == 0
    assert "tutela.cli.list_show" in sys.modules


def test_short_help_works_too():
    assert invoke("-h").exit_code == 0
    assert invoke("match", "-h").exit_code == 0
    app = command_app()

    @app.command()
    def nothing():
        """Do nothing."""

    assert get_command(app).help == "Do nothing."
