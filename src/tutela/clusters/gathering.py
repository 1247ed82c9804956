"""`Gathered`: the PDQ hashes of findings as arrays to cluster, and where each was taken from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tutela.clusters.batch import QUALITY
from tutela.model import Finding, Orientation
from tutela.signals import PDQ


@dataclass(frozen=True, slots=True)
class Cell:
    """Which cell of a sheet: the ``order``-th of ``count`` in reading order, from 1; the sheet's frame and layout."""

    order: int
    count: int
    sheet: int
    layout: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a hash was taken from.

    ``file`` is the number of its finding, in the order in which they came, and ``name`` that finding's; ``frame`` and
    ``time`` (seconds) say where in the file, ``time`` of a cell that of its sheet; ``first`` whether that is the frame
    that the file's thumbnail shows.  ``unfit`` says why no decision may rest on the hash, ``None`` if one may; ``cell``
    which cell of a sheet it is of, ``None`` for a frame of its own.
    """

    name: str
    file: int
    frame: int | None = None
    time: float | None = None
    first: bool = False
    unfit: str | None = None
    cell: Cell | None = None


class Gathered:
    """The PDQ hashes of findings, a row each; ``quality`` is what one needs for a decision to rest on it."""

    def __init__(self, quality: int = QUALITY) -> None:
        self._quality = quality
        self._names: list[str] = []
        self._firsts: list[int] = []
        self._codes = bytearray()
        self._places: list[tuple[int, int | None, float | None]] = []  # file, frame, seconds
        self._unfit: dict[int, str] = {}
        self._cells: dict[int, Cell] = {}

    def __len__(self) -> int:
        return len(self._places)

    def add(self, finding: Finding) -> int | None:
        """Take the hash of each frame, of the picture as it lies; of several variants of a frame, the first.

        Returns the file's number, ``None`` if there was no hash to take.
        """
        file = len(self._names)
        times = {frame.number: frame.time for frame in finding.frames}
        for frame in finding.frames:
            if frame.parent is not None:
                times[frame.number] = times.get(frame.parent)
        cells = _cells(finding)
        seen = set()
        for signal in finding.signals:
            if signal.kind != PDQ.name or signal.orientation is not Orientation.ORIGINAL or signal.frame in seen:
                continue
            seen.add(signal.frame)
            if signal.unfit is not None:
                self._unfit[len(self._places)] = signal.unfit
            elif signal.quality is not None and signal.quality < self._quality:
                self._unfit[len(self._places)] = f"quality {signal.quality}"
            if signal.frame in cells:
                self._cells[len(self._places)] = cells[signal.frame]
            time = times.get(signal.frame or 0) if signal.time is None else signal.time
            self._places.append((file, signal.frame, time))
            self._codes += signal.value
        self._names.append(finding.name if seen else "")
        self._firsts.append(finding.frames[0].number if finding.frames else 0)
        return file if seen else None

    def codes(self) -> npt.NDArray[np.uint8]:
        """Return the hashes, uint8 [n, 32]."""
        return np.frombuffer(bytes(self._codes), np.uint8).reshape(-1, 32)

    def good(self) -> npt.NDArray[np.bool_]:
        """Return for each hash whether a decision may rest on it, bool [n]."""
        flags = np.ones(len(self), np.bool_)
        flags[list(self._unfit)] = False
        return flags

    def order(self) -> npt.NDArray[np.int64]:
        """Return each hash's place in time, int64 [n]: by file as they came, then by moment, then by frame."""
        keys = [(file, -1.0 if time is None else time, frame or 0) for file, frame, time in self._places]
        place = np.empty(len(keys), np.int64)
        place[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
        return place

    def place(self, row: int) -> Place:
        """Return where a row was taken from."""
        file, frame, time = self._places[row]
        first = self._firsts[file] == (frame or 0)
        return Place(self._names[file], file, frame, time, first, self._unfit.get(row), self._cells.get(row))


def _cells(finding: Finding) -> dict[int | None, Cell]:
    """Return the cells of a content's sheets by the numbers of their frames."""
    layouts = {frame.number: frame.layout for frame in finding.frames}
    below: defaultdict[int, list[int]] = defaultdict(list)
    for frame in finding.frames:
        if frame.parent is not None:
            below[frame.parent].append(frame.number)
    return {
        number: Cell(order, len(numbers), sheet, layouts.get(sheet))
        for sheet, numbers in below.items()
        for order, number in enumerate(sorted(numbers), 1)
    }
