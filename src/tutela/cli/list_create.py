"""`tutela list create`: an empty list."""

from __future__ import annotations

from typing import Annotated

import typer

from tutela.cli import options
from tutela.cli.lazy import command_app
from tutela.cli.talk import Talk
from tutela.model import Purpose, Threshold, read_settings
from tutela.model.errors import UsageError
from tutela.signals import kind as signal_kind
from tutela.store import Store

app = command_app()


@app.command(
    epilog="[bold]Examples[/]\n\n"
    "tutela list create partners --owner 'Example Hotline'\n\n"
    "tutela list create cleared --purpose benign --threshold pdq=20"
)
def create(
    name: options.ListName,
    owner: Annotated[str, typer.Option(metavar="TEXT", help="Who answers for the list.")] = "",
    purpose: Annotated[
        Purpose,
        typer.Option(
            metavar="known|benign", help="What it means to be on it; a benign entry wins where it is as near."
        ),
    ] = Purpose.KNOWN,
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND=DISTANCE[,QUALITY]",
            help="When a signal meets an entry; repeat for several kinds. \\[default: pdq=31,50]",
        ),
    ] = None,
) -> None:
    """Make an empty list."""
    limits = dict(_threshold(text) for text in threshold or ())
    with Store.of(read_settings()) as store:
        info = store.create_list(name, owner=owner, purpose=purpose, thresholds=limits)
    Talk().say(f"Made the {info.purpose.value} list {info.name}. Fill it with: tutela list import {info.name} FILE")


def _threshold(text: str) -> tuple[str, Threshold]:
    name, _, numbers = text.partition("=")
    kind = signal_kind(name)
    distance, _, quality = numbers.partition(",")
    try:
        return kind.name, Threshold(int(distance), int(quality) if quality else kind.default.quality)
    except ValueError:
        raise UsageError(
            reason=f"{text!r} is no threshold: write KIND=DISTANCE or KIND=DISTANCE,QUALITY, such as pdq=31,50."
        ) from None
