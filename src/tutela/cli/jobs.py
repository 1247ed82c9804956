"""`tutela jobs`: the job process, and what it does."""

from __future__ import annotations

from typing import Annotated

import typer

from tutela.cli.extras import needs_extra
from tutela.cli.lazy import command_app
from tutela.cli.talk import Talk
from tutela.model import read_settings
from tutela.store import Store
from tutela.store.audit import By

with needs_extra("Jobs", "server"):
    from tutela.jobs import Jobs, run_jobs

app = command_app()


@app.callback(epilog="[bold]Example[/]\n\ntutela jobs list")
def jobs() -> None:
    """Run the job process by itself, or see what it does; `tutela serve` runs one of its own."""


@app.command("run", epilog="[bold]Example[/]\n\ntutela jobs run")
def run() -> None:
    """Do jobs until Ctrl-C or SIGTERM: imports, exports, webhooks, checkpoints, retention."""
    run_jobs(read_settings())


@app.command("list", epilog="[bold]Example[/]\n\ntutela jobs list --limit 50")
def list_jobs(
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="How many, the newest first.")] = 20,
) -> None:
    """Name jobs with their state, the newest first."""
    settings = read_settings()
    with Store.of(settings) as store:
        found = Jobs(store.database, settings.home).list(limit=limit)
        if not found:
            Talk().say("No jobs yet.")
        for job in found:
            typer.echo(f"{job.id}\t{job.kind}\t{job.state}\t{job.done}\t{job.arguments.get('list', '-')}")


@app.command("cancel", epilog="[bold]Example[/]\n\ntutela jobs cancel 5f0c1b9a7d3e4f2a6b8c0d1e")
def cancel(number: Annotated[str, typer.Argument(metavar="JOB", help="Its id, as `jobs list` names it.")]) -> None:
    """Have a job end; what it had not committed is as if it never was."""
    settings = read_settings()
    with Store.of(settings) as store:
        job = Jobs(store.database, settings.home).cancel(number, By("the command line"))
    Talk().say(f"{job.kind}: {'is being cancelled' if not job.over else job.state}.")
