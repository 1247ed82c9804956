"""Snapshots of made-up lists."""

from __future__ import annotations

from tutela.engine.snapshot import ListSnapshot, write_snapshot
from tutela.model import Entry, ListInfo, Purpose, Signal


def pdq(*flipped: int) -> bytes:
    """A hash that is fit to be listed, with some of its 256 bits flipped."""
    bits = int.from_bytes(b"\x5a" * 32)
    for bit in flipped:
        bits ^= 1 << bit
    return bits.to_bytes(32)


def written(path, entries, *, name="demo", purpose=Purpose.KNOWN, version=1, **thresholds):
    """Write a list of entries, numbered from 1."""
    info = ListInfo(name, "", purpose, thresholds, version)
    write_snapshot(path, info, enumerate(entries, 1), stamp=f"stamp {version}")
    return path


def opened(path, entries, **more):
    return ListSnapshot.open(written(path, entries, **more))


def near(key: str, *flipped: int, quality: int | None = None) -> Entry:
    return Entry(key, (Signal("pdq", pdq(*flipped), quality),))


def exact(key: str, data: bytes, kind: str = "md5") -> Entry:
    return Entry(key, (Signal(kind, data),))
