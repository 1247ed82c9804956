"""`tutela list export`: a list into a file."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from tutela import exchange
from tutela.cli import options
from tutela.cli.lazy import command_app
from tutela.cli.talk import Step, Talk
from tutela.model import Entry, read_settings
from tutela.model.errors import UsageError
from tutela.report import wording
from tutela.store import Store

app = command_app()

_STEP = 1000


@app.command(
    epilog="[bold]Examples[/]\n\n"
    "tutela list export partners partners.csv\n\n"
    "tutela list export partners - --format text | gzip > partners.txt.gz"
)
def export(
    name: options.ListName,
    target: Annotated[str, typer.Argument(metavar="FILE", help="The file; - is standard output.", show_default=False)],
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help=f"One of {', '.join(one.name for one in exchange.formats())}. \\[default: from the end of FILE]",
        ),
    ] = None,
    quiet: options.Quiet = False,
) -> None:
    """Write a list to a file that others can read.

    What the format cannot carry is counted and told. The file appears whole or not at all, and only its owner may
    read it.
    """
    talk = Talk(quiet=quiet)
    chosen = format_name or _by_suffix(target)
    with Store.of(read_settings()) as store:
        details = store.show(name)
        with talk.progress(f"Exporting {name}", total=float(details.entries), bar=target != "-") as step:
            entries = _counted(store.entries(name), step)
            with _opened(target) as out:
                written = exchange.write(entries, details.info, out, chosen)
    for what, times in written.left_out.items():
        talk.warn(f"The format {chosen} does not carry {what} (left out {wording.counted(times, 'time')}).")
    talk.say(f"Wrote {wording.counted(written.entries, 'entry', 'entries')} of {name} as {chosen}.")


def _counted(entries: Iterator[Entry], step: Step) -> Iterator[Entry]:
    for number, entry in enumerate(entries, 1):
        yield entry
        if number % _STEP == 0:
            step(number)


def _by_suffix(target: str) -> str:
    fitting = [one.name for one in exchange.formats() if target.endswith(one.suffix)]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(fitting or [one.name for one in exchange.formats()])
    raise UsageError(reason=f"The name of the file does not tell one format: choose with --format ({names}).")


@contextmanager
def _opened(target: str) -> Iterator[BinaryIO]:
    if target == "-":
        yield sys.stdout.buffer
        return
    path = Path(target)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    except BaseException:  # also an interrupt: the half-written file goes, whatever stopped it
        part.unlink(missing_ok=True)
        raise
