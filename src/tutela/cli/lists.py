"""`tutela list`: the commands that work on lists."""

from __future__ import annotations

import typer

from tutela.cli.lazy import LazyGroup


class ListCommands(LazyGroup):
    """The commands of `tutela list`."""

    members = {  # noqa: RUF012 - a ClassVar of the base class
        "create": ("list_create", "Make an empty list."),
        "import": ("list_import", "Take entries from a file into a list, all or nothing."),
        "export": ("list_export", "Write a list to a file that others can read."),
        "show": ("list_show", "Show all lists, or the particulars of one."),
        "withdraw": ("list_withdraw", "Withdraw one entry from a list."),
        "remove": ("list_remove", "Delete a list with all it holds."),
    }


app = typer.Typer(
    cls=ListCommands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def lists() -> None:
    """Make, fill, show, export and remove lists."""
