"""`tutela audit`: the audit trail, shown and verified."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from tutela.cli.extras import needs_extra
from tutela.cli.lazy import command_app
from tutela.cli.outcome import TAMPERED
from tutela.cli.output import DataConsole
from tutela.cli.talk import Talk
from tutela.model import read_settings
from tutela.report import wording
from tutela.store import Store
from tutela.store.audit import rows as rows_of

app = command_app()


@app.callback(epilog="[bold]Example[/]\n\ntutela audit verify")
def audit() -> None:
    """Show and verify the audit trail: every change, and every match that hit."""


@app.command("verify", epilog="[bold]Example[/]\n\ntutela audit verify")
def verify() -> None:
    """Look at every row and checkpoint, name each edit, removal and reordering, and end with 12 if there is any."""
    with needs_extra("The audit trail's signatures", "server"):
        from tutela.access.trail import AuditTrail  # noqa: PLC0415 - an optional part
    settings = read_settings()
    with Store.of(settings) as store:
        report = AuditTrail(store.database, settings.home).verify()
    console = DataConsole()
    for fault in report.faults:
        console.print(f"row {fault.row}: {fault.what}" if fault.row else fault.what, highlight=False)
    talk = Talk()
    if report.public_key:
        talk.say(f"Public key: {report.public_key}")
    state = "Sound" if report.sound else "NOT as it was written"
    counted = ((report.rows, "row"), (report.checkpoints, "signed checkpoint"), (len(report.faults), "fault"))
    talk.say(f"{state}: {', '.join(wording.counted(*one) for one in counted)}.")
    if not report.sound:
        raise typer.Exit(TAMPERED)


@app.command("checkpoint", epilog="[bold]Example[/]\n\ntutela audit checkpoint")
def checkpoint() -> None:
    """Sign the trail as it stands; the server does so every ten minutes."""
    with needs_extra("The audit trail's signatures", "server"):
        from tutela.access.trail import AuditTrail  # noqa: PLC0415 - an optional part
    settings = read_settings()
    with Store.of(settings) as store:
        made = AuditTrail(store.database, settings.home).checkpoint()
    Talk().say("Nothing is unsigned." if made is None else f"Signed up to row {made.number}.")


@app.command("show", epilog="[bold]Example[/]\n\ntutela audit show --target list:partners --limit 20")
def show(
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=100_000, help="How many rows, the newest first.")] = 50,
    action: Annotated[str, typer.Option(metavar="TEXT", help="Only actions that begin so, as in list.")] = "",
    target: Annotated[str, typer.Option(metavar="TEXT", help="Only what was done to this, as in list:hotline.")] = "",
) -> None:
    """Print rows as JSON, one a line."""
    with Store.of(read_settings()) as store, store.database.reading() as connection:
        found = rows_of(connection, limit=limit, action=action, target=target)
    for row in found:
        told = {
            "number": row.number,
            "time": row.time.isoformat(),
            "who": row.who,
            "action": row.action,
            "target": row.target,
            "why": row.why,
            "before": row.before,
            "after": row.after,
            "request": row.request,
        }
        typer.echo(json.dumps(told, ensure_ascii=False))
