"""`Source`: a file to import, as a stream of UTF-8 bytes or of numbered lines.

Everything is read in chunks, so memory does not grow with the file.  Gzip is known by its magic bytes (RFC 1952) and
unpacked on the way within a limit; a byte-order mark is taken off, and UTF-16 with one is turned into UTF-8.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

CHUNK = 1 << 16
#: A longer line is rejected by number; the longest honest one holds five hashes and some text.
LINE_LIMIT = 1 << 20
#: Lists are hexadecimal digits and repeated field names: gzip makes them 2 to 30 times smaller, a bomb 1,000 times.
UNPACK_RATIO = 200
UNPACK_FREE = 1 << 24

#: Unpacked bytes taken at a time: where the packed file is damaged, no more than this is lost before the place.
_UNPACK_STEP = 1 << 14

_GZIP = b"\x1f\x8b"
_UTF8_MARK = codecs.BOM_UTF8
_UTF16_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class Torn(Exception):
    """The rest of the file cannot be read; the text says why."""


class Line(NamedTuple):
    """A line with its end, or ``None`` and the reason why; ``ended`` is false for a last line without end."""

    number: int
    text: str | None
    reason: str
    ended: bool


class Source:
    """A file to import.

    ``number`` is the line or record (from 1) that the reader is at; readers keep it, so that a torn file can be
    reported with its place.  ``on_bytes`` is called with the bytes of the file read so far, also where it is packed;
    the figure never falls, and is the file's size at the end.
    """

    def __init__(self, path: Path, on_bytes: Callable[[int], None] | None = None) -> None:
        self.path = path
        self.number = 0
        self._on_bytes = on_bytes
        self._told = 0

    def head(self) -> bytes:
        """Return the beginning of the file as UTF-8, at most one chunk; of a torn file, what there is of it."""
        got = b""
        quiet = Source(self.path)
        try:
            for piece in quiet.utf8():
                got += piece
                if len(got) >= CHUNK:
                    break
        except Torn:
            pass
        return got[:CHUNK]

    def raw(self) -> Iterator[bytes]:
        """Yield the bytes as they are, unpacked if they were gzipped.  Raises `Torn`."""
        chunks = self._file()
        first = next(chunks, b"")
        packed = first.startswith(_GZIP)
        whole = _chain(first, chunks)
        return _unpack(whole) if packed else whole

    def utf8(self) -> Iterator[bytes]:
        """Yield the bytes as UTF-8 without byte-order mark; what cannot be decoded stays so.  Raises `Torn`."""
        chunks = self.raw()
        first = b""
        while len(first) < len(_UTF8_MARK):
            more = next(chunks, b"")
            if not more:
                break
            first += more
        codec = _UTF16_MARKS.get(first[:2])
        if codec is not None:
            yield from _from_utf16(_chain(first[2:], chunks), codec)
            return
        yield from _chain(first.removeprefix(_UTF8_MARK), chunks)

    def lines(self) -> Iterator[Line]:
        r"""Yield the lines, ended by ``\n``, ``\r\n`` or ``\r``; a bad one has a reason and no text.  Raises `Torn`."""
        pending = b""
        too_long = False
        for chunk in self.utf8():
            pieces = (pending + chunk).splitlines(keepends=True)
            # A piece that ends in \r stays too: its \n may be the next chunk's first byte.
            pending = pieces.pop() if pieces and not pieces[-1].endswith(b"\n") else b""
            for piece in pieces:
                self.number += 1
                yield _line(self.number, piece, too_long=too_long)
                too_long = False
            if len(pending) > LINE_LIMIT:
                too_long = True
                pending = pending[-1:]
        if pending or too_long:
            self.number += 1
            yield _line(self.number, pending, too_long=too_long)

    def stream(self) -> Stream:
        """Return the UTF-8 bytes as an object with ``read``, as parsers want it."""
        return Stream(self.utf8())

    def _file(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            place = 0
            while chunk := file.read(CHUNK):
                place += len(chunk)
                if self._on_bytes is not None and place > self._told:
                    self._told = place
                    self._on_bytes(place)
                yield chunk


class Stream:
    """Chunks with a ``read``; ``since`` counts the bytes read since it was last set to 0, for limits on one record."""

    def __init__(self, chunks: Iterator[bytes], limit: int | None = None) -> None:
        self._chunks = chunks
        self._rest = b""
        self.limit = limit
        self.since = 0

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes, nothing only at the end.  Raises `Torn`."""
        if size == 0:
            return b""
        if not self._rest:
            self._rest = next(self._chunks, b"")
        cut = len(self._rest) if size < 0 else size
        got, self._rest = self._rest[:cut], self._rest[cut:]
        self.since += len(got)
        if self.limit is not None and self.since > self.limit:
            raise Torn("a record is longer than any honest one")
        return got


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _line(number: int, piece: bytes, *, too_long: bool) -> Line:
    ended = piece.endswith((b"\n", b"\r"))
    if too_long or len(piece) > LINE_LIMIT:
        return Line(number, None, f"the line is longer than {LINE_LIMIT} bytes", ended)
    try:
        return Line(number, piece.decode(), "", ended)
    except UnicodeDecodeError:
        return Line(number, None, "the line is not text in UTF-8 (or in UTF-16 with a byte-order mark)", ended)


def _from_utf16(chunks: Iterator[bytes], codec: str) -> Iterator[bytes]:
    # "surrogatepass" lets lone surrogates through as bytes that are no UTF-8: the line that holds them is rejected, no
    # other.
    decoder = codecs.getincrementaldecoder(codec)(errors="surrogatepass")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
    try:
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        yield b"\xff"  # half a character at the end


def _unpack(chunks: Iterator[bytes]) -> Iterator[bytes]:
    engine = zlib.decompressobj(wbits=31)
    taken = given = 0
    try:
        for chunk in chunks:
            taken += len(chunk)
            data = chunk
            while data:
                if engine.eof:
                    if not data.strip(b"\0"):
                        break  # padding behind the last member
                    engine = zlib.decompressobj(wbits=31)
                piece = engine.decompress(data, _UNPACK_STEP)
                data = engine.unused_data if engine.eof else engine.unconsumed_tail
                given += len(piece)
                if given > UNPACK_FREE + UNPACK_RATIO * taken:
                    raise Torn(f"the packed file unpacks to more than {UNPACK_RATIO} times its size")
                if piece:
                    yield piece
        rest = engine.flush()
    except zlib.error:
        raise Torn("the packed file is damaged here") from None
    if rest:
        yield rest
    if not engine.eof:
        raise Torn("the packed file ends early")
