"""Entries with made-up signals, and what a snapshot says its list is."""

from __future__ import annotations

import random
from pathlib import Path

from tutela.engine.snapshot import ListSnapshot
from tutela.model import Entry, Grade, Signal

SIZES = {"md5": 16, "sha1": 20, "sha256": 32, "pdq": 32, "photodna": 144}


def value(kind: str, number: int) -> bytes:
    """The same value for the same number, fit to be listed."""
    return random.Random(f"{kind} {number}").randbytes(SIZES[kind])


def signal(kind: str, number: int, quality: int | None = None) -> Signal:
    return Signal(kind, value(kind, number), quality)


def entry(number: int, *kinds: str, key: str = "", grade: str = "", **more: object) -> Entry:
    grades = (Grade("scheme", grade),) if grade else ()
    return Entry(key or f"entry-{number}", tuple(signal(k, number) for k in kinds or ("md5", "pdq")), grades, **more)


def plain(entries):
    """Entries by key, without times, in comparable form."""
    return {
        one.key: (
            frozenset((s.kind, s.value, s.quality) for s in one.signals),
            frozenset(one.grades),
            frozenset(one.labels),
            one.source,
        )
        for one in entries
    }


def listed_in_snapshot(path: Path):
    """What a snapshot holds: {key: {(kind, value)}}."""
    view = ListSnapshot.open(path).view()
    keys = {number: view.entry(number).key for number, _ in view.index.records().items()}
    listed = {key: set() for key in keys.values()}
    for kind in SIZES:
        part = view.index.hamming(kind) if kind == "pdq" else view.index.digests(kind)
        for values, ids in part.live() if part is not None else ():
            for one, number in zip(values, ids, strict=True):
                listed[keys[int(number)]].add((kind, one.tobytes()))
    return listed


def listed_in_store(store, name: str):
    """The same of the store."""
    return {one.key: {(s.kind, s.value) for s in one.signals} for one in store.entries(name)}
