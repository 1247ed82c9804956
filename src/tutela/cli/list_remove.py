"""`tutela list remove`: a list and all it holds."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tutela.cli import options
from tutela.cli.lazy import command_app
from tutela.cli.talk import Talk
from tutela.model import read_settings
from tutela.model.errors import UsageError
from tutela.report import wording
from tutela.store import Store

app = command_app()


@app.command(epilog="[bold]Examples[/]\n\ntutela list remove old-list\n\ntutela list remove old-list --yes")
def remove(
    name: options.ListName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
) -> None:
    """Delete a list with all it holds."""
    talk = Talk()
    with Store.of(read_settings()) as store:
        details = store.show(name)
        entries = wording.counted(details.entries, "entry", "entries")
        if not yes:
            if not sys.stdin.isatty():
                raise UsageError(reason=f"Removing {name} deletes {entries}: say --yes where nobody can be asked.")
            typer.confirm(f"Delete the list {name} with {entries}?", abort=True, err=True)
        store.remove_list(name)
    talk.say(f"Removed {name} with {entries}.")
