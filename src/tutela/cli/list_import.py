"""`tutela list import`: a file into a list."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer

from tutela import exchange
from tutela.cli import options
from tutela.cli.lazy import command_app
from tutela.cli.outcome import INCOMPLETE
from tutela.cli.talk import Talk
from tutela.model import Rejected, read_settings
from tutela.report import wording
from tutela.store import ImportSummary, Store

app = command_app()

#: Rejected lines that are shown unless a file for them is given.
SHOWN = 20


@app.command(
    "import",
    epilog="[bold]Examples[/]\n\n"
    "tutela list import partners hashes.csv\n\n"
    "tutela list import partners export.json --format vics-1 --rejected rejected.txt\n\n"
    "tutela hash --as csv photos/ | tutela list import mine -",
)
def import_list(
    name: options.ListName,
    source: Annotated[str, typer.Argument(metavar="FILE", help="The file; - is standard input.", show_default=False)],
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help=f"One of {', '.join(one.name for one in exchange.formats())}. \\[default: found from the content]",
        ),
    ] = None,
    rejected: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every rejected line's number and reason to FILE.")
    ] = None,
    accept_torn: Annotated[
        bool, typer.Option("--accept-torn", help="Take what can be read of a file that breaks off.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with 11 if any line was rejected.")] = False,
    quiet: options.Quiet = False,
) -> None:
    """Take entries from a file into a list, all or nothing.

    The same file twice changes nothing. Lines that cannot be taken are reported by number and reason, and the others
    are taken; hashes of empty files and blank pictures never enter.
    """
    talk = Talk(quiet=quiet)
    with _as_file(source) as path, _noting(rejected, talk) as note, Store.of(read_settings()) as store:
        total = path.stat().st_size
        with talk.progress(f"Importing into {name}", total=float(total)) as step:
            read = 0

            def seen(done: int) -> None:
                nonlocal read
                read = done

            def taken(items: int) -> None:
                step(read, wording.counted(items, "record"))

            items = exchange.read(path, format_name, seen)
            summary = store.import_entries(name, items, taken, rejected=note, accept_torn=accept_torn)
    _sum_up(talk, name, summary, rejected)
    if strict and summary.rejected_count:
        raise typer.Exit(INCOMPLETE)


@contextmanager
def _as_file(source: str) -> Iterator[Path]:
    """Give a file for what is read twice: first to find its format."""
    if source != "-":
        yield Path(source)
        return
    with tempfile.NamedTemporaryFile(prefix="tutela-import-") as spooled:
        shutil.copyfileobj(sys.stdin.buffer, spooled)
        spooled.flush()
        yield Path(spooled.name)


@contextmanager
def _noting(target: Path | None, talk: Talk) -> Iterator[_Note]:
    if target is None:
        yield _Note(talk, None)
        return
    with target.open("w", encoding="utf-8") as out:
        yield _Note(talk, out)


class _Note:
    """Writes rejected lines down: all of them to a file, or the first ones to stderr."""

    def __init__(self, talk: Talk, out: TextIO | None) -> None:
        self._talk = talk
        self._out = out
        self._count = 0

    def __call__(self, item: Rejected) -> None:
        self._count += 1
        line = f"{item.number}: {item.reason}"
        if self._out is not None:
            print(line, file=self._out)
        elif self._count <= SHOWN:
            self._talk.warn(f"line {line}")


def _sum_up(talk: Talk, name: str, summary: ImportSummary, rejected: Path | None) -> None:
    if summary.rejected_count > SHOWN and rejected is None:
        left = summary.rejected_count - SHOWN
        talk.warn(f"{wording.number(left)} more lines were rejected; --rejected FILE keeps them all.")
    parts = [
        f"{wording.number(count)} {word}"
        for count, word in (
            (summary.added, "added"),
            (summary.updated, "updated"),
            (summary.removed, "removed"),
            (summary.unchanged, "unchanged"),
            (summary.rejected_count, "rejected"),
        )
        if count
    ]
    done = ", ".join(parts) or "nothing in it"
    state = f"now version {summary.version}" if summary.changed else f"still version {summary.version}"
    talk.say(f"{name}: {done}; {state}.")
