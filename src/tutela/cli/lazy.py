"""Groups of commands that are loaded when they are called: `tutela --help` waits for no numpy and no database."""

from __future__ import annotations

import importlib
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup


class LazyGroup(TyperGroup):
    """A group whose commands each live in a module, with a Typer ``app`` in it.

    ``members``: name of the command -> (its module in `tutela.cli`, first line of its help).  Help and completion of
    the group itself are served from this table alone.
    """

    members: ClassVar[dict[str, tuple[str, str]]] = {}

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - Typer's context class moves between its releases
        """Return the names, in the order of the table."""
        del ctx
        return list(self.members)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - same
        """Return a stand-in with name and help, or ``None``."""
        del ctx
        self.commands = {name: TyperCommand(name, help=line) for name, (_, line) in self.members.items()}
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - same
        """Return the called command itself, its module loaded."""
        name, stand_in, rest = super().resolve_command(ctx, args)
        return name, None if stand_in is None else self.load(str(name)), rest

    @classmethod
    def load(cls, name: str) -> Any:  # noqa: ANN401 - same
        """Return a command by its name."""
        module = importlib.import_module(f"tutela.cli.{cls.members[name][0]}")
        command = typer.main.get_command(module.app)
        command.name = name
        return command


def command_app() -> typer.Typer:
    """Return the Typer app of a module with one command."""
    return typer.Typer(
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
