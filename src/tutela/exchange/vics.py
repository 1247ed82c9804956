r"""VICS-shaped JSON, 1.x and 2.0, as public tools read and write it.

Project VIC gives the data model itself only under agreement: nothing here is certified.

**Shape.**  1.x: ``{"odata.metadata": ".../DataModels/1.2.xml#Media", "value": [...]}``; 2.0: ``{"@odata.context":
".../DataModels/2.0.xml/US/$metadata#Media", "value": [...]}``.  ``#Media`` is a hash set, ``#Cases`` wraps the records
in cases.  A bare array of records is read when the form is named.

**Read.**  The entry's key is made from its MD5, which is VICS's own key (``MediaID`` differs between exporters);
several records of one MD5 have the same key.  ``Category`` becomes a grade whose scheme says whose number it is:
``vics-`` and the country in the envelope (``vics-us``, ``vics-uk``, ``vics-default``, ...), ``vics-1`` for 1.x.
Nothing is guessed from the number: 0 and 5 have swapped meanings in two schemes, and a missing or null one is no
grade.  ``IsPrecategorized`` says nothing (real lists set it on records without category).  ``VictimIdentified``,
``OffenderIdentified``, ``IsDistributed``, ``IsSuspected``, ``SelfGenerated`` become labels where they are true (a
boolean, or the string); ``Series`` and ``Tags`` too.  The source is the first ``RepositoryName``, else
``PrecategorizationSource`` unless it is a path, as one exporter writes.  File names, comments, Exif and segments are
left behind. Broken JSON costs the broken record alone (`tutela.exchange.mend`).

**Carried**: signals (PDQ and SHA-256 in ``AlternativeHashes``), grades (one in ``Category``, others as tags
``tutela-grade:scheme:code``), labels, source, time of update.  **Not carried**: entries without an MD5, keys of the
source, qualities, time of adding.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import BinaryIO, NamedTuple

import ijson

from tutela.exchange.format import Format, Item, Ledger, Written
from tutela.exchange.mend import RECORD_LIMIT, Broken, Cutter, Mended
from tutela.exchange.record import Draft, Skipped, clean, derived_key, format_time, join_texts, kind_named, split_texts
from tutela.exchange.source import Source, Stream, Torn
from tutela.model import Entry, Grade, ListInfo, Rejected, Signal
from tutela.signals import kind

_CONTEXT_1 = re.compile(r"DataModels/1\.\d+\.xml")
_CONTEXT_2 = re.compile(r"DataModels/2\.\d+\.xml(?:/([A-Za-z][A-Za-z0-9-]{0,31})/\$metadata)?")
_HEAD_CONTEXT = re.compile(r'"@?odata\.(?:metadata|context)"\s*:\s*"([^"]*)"')
_CONTEXT_NAMES = frozenset({"odata.metadata", "@odata.metadata", "odata.context", "@odata.context"})
_RECORD_NAMES = frozenset(
    {"MediaID", "MD5", "SHA1", "PhotoDNA", "Category", "MediaSize", "MimeType", "AlternativeHashes"}
)
#: A label for each flag that says something of the picture.
_FLAG_LABELS = {
    "VictimIdentified": "victim-identified",
    "OffenderIdentified": "offender-identified",
    "IsDistributed": "distributed",
    "IsSuspected": "suspected",
    "SelfGenerated": "self-generated",
}
_GRADE_TAG = "tutela-grade:"
_SERIES = "series:"
#: The fields of a record that hold a hash, and how VICS files spell it.
_FIELDS = (("MD5", "md5"), ("SHA1", "sha1"), ("PhotoDNA", "photodna"))
_DIGITS_LIMIT = 200
_LONG_NUMBER = re.compile(rb"[0-9]{%d}" % _DIGITS_LIMIT)
#: More opening brackets than this in a chunk, or open at a time, are no list.
_OPENED_LIMIT = 8_000
#: How many entries are looked at to find the country whose categories an export's envelope names.
_LOOK = 1000


class _Shape(NamedTuple):
    prefix: str  # where ijson finds the records
    scheme: str  # whose categories they bear
    found: bool  # whether there was an envelope or a record


def _version(context: str) -> str:
    if _CONTEXT_2.search(context):
        return "vics-2"
    return "vics-1" if _CONTEXT_1.search(context) else ""


def _recognise(head: str, *, name: str) -> bool:
    context = _HEAD_CONTEXT.search(head)
    return head.lstrip()[:1] == "{" and context is not None and _version(context[1]) == name


def _scheme(context: str, name: str) -> str:
    second = _CONTEXT_2.search(context)
    if second:
        return f"vics-{second[1].lower()}" if second[1] else "vics-2"
    return "vics-1" if _CONTEXT_1.search(context) else name


# ------------------------------------------------------------------------------------------------- reading
def _survey(source: Source, name: str) -> _Shape:
    """Find where the records are and whose categories they bear; the envelope may also stand behind them.

    Stops at broken JSON with what it knows by then.
    """
    context = prefix = ""
    stream = Stream(_harmless(Source(source.path).utf8()), limit=RECORD_LIMIT)
    try:
        for place, event, value in ijson.parse(stream):
            stream.since = 0
            if place in _CONTEXT_NAMES and event == "string":
                context = str(value)
            elif not prefix:
                prefix = _record_prefix(place, event, value)
            if prefix and (context or prefix.startswith("item")):
                break
    except (ijson.JSONError, ValueError, Torn):
        pass
    return _Shape(prefix or "value.item", _scheme(context, name), bool(prefix or context))


def _harmless(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Pass chunks on until one holds what `ijson` must not see; `Cutter` then reads the file in its slower way.

    Its work grows with the square of the depth of brackets, and its compiled parser (yajl2_c of 3.6.0) kills the
    process over an integer of more digits than Python converts (4,300).  Both are looked for within texts too: a false
    alarm only costs time.
    """
    depth = 0
    before = b""
    for chunk in chunks:
        opened = chunk.count(b"[") + chunk.count(b"{")
        depth += opened - chunk.count(b"]") - chunk.count(b"}")
        if opened > _OPENED_LIMIT or depth > _OPENED_LIMIT:
            raise Torn("brackets are nested deeper than in any honest file")
        if _LONG_NUMBER.search(before + chunk):
            raise Torn("a number is longer than any honest one")
        before = (before + chunk)[-_DIGITS_LIMIT:]
        yield chunk


def _record_prefix(place: str, event: str, value: object) -> str:
    if event == "map_key" and place in {"value.item", "item"}:
        if value == "Media":
            return f"{place}.Media.item"
        return place if value in _RECORD_NAMES else ""
    return "Media.item" if event == "start_array" and place == "Media" else ""


def _read(source: Source, *, name: str) -> Iterator[Item]:
    shape = _survey(source, name)
    skipped = Skipped()
    stream = Stream(_harmless(source.utf8()), limit=RECORD_LIMIT)
    try:
        for media in ijson.items(stream, shape.prefix):
            stream.since = 0
            source.number += 1
            yield from _items(source.number, media, shape.scheme, skipped)
    except (ijson.JSONError, ValueError, RecursionError, Torn):
        yield from _read_broken(source, shape.scheme, skipped)
        shape = shape._replace(found=False)
    if source.number == 0 and not shape.found:
        yield Rejected(1, "there are no records where VICS has them", fatal=True)
    yield from skipped.told("hashes of kinds not known here were left out")


def _read_broken(source: Source, scheme: str, skipped: Skipped) -> Iterator[Item]:
    """Read the file anew, record by record, and go on behind those that were read already."""
    done = source.number
    mended = first = 0
    again = Source(source.path)
    source.number = 0
    for record in Cutter(again.utf8()).records():
        source.number += 1
        if source.number <= done:
            continue
        if isinstance(record, Broken):
            yield Rejected(source.number, record.reason, fatal=record.ends)
            continue
        if isinstance(record, Mended):
            mended, first = mended + 1, first or source.number
        media = record.record if isinstance(record, Mended) else record
        yield from _items(source.number, media, scheme, skipped)
    if mended:
        reason = f"{mended} records have a flag whose value is not valid JSON; the flag was left out; first met here"
        yield Rejected(first, reason, partial=True)


def _items(number: int, media: object, scheme: str, skipped: Skipped) -> Iterator[Item]:
    if not isinstance(media, dict):
        yield Rejected(number, "it is not a record but a bare value")
        return
    draft = Draft(number)
    for field, name in _FIELDS:
        value = media.get(field)
        if isinstance(value, str) and value.strip():
            draft.offer(kind(name), value.strip())
        elif value is not None and not isinstance(value, str):
            draft.notes.append(f"{field} is not a text")
    for other in _objects(media.get("AlternativeHashes")):
        _take_alternative(draft, other, skipped)
    _take_category(draft, media.get("Category"), scheme)
    for flag, label in _FLAG_LABELS.items():
        if media.get(flag) is True or _text(media.get(flag)).lower() == "true":
            draft.label(label)
    if _text(media.get("Series")):
        draft.label(_SERIES + _text(media.get("Series")))
    for tag in split_texts(_text(media.get("Tags"))):
        _take_tag(draft, tag)
    draft.say_source(_source(media))
    draft.updated = draft.time(_text(media.get("DateUpdated")))
    yield from draft.finish()


def _take_alternative(draft: Draft, other: dict[str, object], skipped: Skipped) -> None:
    name, value = _text(other.get("HashName")), _text(other.get("HashValue"))
    if not value:
        return
    named = kind_named(name)
    if named is None:
        skipped.note(draft.number, name)
    else:
        draft.offer(named, value)


def _take_category(draft: Draft, category: object, scheme: str) -> None:
    if category is None or isinstance(category, bool):
        return
    code = str(category).strip()
    if re.fullmatch(r"[0-9A-Za-z-]{1,16}", code):
        draft.grade(scheme, code)
    elif code:
        draft.notes.append("a Category that is no number or short word was left out")


def _take_tag(draft: Draft, tag: str) -> None:
    scheme, parted, code = tag.removeprefix(_GRADE_TAG).partition(":")
    if tag.startswith(_GRADE_TAG) and parted:
        draft.grade(scheme.replace("%3A", ":").replace("%25", "%"), code)
    else:
        draft.label(tag)


def _source(media: dict[str, object]) -> str:
    for repository in _objects(media.get("Repositories")):
        if _text(repository.get("RepositoryName")):
            return _text(repository.get("RepositoryName"))
    said = _text(media.get("PrecategorizationSource"))
    return "" if "\\" in said or "/" in said else said


def _objects(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


# ------------------------------------------------------------------------------------------------- writing
def _write(entries: Iterable[Entry], info: ListInfo, target: BinaryIO, *, name: str) -> Written:
    del info  # the envelope names the data model, not the list
    ledger = Ledger()
    stream = iter(entries)
    looked_at = list(islice(stream, _LOOK))
    scheme, envelope = _envelope(looked_at, name)
    target.write(f"{{{envelope},\n".encode() + b'"value":[')
    for entry in chain(looked_at, stream):
        hashes = _hashes(entry)
        if "MD5" not in hashes:
            ledger.lose("entries without an MD5, which VICS needs")
            continue
        target.write(b",\n" if ledger.entries else b"\n")
        ledger.entries += 1
        target.write(json.dumps(_record(entry, hashes, ledger.entries, scheme), ensure_ascii=False).encode())
        ledger.lose("qualities", sum(signal.quality is not None for signal in entry.signals))
        ledger.lose("times of adding", entry.added is not None)
        ledger.lose("keys of the source", entry.key != derived_key(entry.signals))
    target.write(b"\n]}\n")
    return ledger.close()


def _envelope(entries: list[Entry], name: str) -> tuple[str, str]:
    """Return the scheme that ``Category`` is written in, and the envelope that says so."""
    if name == "vics-1":
        return "vics-1", '"odata.metadata":"http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Media"'
    schemes = [grade.scheme for entry in entries for grade in entry.grades]
    countries = (re.fullmatch(r"vics-([a-z][a-z0-9-]{0,31})", scheme) for scheme in schemes)
    country = next((found[1] for found in countries if found), "default")
    spelt = "Default" if country == "default" else country.upper()
    model = f"http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{spelt}/$metadata#Media"
    return f"vics-{country}", f'"@odata.context":"{model}"'


def _hashes(entry: Entry) -> dict[str, Signal]:
    fields: dict[str, Signal] = {}
    names = {name: field for field, name in _FIELDS}
    for signal in entry.signals:
        if signal.kind in names:
            fields.setdefault(names[signal.kind], signal)
    return fields


def _record(entry: Entry, hashes: dict[str, Signal], number: int, scheme: str) -> dict[str, object]:
    md5 = hashes["MD5"].value.hex().upper()
    record: dict[str, object] = {"MediaID": number, "Category": None, "MD5": md5}
    if "SHA1" in hashes:
        record["SHA1"] = hashes["SHA1"].value.hex().upper()
    if "PhotoDNA" in hashes:
        record["PhotoDNA"] = base64.b64encode(hashes["PhotoDNA"].value).decode()
    others = [
        {"MD5": md5, "HashName": signal.kind.upper(), "HashValue": kind(signal.kind).format(signal.value)}
        for signal in entry.signals
        if signal not in hashes.values()
    ]
    if others:
        record["AlternativeHashes"] = others
    code = next((grade.code for grade in entry.grades if grade.scheme == scheme and _is_number(grade.code)), None)
    if code is not None:
        record["Category"] = int(code)
    _put_labels(record, entry, None if code is None else Grade(scheme, code))
    if entry.source:
        record["Repositories"] = [{"MD5": md5, "RepositoryName": clean(entry.source)}]
    if entry.updated is not None:
        record["DateUpdated"] = format_time(entry.updated)
    return record


def _put_labels(record: dict[str, object], entry: Entry, categorised: Grade | None) -> None:
    flags = {label: flag for flag, label in _FLAG_LABELS.items()}
    tags = []
    for label in entry.labels:
        if label in flags:
            record[flags[label]] = "true"
        elif label.startswith(_SERIES) and "Series" not in record:
            record["Series"] = clean(label.removeprefix(_SERIES))
        else:
            tags.append(clean(label))
    tags += [_grade_tag(grade) for grade in entry.grades if grade != categorised]
    if tags:
        record["Tags"] = join_texts(tags)


def _grade_tag(grade: Grade) -> str:
    scheme = grade.scheme.replace("%", "%25").replace(":", "%3A")
    return clean(f"{_GRADE_TAG}{scheme}:{grade.code}")


def _is_number(code: str) -> bool:
    return re.fullmatch(r"0|[1-9][0-9]{0,8}", code) is not None


def _format(name: str, title: str) -> Format:
    return Format(
        name, title, ".json", partial(_recognise, name=name), partial(_read, name=name), partial(_write, name=name)
    )


VICS_1 = _format("vics-1", "VICS-shaped JSON, data model 1.x")
VICS_2 = _format("vics-2", "VICS-shaped JSON, data model 2.0")
