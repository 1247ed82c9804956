"""NCMEC Hash Sharing API v2: one page of entries (``<queryResult>``), as the service answers and public clients read.

**Read.**  ``<image>`` and ``<video>`` are entries, ``<deletedImage>`` and ``<deletedVideo>`` are `Removed`; the key is
the member's number and the entry's id, ``42-image1``, as python-threatexchange keys them.  ``<classification>`` is a
grade of scheme ``ncmec``; the member's name is the source; ``<timestamp>`` is when it was updated; a video bears the
label ``video``.  Fingerprints of kinds not known here (``tmk-pdqf``, ``videntifier``, ...) are counted and said once.
Unknown elements within an entry are passed over; one in place of an entry is rejected.  Feedback is not read.  A page
is a page: ``<paging>`` is not followed.

A document type declaration is refused, so that no entity of a file's own is ever expanded; nesting and the text of an
entry are limited.

**Carried**: everything an entry has, but a signal's frame and orientation.  What the form has no place for (SHA-256,
qualities, labels, further grades, keys that are no member and id, fractions of a second) stands in elements of our own
namespace within the entry, which clients pass over.  The writer keeps the rules that python-threatexchange's client
forces on a server: integer member ids, ``maxTimestamp`` always there and to the second.
"""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO
from xml.parsers import expat

from tutela.exchange.format import Format, Item, Ledger, Written
from tutela.exchange.record import Draft, Skipped, clean, format_time, given_key, kind_named, spoken
from tutela.exchange.source import Source, Torn
from tutela.model import Entry, Grade, ListInfo, Rejected, Removed, Signal
from tutela.signals import kind

_NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"
_OURS = "urn:tutela:entry:1"
_SCHEME = "ncmec"
_VIDEO = "video"
_BLOCKS = frozenset({"images", "videos"})
_DEPTH_LIMIT = 32
_TEXT_LIMIT = 1 << 20
#: NCMEC's names of the kinds, where they differ.
_FINGERPRINTS = {"md5": "md5", "sha1": "sha1", "pdq": "pdq", "photodna": "pdna"}
_MEMBER_KEY = re.compile(r"(\d{1,18})-(\S+)")
_SPOOL = 1 << 20


# ------------------------------------------------------------------------------------------------- reading
@dataclass(slots=True)
class _Node:
    """An element within an entry; ``ours`` if it is of our own namespace."""

    name: str
    attributes: dict[str, str]
    ours: bool = False
    text: str = ""
    children: list[_Node] = field(default_factory=list)

    def child(self, name: str, *, ours: bool = False) -> _Node | None:
        return next((one for one in self.children if one.name == name and one.ours == ours), None)

    def said(self, name: str) -> str:
        found = self.child(name)
        return "" if found is None else found.text.strip()


class _Page:
    """Takes a page's XML and hands over each element that stands in place of an entry, when it is complete."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.DefaultHandler = self._other
        self.ready: list[_Node] = []
        self._quiet = 0  # bytes given since the parser last made something of them
        self._path: list[str] = []
        self._open: list[_Node] = []
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next piece of the file, an empty one at its end.  Raises `expat.ExpatError` and `Torn`."""
        self._quiet += len(chunk)
        self._parser.Parse(chunk, not chunk)
        if self._quiet > _TEXT_LIMIT:  # some releases of expat go over an open tag again with each chunk
            raise Torn("a tag is longer than any honest one")

    def _doctype(self, *_: object) -> None:
        raise Torn("the file declares a document type, which no hash list needs and which can hide an attack")

    def _other(self, text: str) -> None:
        del text  # a comment, or blanks: nothing to take, but the parser goes on
        self._quiet = 0

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._quiet = 0
        space, _, name = tag.rpartition("}")
        if not self._path and name != "queryResult":
            raise Torn(f"the outermost element is {spoken(name)}, not queryResult")
        self._path.append(name)
        if len(self._path) > _DEPTH_LIMIT:
            raise Torn("elements are nested deeper than in any honest page")
        if len(self._path) == 3 and self._path[1] in _BLOCKS:
            self._size = 0
        if len(self._path) >= 3 and self._path[1] in _BLOCKS:
            node = _Node(name, attributes, ours=space == _OURS)
            self._grow(len(tag) + 64 + sum(len(key) + len(value) for key, value in attributes.items()))
            if self._open:
                self._open[-1].children.append(node)
            self._open.append(node)

    def _end(self, tag: str) -> None:
        del tag  # the parser itself checks that it is the open one's
        self._quiet = 0
        self._path.pop()
        if self._open:
            node = self._open.pop()
            if not self._open:
                self.ready.append(node)

    def _text(self, text: str) -> None:
        self._quiet = 0
        if self._open:
            self._grow(len(text))
            self._open[-1].text += text

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > _TEXT_LIMIT:
            raise Torn("an entry is longer than any honest one")


def _recognise(head: str) -> bool:
    return head.lstrip().startswith("<") and re.search(r"<(?:\w+:)?queryResult[\s>/]", head) is not None


def _read(source: Source) -> Iterator[Item]:
    page = _Page()
    skipped = Skipped()
    for chunk in _chunks(source):
        try:
            page.feed(chunk)
        except expat.ExpatError as broken:
            yield from _ready(page, source, skipped)
            source.number += 1
            raise Torn(_reason(broken, at_end=not chunk)) from None
        except (LookupError, ValueError):
            raise Torn("the encoding that it declares is not one that can be read") from None
        except Torn:
            yield from _ready(page, source, skipped)
            source.number += 1
            raise
        yield from _ready(page, source, skipped)
    yield from skipped.told("fingerprints of kinds not known here were left out")


def _chunks(source: Source) -> Iterator[bytes]:
    # Not `utf8`: an XML file says its encoding itself, and the parser goes by that.
    yield from source.raw()
    yield b""


def _reason(broken: expat.ExpatError, *, at_end: bool) -> str:
    if at_end:
        return "the file ends early: its elements are not closed"
    return f"the XML is broken at line {broken.lineno}, and nothing behind it can be read"


def _ready(page: _Page, source: Source, skipped: Skipped) -> Iterator[Item]:
    nodes, page.ready = page.ready, []
    for node in nodes:
        source.number += 1
        if node.name in {"image", "video"}:
            yield from _entry(node, source.number, skipped)
        elif node.name in {"deletedImage", "deletedVideo"}:
            key = _key(node)
            yield Removed(key) if key else Rejected(source.number, "it says neither member nor id")
        else:
            yield Rejected(source.number, f"{spoken(node.name)} stands where an entry should")


def _key(node: _Node) -> str | None:
    own = node.child("key", ours=True)
    if own is not None:
        return given_key(own.text)
    member = node.child("member")
    number, name = (member.attributes.get("id", "").strip() if member else ""), node.said("id")
    return given_key(f"{number}-{name}") if number and name else None


def _entry(node: _Node, number: int, skipped: Skipped) -> Iterator[Item]:
    key = _key(node)
    if key is None:
        yield Rejected(number, "it says neither member nor id")
        return
    draft = Draft(number)
    prints = node.child("fingerprints")
    for one in prints.children if prints else ():
        named = kind_named(one.name)
        if named is None or not one.text.strip():
            skipped.note(number, one.name)
        else:
            draft.offer(named, one.text.strip())
    draft.grade(_SCHEME, node.said("classification"))
    if node.name == _VIDEO:
        draft.label(_VIDEO)
    member = node.child("member")
    draft.say_source(member.text if member else "")
    draft.updated = draft.time(node.said("timestamp"))
    for one in node.children:
        if one.ours:
            _take_ours(draft, one)
    yield from draft.finish(key)


def _take_ours(draft: Draft, node: _Node) -> None:
    if node.name == "signal":
        named = kind_named(node.attributes.get("kind", ""))
        quality = node.attributes.get("quality", "")
        fair = re.fullmatch(r"100|[0-9]{1,2}", quality, re.ASCII)
        if named is not None:
            draft.offer(named, node.text.strip(), int(quality) if fair else None)
    elif node.name == "grade":
        draft.grade(node.attributes.get("scheme", ""), node.attributes.get("code", ""))
    elif node.name == "label":
        draft.label(node.text)
    elif node.name == "source":
        draft.say_source(node.text)
    elif node.name == "added":
        draft.added = draft.time(node.text)
    elif node.name == "updated":
        draft.updated = draft.time(node.text)


# ------------------------------------------------------------------------------------------------- writing
class _Block:
    """One of a page's two blocks, kept aside (in memory, then in an unnamed file) until its count is known."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self.newest: datetime | None = None
        self.body: IO[bytes] = SpooledTemporaryFile(max_size=_SPOOL)  # noqa: SIM115 - closed by copy_to

    def add(self, entry: Entry, xml: str) -> None:
        self.count += 1
        self.body.write(xml.encode())
        time = entry.updated or entry.added
        if time is not None:
            time = time.replace(tzinfo=UTC) if time.tzinfo is None else time
            self.newest = time if self.newest is None else max(self.newest, time)

    def copy_to(self, target: BinaryIO) -> None:
        newest = self.newest or datetime.fromtimestamp(0, UTC)
        target.write(f' <{self.name} count="{self.count}" maxTimestamp="{_second(newest)}">\n'.encode())
        self.body.seek(0)
        shutil.copyfileobj(self.body, target)
        self.body.close()
        target.write(f" </{self.name}>\n".encode())


def _write(entries: Iterable[Entry], info: ListInfo, target: BinaryIO) -> Written:
    ledger = Ledger()
    images, videos = _Block("images"), _Block("videos")
    for entry in entries:
        ledger.entries += 1
        video = _VIDEO in entry.labels
        (videos if video else images).add(entry, _element(entry, "video" if video else "image", info.owner))
    target.write(b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n')
    target.write(f'<queryResult xmlns="{_NAMESPACE}" xmlns:t="{_OURS}">\n'.encode())
    images.copy_to(target)
    videos.copy_to(target)
    target.write(b"</queryResult>\n")
    return ledger.close()


def _element(entry: Entry, name: str, owner: str) -> str:
    parts: list[str] = []
    put = _Putter(parts)
    found = _MEMBER_KEY.fullmatch(entry.key)
    member, own_id = (found[1], found[2]) if found else ("0", entry.key)
    source = entry.source or owner
    put("member", source, id=member)
    if entry.updated is not None:
        put("timestamp", _second(entry.updated))
    put("id", own_id)
    classes = [grade for grade in entry.grades if grade.scheme == _SCHEME]
    if classes:
        put("classification", classes[0].code)
    ours = _put_fingerprints(parts, put, entry.signals)
    if found is None:
        put("t:key", entry.key)
    if source != entry.source:
        put("t:source", entry.source)
    _put_ours(put, entry, ours, classes[:1])
    return f"  <{name}>{''.join(parts)}</{name}>\n"


def _put_ours(put: _Putter, entry: Entry, signals: list[Signal], classified: list[Grade]) -> None:
    for signal in signals:
        quality = {} if signal.quality is None else {"quality": str(signal.quality)}
        put("t:signal", kind(signal.kind).format(signal.value), kind=signal.kind, **quality)
    for grade in entry.grades:
        if grade not in classified:
            put("t:grade", "", scheme=grade.scheme, code=grade.code)
    for label in entry.labels:
        if label != _VIDEO:
            put("t:label", label)
    if entry.added is not None:
        put("t:added", format_time(entry.added))
    if entry.updated is not None and entry.updated.microsecond:
        put("t:updated", format_time(entry.updated))


class _Putter:
    """Appends one element to an entry's XML."""

    def __init__(self, parts: list[str]) -> None:
        self._parts = parts

    def __call__(self, name: str, text: str, **attributes: str) -> None:
        said = "".join(f' {key}="{_escape(value)}"' for key, value in attributes.items())
        self._parts.append(f"<{name}{said}>{_escape(text)}</{name}>")


def _put_fingerprints(parts: list[str], put: _Putter, signals: tuple[Signal, ...]) -> list[Signal]:
    """Put the signals that NCMEC has a name for; return those that need an element of ours as well or instead."""
    ours: list[Signal] = []
    seen: set[str] = set()
    parts.append("<fingerprints>")
    for signal in signals:
        fits = signal.kind in _FINGERPRINTS and signal.kind not in seen
        if fits:
            seen.add(signal.kind)
            put(_FINGERPRINTS[signal.kind], kind(signal.kind).format(signal.value))
        if not fits or signal.quality is not None:
            ours.append(signal)
    parts.append("</fingerprints>")
    return ours


def _escape(text: str) -> str:
    escaped = html.escape(clean(text))
    return escaped.replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#9;")


def _second(time: datetime) -> str:
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


NCMEC = Format("ncmec", "NCMEC hash sharing v2, one page of XML", ".xml", _recognise, _read, _write)
