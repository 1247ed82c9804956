"""Plain text: one ``kind value`` a line, as python-threatexchange's ``local_file`` exchange reads it.

Read from its public source (``exchanges/impl/file_api.py``): a line is stripped, then cut at the first blank into kind
and value; blank lines are passed over.  Beyond that, this reader passes over lines that begin with ``#``, lets any run
of blanks or tabs part the two, and takes kinds by the names other tools give them (``video_md5``).  The writer uses the
narrow form: no comments, one blank.

**Carried**: kinds and values.  **Not carried**: which signals belong to one entry (every line becomes an entry of its
own), keys, qualities, grades, labels, source, times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from tutela.exchange.format import Format, Item, Ledger, Written
from tutela.exchange.record import Draft, kind_named, spoken
from tutela.exchange.source import Line, Source
from tutela.model import Entry, ListInfo, Rejected
from tutela.signals import kind

_LOOK = 100


def _recognise(head: str) -> bool:
    for line in head.splitlines()[:_LOOK]:
        name, _, value = line.strip().partition(" ") if " " in line.strip() else line.strip().partition("\t")
        if value and not name.startswith("#") and kind_named(name) is not None:
            return True
    return False


def _read(source: Source) -> Iterator[Item]:
    for line in source.lines():
        yield from _items(line)


def _items(line: Line) -> Iterator[Item]:
    if line.text is None:
        yield Rejected(line.number, line.reason)
        return
    words = line.text.split(maxsplit=1)
    if not words or words[0].startswith("#"):
        return
    reason = ""
    named = kind_named(words[0])
    if named is None:
        reason = f"{spoken(words[0])} is no signal kind known here; a line is a kind, a blank and a value"
    elif len(words) == 1:
        reason = "there is a kind but no value"
    if named is None or reason:
        yield _rejected(line, reason)
        return
    draft = Draft(line.number)
    draft.offer(named, words[1])
    for item in draft.finish():
        yield _rejected(line, item.reason) if isinstance(item, Rejected) else item


def _rejected(line: Line, reason: str) -> Rejected:
    if line.ended:
        return Rejected(line.number, reason)
    return Rejected(line.number, f"{reason}; the file ends within this line, so it may be cut short", fatal=True)


def _write(entries: Iterable[Entry], info: ListInfo, target: BinaryIO) -> Written:
    del info  # this form has no place for it
    ledger = Ledger()
    for entry in entries:
        ledger.entries += 1
        for signal in entry.signals:
            target.write(f"{signal.kind} {kind(signal.kind).format(signal.value)}\n".encode())
            ledger.lose("qualities", signal.quality is not None)
        ledger.lose("which signals belong together", len(entry.signals) > 1)
        ledger.lose("grades", bool(entry.grades))
        ledger.lose("labels", bool(entry.labels))
        ledger.lose("sources", bool(entry.source))
        ledger.lose("times", bool(entry.added or entry.updated))
    return ledger.close()


TEXT = Format(
    "text", "Text, one kind and value a line (python-threatexchange's local_file)", ".txt", _recognise, _read, _write
)
