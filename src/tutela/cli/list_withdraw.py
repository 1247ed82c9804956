"""`tutela list withdraw`: one entry out of a list."""

from __future__ import annotations

from typing import Annotated

import typer

from tutela.cli import options
from tutela.cli.lazy import command_app
from tutela.cli.talk import Talk
from tutela.model import Removed, read_settings
from tutela.model.errors import UsageError
from tutela.store import Store

app = command_app()


@app.command(epilog="[bold]Examples[/]\n\ntutela list withdraw partners case-5")
def withdraw(
    name: options.ListName,
    entry: Annotated[
        str, typer.Argument(metavar="KEY", help="The entry's key, as findings name it.", show_default=False)
    ],
    quiet: options.Quiet = False,
) -> None:
    """Withdraw one entry from a list.

    From the next match on it is met no more. The store keeps it as withdrawn; a later import that has it takes it in
    again.
    """
    with Store.of(read_settings()) as store:
        summary = store.import_entries(name, [Removed(entry)])
    if not summary.removed:
        # Neither the key nor the list's own keys are told: somebody may have given a hash for a key.
        raise UsageError(
            reason=f"The list {name} has no entry with that key, or it was withdrawn before. "
            "Findings (tutela match --jsonl) and the CSV form of tutela list export give the keys of entries."
        )
    Talk(quiet=quiet).say(f"{name}: 1 withdrawn; now version {summary.version}.")
