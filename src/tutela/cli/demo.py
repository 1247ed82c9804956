"""`tutela demo`: see it work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.cli import options
from tutela.cli.extras import needs_extra
from tutela.cli.lazy import command_app
from tutela.cli.outcome import tell
from tutela.demo import run_demo
from tutela.model import read_settings
from tutela.model.errors import ExtraMissing

app = command_app()


@app.command(epilog="[bold]Example[/]\n\ntutela demo demo-out    [dim]then open report.html and clusters.html there[/]")
def demo(
    target: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where the pictures, the lists and the pages go.")
    ] = Path("demo-out"),
    seed: Annotated[int, typer.Option(metavar="N", help="What the edits and the choice of pictures depend on.")] = 1,
    workers: options.Workers = None,
    stay: Annotated[
        bool, typer.Option("--stay", help="Let the server run until Ctrl-C, with the demo's accounts.")
    ] = False,
) -> None:
    """See it work: real pictures, in every format, matched against a demo list and clustered; then the server."""
    settings = read_settings()
    number = settings.workers if workers is None else workers
    truth = run_demo(target, seed=seed, workers=number, limits=settings.limits).truth
    try:
        with needs_extra("The server", "server"):
            from tutela.demo.serving import serve_demo  # noqa: PLC0415 - an optional part
    except ExtraMissing as error:
        if stay:
            raise
        tell(str(error))
        return
    checks = serve_demo(target, truth, settings, stay=stay)
    if any(check.asked != check.right for check in checks):
        raise typer.Exit(1)
