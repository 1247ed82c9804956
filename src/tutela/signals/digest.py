"""Cryptographic digests of the bytes: ``md5``, ``sha1``, ``sha256``, all three in one pass."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from tutela.model import Signal, Threshold
from tutela.signals.kind import Measure, SignalKind, Source

#: Bytes hashed by one algorithm before the next sees them: they stay in the processor's first cache.
CHUNK = 32 * 1024


@dataclass(frozen=True, slots=True)
class DigestKind(SignalKind):
    """A digest known to `hashlib`; the digest of no bytes at all is unfit for any list."""

    empty: bytes = field(default=b"", repr=False)

    def unfit(self, value: bytes) -> str | None:
        """Return a reason for the digest of the empty file, which every system stores somewhere and nobody means."""
        return "it is the digest of the empty file" if value == self.empty else None


def _kind(name: str) -> DigestKind:
    empty = hashlib.new(name, b"", usedforsecurity=False).digest()
    return DigestKind(name, len(empty), Measure.EXACT, Source.BYTES, Threshold(0), empty)


MD5 = _kind("md5")
SHA1 = _kind("sha1")
SHA256 = _kind("sha256")


class DigestPass:
    """The three digests of bytes that come piece by piece."""

    def __init__(self) -> None:
        self._running = [(kind, hashlib.new(kind.name, usedforsecurity=False)) for kind in (MD5, SHA1, SHA256)]

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next piece."""
        view = memoryview(data)
        for start in range(0, len(view), CHUNK):
            piece = view[start : start + CHUNK]
            for _, running in self._running:
                running.update(piece)

    def signals(self) -> tuple[Signal, ...]:
        """Return the digests of everything taken so far: md5, sha1, sha256."""
        return tuple(Signal(kind.name, running.digest()) for kind, running in self._running)


def digests(data: bytes | bytearray | memoryview) -> tuple[Signal, ...]:
    """Return the md5, sha1 and sha256 signals of ``data``."""
    running = DigestPass()
    running.update(data)
    return running.signals()


def digests_of_stream(read: Callable[[int], bytes]) -> tuple[tuple[Signal, ...], int]:
    """Return the digests and the number of bytes of a stream, given its ``read(size)``; memory stays flat."""
    running, size = DigestPass(), 0
    while piece := read(1 << 20):
        running.update(piece)
        size += len(piece)
    return running.signals(), size
