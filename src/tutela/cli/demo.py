"""`tutela demo`: see it work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tutela.cli import options
from tutela.cli.lazy import command_app
from tutela.demo import run_demo
from tutela.model import read_settings

app = command_app()


@app.command(epilog="[bold]Example[/]\n\ntutela demo demo-out    [dim]then open report.html and clusters.html there[/]")
def demo(
    target: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where the pictures, the lists and the pages go.")
    ] = Path("demo-out"),
    seed: Annotated[int, typer.Option(metavar="N", help="What the edits and the choice of pictures depend on.")] = 1,
    workers: options.Workers = None,
) -> None:
    """See it work: real pictures, in every format, matched against a demo list and clustered."""
    settings = read_settings()
    number = settings.workers if workers is None else workers
    run_demo(target, seed=seed, workers=number, limits=settings.limits)
