"""Records out of JSON that no parser takes whole: each one is cut out by its brackets and read by itself.

Exporters that build JSON by hand leave quotation marks open, values out and files short.  A parser stops at the first
such place, and with it a list of a million records at its third.  Here a record that cannot be read costs itself alone:
after it, cutting goes on where the next record begins, known by the two field names that every record of that file
begins with.

A record is an object in an array named ``value`` or ``Media``, or in an array that is the whole document; one that
holds an array ``Media`` itself is a case around records, not a record.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tutela.exchange.source import Torn

#: A larger record is given up: an honest one, with every file name of a picture in 116 folders, stays under a megabyte.
RECORD_LIMIT = 1 << 24

#: Within a string: runs of plain characters, which a matcher passes without a state for each, between escapes; of
#: these it keeps one each, hence a limit that no honest string meets.
_ESCAPES = rb"{0,10000}"
_STRING_PART = re.compile(rb'[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)' + _ESCAPES)
_TOKEN = re.compile(rb'"' + _STRING_PART.pattern + rb'"|["{}\[\]:]')
_SIMPLE_VALUE = rb'\s*(?:"[^"\\]*(?:\\.[^"\\]*)' + _ESCAPES + rb'"|[^"{}\[\],]*)'
_FIRST_KEYS = re.compile(rb'\{\s*"([\w.@]{1,60})"\s*:' + _SIMPLE_VALUE + rb'\s*,\s*"([\w.@]{1,60})"\s*:')
_USUAL_START = re.compile(rb'\{\s*"MediaID"\s*:')
#: Flags that hand-made exporters write without a proper value; matching needs none of them.
_FLAG = re.compile(
    rb'("(?:IsSuspected|IsDistributed|IsPrecategorized|VictimIdentified|OffenderIdentified|SelfGenerated)"\s*:)'
    rb'([^{}\[\]]*?)(,\s*(?="[\w@.]+"\s*:)|(?="[\w@.]+"\s*:)|(?=\}))'
)
_FLAG_VALUE = re.compile(rb'"(?i:true|false)?"|true|false|null|[01]')
_DEPTH_LIMIT = 500
#: So many bytes show how an object begins.
_BEGIN_SIZE = 300
_ARRAYS = (b'"value"', b'"Media"')


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that could not be read; ``ends`` where the file ends in it, or before its array does."""

    reason: str
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Mended:
    """A record that was read after a flag without proper value was taken out of it."""

    record: object


class _More(Exception):
    """The buffer ends before the next token does."""


class Cutter:
    """Cuts records out of a stream of UTF-8 bytes."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = b""
        self._place = 0
        self._over = False
        self._stack: list[tuple[bytes, bool]] = []  # opening bracket, and whether it is an array of records
        self._start: int | None = None
        self._depth = 0
        self._string = self._name = b""  # the last token if it was a string, and the name that stands before a value
        self._begins = _USUAL_START
        self._knows_begin = False
        self._first = b""  # how the first record begins
        self._torn = ""

    def records(self) -> Iterator[object]:
        """Yield each record as `json` reads it, or `Mended`, or `Broken`."""
        while True:
            try:
                found = self._step()
            except _More:
                if not self._over:
                    if self._start is not None and len(self._buffer) - self._start > RECORD_LIMIT:
                        yield from self._give_up()
                    self._refill()
                    continue
                if self._start is None and not self._stack:
                    if self._torn:
                        yield Broken(self._torn, ends=True)
                    return
                yield from self._end()
                continue
            if found is not None:
                yield from self._take(found)

    # ------------------------------------------------------------------------------------- finding brackets
    def _refill(self) -> None:
        keep = self._place if self._start is None else self._start
        self._buffer = self._buffer[keep:]
        self._place -= keep
        if self._start is not None:
            self._start -= keep
        # Read as much again as there is, so that a long record is not copied once for each chunk.
        wanted = max(1, len(self._buffer))
        pieces = [self._buffer]
        while wanted > 0:
            piece = self._next()
            if not piece:
                self._over = True
                break
            pieces.append(piece)
            wanted -= len(piece)
        self._buffer = b"".join(pieces)

    def _next(self) -> bytes:
        try:
            return next(self._chunks, b"")
        except Torn as torn:  # what was read before it is still to be looked at
            self._torn = str(torn)
            return b""

    def _early(self) -> str:
        said, self._torn = self._torn or "the file ends early", ""
        return said

    def _step(self) -> int | None:
        """Go over one token; return the end of a record if it was its last bracket."""
        token = _TOKEN.search(self._buffer, self._place)
        if token is None:
            self._place = len(self._buffer)
            raise _More
        text = token.group()
        if text[:1] in {b'"', b":", b"["} and self._start is None and self._stack and self._stack[-1][1]:
            # Between two records stands nothing of the sort: it is what a record without its beginning looks like.
            self._start, self._depth = token.start(), len(self._stack)
            return token.start()
        if text == b'"':
            self._broken_string(token.end())
            return None
        self._place = token.end()
        name, self._name = self._name, self._string if text == b":" else b""
        self._string = text if text.startswith(b'"') else b""
        if text in {b"{", b"["}:
            if text == b"{" and self._start is not None and self._begins_at(token.start()):
                return self._start  # a record begins within a record: the outer one lacks its end
            self._open(text, name, token.start())
        elif text in {b"}", b"]"}:
            return self._close(text, token.end())
        return None

    def _broken_string(self, inside: int) -> None:
        part = _STRING_PART.match(self._buffer, inside)
        stop = part.end() if part else inside
        if stop >= len(self._buffer) - 1 and not self._over:
            raise _More
        self._place = max(inside, stop)  # it ends at the control character that may not be in it

    def _open(self, bracket: bytes, name: bytes, place: int) -> None:
        array_of_records = bracket == b"[" and (name in _ARRAYS or not self._stack)
        if self._start is None:
            # A record may also begin where no list is open: a bracket that should not be there has closed it.
            listed = bool(self._stack) and self._stack[-1][1]
            if bracket == b"{" and (listed or self._begins_at(place)):
                self._start, self._depth = place, len(self._stack)
        elif array_of_records and name == _ARRAYS[1] and len(self._stack) == self._depth + 1:
            self._start = None  # a case around records
        if len(self._stack) < _DEPTH_LIMIT:  # beyond it the brackets cannot match, and the record is broken
            self._stack.append((bracket, array_of_records))

    def _begins_at(self, place: int) -> bool:
        """Say whether a record begins at this bracket, which is not where one should."""
        if len(self._buffer) - place < _BEGIN_SIZE and not self._over:
            self._place = place
            raise _More
        return self._begins.match(self._buffer, place) is not None

    def _close(self, bracket: bytes, end: int) -> int | None:
        opened = self._stack[-1][0] if self._stack else b""
        if opened + bracket not in {b"{}", b"[]"}:
            # Outside of records a stray bracket is passed over; in one, it shows that the record is broken.
            return end if self._start is not None else None
        self._stack.pop()
        return end if self._start is not None and len(self._stack) == self._depth else None

    # ------------------------------------------------------------------------------------- reading records
    def _take(self, end: int) -> Iterator[object]:
        """Yield the record that ends at ``end``; a broken one is cut where another seems to begin within it."""
        start = self._start or 0
        text = self._buffer[start:end]
        record = _parse(text)
        self._learn(text, sound=isinstance(record, dict))
        whole = text.endswith(b"}") and len(self._stack) == self._depth
        if isinstance(record, Broken) and (not whole or self._begins.search(text, 1)):
            yield from self._give_up()
            return
        self._leave()
        yield record

    def _learn(self, text: bytes, *, sound: bool) -> None:
        """Learn how this file's records begin; from a broken one only until there is a sound one."""
        keys = None if self._knows_begin else _FIRST_KEYS.match(text)
        if keys is None or (sound and _USUAL_START.match(self._first) and not _USUAL_START.match(text)):
            return  # the second: an object out of a broken record, taken for a record
        self._first = self._first or text[:_BEGIN_SIZE]
        # Two names, since the objects within a record may begin with the same first one (MD5, mostly).
        first, second = re.escape(keys[1]), re.escape(keys[2])
        begin = rb'"' + first + rb'"\s*:' + _SIMPLE_VALUE + rb'\s*,\s*"' + second + rb'"\s*:'
        self._begins = re.compile(rb'\{\s*(?:"MediaID"\s*:|' + begin + rb")")
        self._knows_begin = sound

    def _leave(self) -> None:
        self._start = None
        del self._stack[self._depth :]

    def _give_up(self) -> Iterator[object]:
        """Give up the open record, go on at the next one's beginning, and yield what the given-up text still says."""
        start = self._start or 0
        self._learn(self._buffer[start : start + 4096], sound=False)
        too_long = False
        while (begin := self._begins.search(self._buffer, start + 1)) is None:
            if self._over:
                yield self._tail(self._buffer[start:])
                self._place = len(self._buffer)
                self._start = None
                self._stack.clear()
                return
            if len(self._buffer) - start > RECORD_LIMIT:
                too_long = True
                start = self._start = len(self._buffer) - 1000
            self._refill()
            start = self._start or 0
        self._leave()
        self._place = begin.start()
        self._string = self._name = b""
        text = self._buffer[start : begin.start()].rstrip(b", \r\n\t")
        yield Broken("it is longer than any honest record") if too_long else _parse(text)

    def _end(self) -> Iterator[object]:
        """Yield what is to be said at the end of the file; an open record may hold the beginning of others."""
        if self._start is not None:
            yield from self._give_up()
        elif self._stack:
            yield Broken(f"{self._early()}: its list is not closed", ends=True)
            self._stack.clear()

    def _tail(self, text: bytes) -> object:
        """Return the last record of a file, whose end nothing marks."""
        for _ in range(6):
            text = text.rstrip()
            record = _parse(text)
            if not isinstance(record, Broken):
                return record
            text = text[:-1]
        return Broken(f"{self._early()}, within this record", ends=True)


def _parse(text: bytes) -> object:
    """Return the record, `Mended` or `Broken`; reasons never hold any of the text."""
    try:
        return json.loads(text, strict=False)
    except UnicodeDecodeError:
        return Broken("it holds bytes that are not UTF-8")
    except (ValueError, RecursionError):
        pass
    try:
        return Mended(json.loads(_FLAG.sub(_without_bad_flag, text), strict=False))
    except (ValueError, RecursionError):
        return Broken("it is not valid JSON")


def _without_bad_flag(found: re.Match[bytes]) -> bytes:
    name, value, rest = found.groups()
    kept = value.strip() if _FLAG_VALUE.fullmatch(value.strip()) else b"null"
    last = not rest and found.string[found.end() : found.end() + 1] == b"}"
    return bytes(name + kept + (b"" if last else b","))
