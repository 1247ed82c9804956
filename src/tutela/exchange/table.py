r"""CSV with a header line (RFC 4180), as written here, by spreadsheets, and as INTERPOL's ICSE hash export.

**Read.**  The columns are found by the header, in any order, by these names (case, blanks and punctuation do not
matter): a signal kind (several values in a cell stand apart by blanks); ``quality`` or ``<kind>_quality`` (side by side
with the values, ``-`` for none); ``key`` or ``id``; ``grade_scheme`` with ``grade_code``; ``labels`` or ``tags``;
``source``; ``added``; ``updated``.  Several grades or labels in a cell are parted by ``|`` (``\|`` for the sign
itself).  Cells are parted by comma, semicolon or tab, whichever explains the header best; Excel's ``sep=;`` line is
understood.  Unknown columns are left out with one note.  A code without scheme is no grade.

**ICSE** (``MD5;SHA1;PhotoDNA;Image ID;Is distributed;...;Baseline``, the columns as IPED reads them): ``Image ID`` is
the key, ``Baseline`` the code of scheme ``icse-baseline``, the three yes/no columns and ``Series name`` become labels.

**Carried**: everything an entry has, but a signal's frame and orientation and the blanks around a text.  A cell that a
spreadsheet would run as a formula is written behind an apostrophe, which the reader takes off again.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO, NamedTuple

from tutela.exchange.format import Format, Item, Ledger, Written
from tutela.exchange.record import (
    Draft,
    clean,
    format_time,
    given_key,
    join_texts,
    kind_named,
    plain,
    split_texts,
    spoken,
)
from tutela.exchange.source import Line, Source
from tutela.model import Entry, ListInfo, Rejected, Signal
from tutela.signals import SignalKind, kinds

_DELIMITERS = ",;\t"
#: How many lines one record may run over; a stray quotation mark costs no more than its own line.
_RECORD_LINES = 50
_FORMULA = tuple("=+-@\t\r")
_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_BASELINE_SCHEME = "icse-baseline"
_YES = frozenset({"1", "true", "yes", "y"})

#: Role of a column by its plain name, where it is no signal kind.
_ROLES = {
    "key": "key",
    "id": "key",
    "entryid": "key",
    "imageid": "key",
    "gradescheme": "scheme",
    "scheme": "scheme",
    "gradecode": "code",
    "code": "code",
    "grade": "code",
    "labels": "labels",
    "label": "labels",
    "tags": "labels",
    "source": "source",
    "added": "added",
    "updated": "updated",
    "dateupdated": "updated",
    "baseline": "baseline",
    "seriesname": "series",
    "isdistributed": "distributed",
    "victimidentified": "victim-identified",
    "offenderidentified": "offender-identified",
    # Known, and of no use to matching: passed over without a note.
    "numberofsubmissions": "",
    "fileavailable": "",
    "mediatype": "",
}
_FLAGS = ("distributed", "victim-identified", "offender-identified")


class _Header(NamedTuple):
    delimiter: str
    width: int
    values: dict[str, list[int]]  # kind name -> its columns
    qualities: dict[str, int]  # kind name -> its quality column
    roles: dict[str, int]
    unknown: list[str]


class _Row(NamedTuple):
    number: int
    cells: list[str]
    reason: str
    ended: bool


def _quality_kinds() -> list[SignalKind]:
    return [kind for kind in kinds() if kind.source == "frame"]


def _header(line: str, delimiter: str) -> _Header:
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:  # a cell beyond the module's limit of 128 Ki characters: no honest header has one
        cells = []
    header = _Header(delimiter, len(cells), {}, {}, {}, [])
    for place, cell in enumerate(cells):
        name = plain(cell)
        kind = kind_named(cell)
        measured = _measured(name)
        if kind is not None:
            header.values.setdefault(kind.name, []).append(place)
        elif measured is not None:
            header.qualities.setdefault(measured.name, place)
        elif name in _ROLES:
            header.roles.setdefault(_ROLES[name], place)
        elif name:
            header.unknown.append(cell.strip())
    return header


def _measured(name: str) -> SignalKind | None:
    if not name.endswith("quality"):
        return None
    wanted = name.removesuffix("quality")
    return next((kind for kind in _quality_kinds() if wanted in {"", plain(kind.name)}), None)


def _best_header(line: str) -> _Header:
    found = [_header(line, delimiter) for delimiter in _DELIMITERS]
    return max(found, key=lambda header: (len(header.values), len(header.roles), header.width))


def _recognise(head: str) -> bool:
    lines = [line for line in head.splitlines() if line.strip()]
    if lines and _SEPARATOR_LINE.fullmatch(lines[0]):
        del lines[0]
    return bool(lines) and bool(_best_header(lines[0]).values)


# ------------------------------------------------------------------------------------------------- reading
class _Lines:
    """Lines of a source that can be given back."""

    def __init__(self, source: Source) -> None:
        self._lines = source.lines()
        self._back: list[Line] = []

    def next(self) -> Line | None:
        return self._back.pop() if self._back else next(self._lines, None)

    def give_back(self, lines: Sequence[Line]) -> None:
        self._back.extend(reversed(lines))


def _read(source: Source) -> Iterator[Item]:
    lines = _Lines(source)
    header: _Header | None = None
    while header is None:
        line = lines.next()
        if line is None:
            yield Rejected(1, "the file is empty: there is no header", fatal=True)
            return
        if line.text is not None and (not line.text.strip() or _SEPARATOR_LINE.fullmatch(line.text)):
            continue
        header = _best_header(line.text or "")
        if not header.values:
            yield Rejected(line.number, line.reason or "the header names no signal kind", fatal=True)
            return
        if header.unknown:
            names = ", ".join(spoken(name) for name in header.unknown[:20])
            yield Rejected(line.number, f"these columns are not known here and are left out: {names}", partial=True)
    for row in _rows(lines, header):
        yield from _items(row, header)


def _rows(lines: _Lines, header: _Header) -> Iterator[_Row]:
    while (line := lines.next()) is not None:
        if line.text is None:
            yield _Row(line.number, [], line.reason, line.ended)
        elif '"' not in line.text:
            if line.text.strip():
                yield _Row(line.number, line.text.rstrip("\r\n").split(header.delimiter), "", line.ended)
        else:
            yield _quoted(line, lines, header)


def _quoted(line: Line, lines: _Lines, header: _Header) -> _Row:
    """Return the row that begins with ``line``, which holds quotation marks and may run over several lines."""
    taken = [line]
    marks = (line.text or "").count('"')
    while marks % 2 and len(taken) < _RECORD_LINES:
        more = lines.next()
        if more is None:
            break
        taken.append(more)
        if more.text is None:
            break
        marks += more.text.count('"')
    cells = _parse([one.text or "" for one in taken], header.delimiter) if marks % 2 == 0 else None
    if cells is not None:
        return _Row(line.number, cells, "", taken[-1].ended)
    # The mark was not the opening of a cell over several lines: the line stands alone, and the others are read anew.
    lines.give_back(taken[1:])
    alone = _parse([line.text or ""], header.delimiter)
    if alone is not None and len(alone) == header.width:
        return _Row(line.number, alone, "", line.ended)
    return _Row(line.number, [], "a quotation mark is opened and not closed, or stands where none may", line.ended)


def _parse(texts: list[str], delimiter: str) -> list[str] | None:
    try:
        rows = list(csv.reader(texts, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _items(row: _Row, header: _Header) -> Iterator[Item]:
    reason = row.reason
    cells = [cell.strip() for cell in row.cells]
    if not reason and len(cells) != header.width and any(cells[header.width :] or [len(cells) < header.width]):
        reason = f"it has {len(cells)} cells where the header has {header.width}"
    if reason:
        yield _rejected(row, reason)
        return
    if not any(cells):
        return
    draft = Draft(row.number)
    _take_signals(draft, cells, header)
    _take_rest(draft, cells, header)
    if not row.ended and not any(header.width - 1 in places for places in header.values.values()):
        # A hash that was cut would not have its length; a text or a time may.
        draft.notes.append("the file ends within this line, so its last cell may be cut short")
    for item in draft.finish(given_key(_cell(cells, header, "key"))):
        if isinstance(item, Rejected) and not item.partial:
            yield _rejected(row, item.reason)
        else:
            yield item


def _rejected(row: _Row, reason: str) -> Rejected:
    if row.ended:
        return Rejected(row.number, reason)
    return Rejected(row.number, f"{reason}; the file ends within this line, so it may be cut short", fatal=True)


def _take_signals(draft: Draft, cells: list[str], header: _Header) -> None:
    for kind in kinds():
        values = [value for place in header.values.get(kind.name, ()) for value in cells[place].split()]
        qualities = cells[header.qualities[kind.name]].split() if kind.name in header.qualities else []
        if qualities and len(qualities) != len(values):
            draft.notes.append(f"{kind.name}: {len(qualities)} qualities stand beside {len(values)} values; left out")
            qualities = []
        for place, value in enumerate(values):
            draft.offer(kind, value, _quality(draft, qualities[place]) if qualities else None)


def _quality(draft: Draft, text: str) -> int | None:
    if text == "-":
        return None
    if text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= 100:
        return int(text)
    draft.notes.append("a quality that is no whole number from 0 to 100 was left out")
    return None


def _take_rest(draft: Draft, cells: list[str], header: _Header) -> None:
    schemes = split_texts(_cell(cells, header, "scheme"))
    codes = split_texts(_cell(cells, header, "code"))
    for place, code in enumerate(codes):
        draft.grade(schemes[place] if place < len(schemes) else "", code)
    draft.grade(_BASELINE_SCHEME, _cell(cells, header, "baseline"))
    for label in split_texts(_cell(cells, header, "labels")):
        draft.label(label)
    for flag in _FLAGS:
        if _cell(cells, header, flag).lower() in _YES:
            draft.label(flag)
    series = _cell(cells, header, "series")
    if series:
        draft.label(f"series:{series}")
    draft.say_source(_cell(cells, header, "source"))
    draft.added = draft.time(_cell(cells, header, "added"))
    draft.updated = draft.time(_cell(cells, header, "updated"))


def _cell(cells: list[str], header: _Header, role: str) -> str:
    place = header.roles.get(role)
    return "" if place is None else _unguarded(cells[place])


# ------------------------------------------------------------------------------------------------- writing
def _guarded(text: str) -> str:
    text = clean(text).strip()
    return "'" + text if text.startswith((*_FORMULA, "'")) else text


def _unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith((*_FORMULA, "'")) else text


class _Encoded:
    """A binary target as the text target that `csv` wants; a wrapper of `io` would close it."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target

    def write(self, text: str) -> int:
        return self._target.write(text.encode())


_TEXT_COLUMNS: tuple[tuple[str, Callable[[Entry], str]], ...] = (
    ("grade_scheme", lambda entry: join_texts(grade.scheme for grade in entry.grades)),
    ("grade_code", lambda entry: join_texts(grade.code for grade in entry.grades)),
    ("labels", lambda entry: join_texts(entry.labels)),
    ("source", lambda entry: entry.source),
    ("added", lambda entry: format_time(entry.added) if entry.added else ""),
    ("updated", lambda entry: format_time(entry.updated) if entry.updated else ""),
)


def _write(entries: Iterable[Entry], info: ListInfo, target: BinaryIO) -> Written:
    del info  # a CSV has no place for the list's own particulars
    ledger = Ledger()
    measured = [kind.name for kind in _quality_kinds()]
    # RFC 4180's line end, which also makes the csv module put a lone \r within a cell into quotation marks.
    writer = csv.writer(_Encoded(target), lineterminator="\r\n")
    names = [kind.name for kind in kinds()]
    writer.writerow(["key", *names, *(f"{name}_quality" for name in measured), *(name for name, _ in _TEXT_COLUMNS)])
    for entry in entries:
        ledger.entries += 1
        of_kind = {name: [one for one in entry.signals if one.kind == name] for name in names}
        ledger.lose("qualities", sum(one.quality is not None for one in entry.signals if one.kind not in measured))
        values = [" ".join(kind.format(one.value) for one in of_kind[kind.name]) for kind in kinds()]
        qualities = [_qualities(of_kind[name]) for name in measured]
        texts = [_guarded(text(entry)) for _, text in _TEXT_COLUMNS]
        writer.writerow([_guarded(entry.key), *values, *qualities, *texts])
    return ledger.close()


def _qualities(signals: list[Signal]) -> str:
    if all(one.quality is None for one in signals):
        return ""
    return " ".join("-" if one.quality is None else str(one.quality) for one in signals)


CSV = Format("csv", "CSV with a header line", ".csv", _recognise, _read, _write)
