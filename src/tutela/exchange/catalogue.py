"""The one visible list of formats, and `read` and `write` over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from tutela.exchange.format import Format, Item, Written
from tutela.exchange.hash_lines import HASH_LINES
from tutela.exchange.ncmec import NCMEC
from tutela.exchange.source import Source, Torn
from tutela.exchange.table import CSV
from tutela.exchange.text import TEXT
from tutela.exchange.vics import VICS_1, VICS_2
from tutela.exchange.vpdq import VPDQ
from tutela.model import Entry, ListInfo, Rejected
from tutela.model.errors import FormatUnknown


def formats() -> tuple[Format, ...]:
    """Return every format, in the order in which an unnamed file is tried."""
    return (NCMEC, VICS_2, VICS_1, HASH_LINES, VPDQ, CSV, TEXT)


def read(path: Path, format_name: str | None = None, on_bytes: Callable[[int], None] | None = None) -> Iterator[Item]:
    """Stream what a file says, item by item in its order, with memory that does not grow with it.

    The format is found from the content if it is not named.  A line or record that cannot be taken is a `Rejected` with
    its number, and reading goes on; a torn or broken file ends with one that is ``fatal``.  ``on_bytes`` is told the
    bytes of the file read so far. Raises `FormatUnknown` at once (not while streaming) for a name or content of no
    known format, and `OSError` for a file that cannot be read.
    """
    source = Source(path, on_bytes)
    chosen = _recognised(source) if format_name is None else _named(str(path), format_name)
    return _items(chosen, source)


def write(entries: Iterable[Entry], info: ListInfo, target: BinaryIO, format_name: str) -> Written:
    """Stream entries to a binary target (not closed) and return how many were written and what could not be carried.

    What each format can carry is in its module's text.  Raises `FormatUnknown` for a name of no known format.
    """
    return _named("the export", format_name).write(entries, info, target)


def _items(chosen: Format, source: Source) -> Iterator[Item]:
    try:
        yield from chosen.read(source)
    except Torn as torn:
        yield Rejected(max(1, source.number), str(torn), fatal=True)


def _named(path: str, name: str) -> Format:
    for one in formats():
        if one.name == name:
            return one
    known = ", ".join(one.name for one in formats())
    raise FormatUnknown(path=path, reason=f"{name!r} is no format; there are {known}")


def _recognised(source: Source) -> Format:
    head = source.head().decode("utf-8", "replace")
    if not head.strip():
        raise FormatUnknown(path=source.path, reason="it is empty")
    for one in formats():
        if one.recognise(head):
            return one
    if head.lstrip()[:1] in {"{", "["}:
        raise FormatUnknown(
            path=source.path, reason="it is JSON without an envelope that says whose categories it bears"
        )
    raise FormatUnknown(path=source.path, reason="its beginning is neither XML, nor JSON, nor lines of kind and value")
