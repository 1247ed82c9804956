"""`tutela db`: the store's database: brought to this release, backed up, restored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.cli.lazy import command_app
from tutela.cli.talk import Talk
from tutela.model import read_settings
from tutela.store import Store
from tutela.store.backup import back_up, restore

app = command_app()


@app.callback(epilog="[bold]Example[/]\n\ntutela db back-up /backups/monday")
def db() -> None:
    """Bring the store's database to this release, back it up, restore it."""


@app.command("upgrade", epilog="[bold]Example[/]\n\ntutela db upgrade")
def upgrade() -> None:
    """Make or change the tables as this release needs them; `tutela serve` does so too when it starts."""
    with Store.of(read_settings()) as store:
        Talk().say(f"{store.database.name} is as this release needs it.")


@app.command("back-up", epilog="[bold]Example[/]\n\ntutela db back-up /backups/monday")
def back_up_command(target: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for it.")]) -> None:
    """Write a back-up while everything goes on: the database, the audit trail's keys and checkpoints.

    It is as confidential as the store.
    """
    Talk().say(f"Backed up into {back_up(read_settings(), target)}.")


@app.command("restore", epilog="[bold]Example[/]\n\nTUTELA_HOME=/srv/tutela tutela db restore /backups/monday")
def restore_command(source: Annotated[Path, typer.Argument(metavar="FOLDER", help="What back-up wrote.")]) -> None:
    """Restore a back-up into an empty home folder, and make every snapshot."""
    restore(read_settings(), source)
    Talk().say(f"Restored from {source}. `tutela audit verify` says whether the trail is whole.")
