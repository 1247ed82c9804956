"""`Source`: the bytes of one content, in memory or behind an open file, and how a content is opened."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self, cast

from tutela.model import Content, Problem, ProblemKind, Signal
from tutela.signals import DigestPass, digests

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: A file up to this size, in bytes, is read once and kept between hashing and decoding; a larger one is read twice.
KEPT = 8 << 20

#: Bytes of the head that `tutela.media.sniff` is shown.
HEAD = 4096

_PIECE = 1 << 20


class Source:
    """The bytes of one content: ``data``, or an open file of ``size`` bytes, of which no more are ever read.

    ``handle`` is closed by `close`.  A file that grows meanwhile is taken as it was when it was opened; a file without
    a size (such as those of ``/proc``) is read to its end, but no further than ``limit`` bytes.
    """

    def __init__(self, data: bytes | None = None, *, handle: int | None = None, size: int = 0, limit: int = 0) -> None:
        self._data = data
        self._handle = handle
        self._end = size or limit
        self._sized = size > 0
        self.size = size if data is None else len(data)

    def digests(self) -> tuple[tuple[Signal, ...], bytes]:
        """Return the digests of all bytes and the first `HEAD` bytes; sets ``size`` to what was there.

        Raises `OSError` if the file cannot be read.
        """
        if self._data is None and self._end <= KEPT:
            self._data = self._read_all()
        if self._data is not None:
            self.size = len(self._data)
            return digests(self._data), self._data[:HEAD]
        running, at, head = DigestPass(), 0, b""
        while piece := self._read(at):
            running.update(piece)
            head = head or piece[:HEAD]
            at += len(piece)
        self.size = at
        return running.signals(), head

    def head(self) -> bytes:
        """Return the first `HEAD` bytes; raises `OSError` if the file cannot be read."""
        return self._data[:HEAD] if self._data is not None else self._read(0)[:HEAD]

    def whole(self) -> bytes:
        """Return all bytes; raises `OSError` if the file cannot be read."""
        if self._data is None:
            self._data = self._read_all()
            self.size = len(self._data)
        return self._data

    def stream(self) -> BinaryIO:
        """Return the bytes as a stream, for one reader at a time; of a file, nothing is kept in memory."""
        if self._data is not None:
            return io.BytesIO(self._data)
        return cast("BinaryIO", _Stream(self))

    def read_at(self, at: int, size: int) -> bytes:
        """Return up to ``size`` bytes from byte ``at`` on; raises `OSError` if the file cannot be read."""
        if self._data is not None:
            return self._data[at : at + size]
        return self._read(at, size) if at < self._end else b""

    def end(self) -> int:
        """Return where reading ends, in bytes."""
        return len(self._data) if self._data is not None else self._end

    def close(self) -> None:
        """Close the file and forget the bytes."""
        self._data = None
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _read_all(self) -> bytes:
        # Where no size is told, room for all that may come is not asked for: mostly nothing comes.
        first = self._read(0, self._end if self._sized else _PIECE)
        if len(first) == self._end or not first:
            return first
        pieces, at = [first], len(first)
        while piece := self._read(at):
            pieces.append(piece)
            at += len(piece)
        return b"".join(pieces)

    def _read(self, at: int, size: int = _PIECE) -> bytes:
        if self._handle is None:
            raise ValueError("this source is closed")
        return os.pread(self._handle, min(size, self._end - at), at)


class _Stream(io.RawIOBase):
    """A source as a file that can be read and seeked in."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        piece = self._source.read_at(self._at, len(view))
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.end()}[whence]
        if start + offset < 0:
            raise OSError("a place before the beginning")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at


def open_file(path: Path) -> tuple[int, int] | Problem:
    """Open a regular file for reading: its handle and its size in bytes, or why not.

    Links are followed.  A folder, pipe, socket or device is refused before it is opened, since opening some of them
    waits or does something; the second look, at what was opened, cannot be raced.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 -- Path.stat is the same, slower
            return _no_file()
        handle = os.open(path, os.O_RDONLY | _OPEN_FLAGS)
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        return unreadable(error)
    try:
        found = os.fstat(handle)
    except OSError as error:
        os.close(handle)
        return unreadable(error)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        return _no_file()
    return handle, found.st_size


def open_source(content: Content, limit: int) -> Source | Problem:
    """Open a content for use in this process; ``limit`` in bytes is for files that tell no size."""
    if content.path is None:
        return Source(content.data)
    opened = open_file(content.path)
    return opened if isinstance(opened, Problem) else Source(handle=opened[0], size=opened[1], limit=limit)


def unreadable(error: OSError | ValueError) -> Problem:
    """Return the problem of a file that could not be opened or read; without its name, which the finding has."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "its name is none"
    return Problem(ProblemKind.UNREADABLE, "file", f"the file could not be read: {reason}")


_OPEN_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)


def _no_file() -> Problem:
    return Problem(ProblemKind.UNREADABLE, "file", "it is a folder, a pipe or a device, not a file")
