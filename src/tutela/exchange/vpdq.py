"""vPDQ text: ``frame,quality,hash,seconds``, a line a frame, as the reference program writes it.

Read from its public source (``vpdq/cpp/vpdq/cpp/io/vpdqio.cpp``) and its sample hashes.  A file is one video, and
becomes one entry whose signals have times; where the number of the frame falls, another video begins, so that several
files may be read as one.  The reference writes no name: the key is derived from the first hash.

**Carried**: the frames' hashes with quality and time.  **Not carried**: other signals, entries without times, keys,
grades, labels, source, times of listing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import BinaryIO

from tutela.exchange.format import Format, Item, Ledger, Written
from tutela.exchange.record import derived_key
from tutela.exchange.source import Source
from tutela.model import Entry, ListInfo, Rejected, Signal
from tutela.signals import kind

#: A video of more frames than this is cut into several entries: memory stays bounded whatever the file.
MOST_FRAMES = 200_000
#: No video is longer, in seconds.
_LONGEST = 1e7

_LINE = re.compile(r"\s*(\d{1,12})\s*,\s*(\d{1,3})\s*,\s*([0-9A-Fa-f]{64})\s*,\s*(\d{1,9}(?:\.\d{1,9})?)\s*")
_PDQ = kind("pdq")


def _recognise(head: str) -> bool:
    lines = head.split("\n")
    return _LINE.fullmatch(lines[0]) is not None


def _read(source: Source) -> Iterator[Item]:
    frames: list[Signal] = []
    last = -1
    for line in source.lines():
        if line.text is None:
            yield Rejected(line.number, line.reason)
            continue
        if not line.text.strip():
            continue
        found = _LINE.fullmatch(line.text)
        if found is None or int(found[2]) > 100 or not math.isfinite(float(found[4])) or float(found[4]) > _LONGEST:
            yield Rejected(line.number, "it is no line of frame, quality, hash and seconds", fatal=not line.ended)
            continue
        if frames and (int(found[1]) < last or len(frames) >= MOST_FRAMES):
            yield _entry(frames)
            frames = []
        last = int(found[1])
        signal = Signal(_PDQ.name, bytes.fromhex(found[3]), int(found[2]), time=float(found[4]))
        reason = _PDQ.unfit(signal.value)
        if reason is None:
            frames.append(signal)
        else:
            yield Rejected(line.number, f"pdq: {reason} (the rest of the video was taken)", partial=True)
    if frames:
        yield _entry(frames)


def _entry(frames: list[Signal]) -> Entry:
    return Entry(derived_key(replace(signal, time=None) for signal in frames), tuple(frames))


def _write(entries: Iterable[Entry], info: ListInfo, target: BinaryIO) -> Written:
    del info  # this form has no place for it
    ledger = Ledger()
    for entry in entries:
        frames = sorted(
            (signal.time, signal.value, signal.quality)
            for signal in entry.signals
            if signal.kind == _PDQ.name and signal.time is not None
        )
        ledger.lose("other signals", len(entry.signals) - len(frames))
        ledger.lose("grades", bool(entry.grades))
        ledger.lose("labels", bool(entry.labels))
        ledger.lose("sources", bool(entry.source))
        if not frames:
            ledger.lose("entries without times")
            continue
        ledger.entries += 1
        target.writelines(
            f"{number},{100 if quality is None else quality},{value.hex()},{time:.3f}\n".encode()
            for number, (time, value, quality) in enumerate(frames)
        )
    return ledger.close()


VPDQ = Format("vpdq", "vPDQ text, a line a frame of a video", ".vpdq", _recognise, _read, _write)
