"""Contact sheets on their way through the engine: which frames are sheets, and the frames of their cells.

A sheet's own perceptual hash never decides alone, since sheets collide: it is marked unfit, and its cells are frames of
their own beside it (`tutela.engine.matching` asks whether they agree).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from tutela.grids import Separation, cells_of, separate, variants
from tutela.grids.cutting import scaled
from tutela.grids.separation import LONGEST_SIDE, luma
from tutela.model import Frame, Limits, Pixels, Problem, ProblemKind, Signal, Unhashable
from tutela.signals import frame_signals

#: Why the hash of a whole sheet must not decide a near match.
SHEET = "sheet"

#: From this confidence on, a sheet's own hash is unfit.  Below, the picture may be a single one after all: its hash
#: stays, and its cells are looked at beside it.
SURE = 0.9

#: Cells of one content that are looked at; a sheet of 20 x 20 has 400.
MOST_CELLS = 2048

#: Frames of one content that are looked at for cells: pages, not the pictures of an animation (of which the first ones
#: are looked at, and nothing is told of the others: every longer animation would have a problem).
MOST_SHEETS = 16

#: JPEG files are decoded so that the shorter side stays at least this long, in pixels, where cells are looked for.
SHORTER_SIDE = 640

#: Longest side, in pixels, of which the kernel makes brightness.
LONGEST_LUMA = 65_535


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is known of a frame that is a sheet; ``unfit`` says why its own hash must not decide, if it must not."""

    layout: str
    confidence: float
    unfit: str | None


class Sheets:
    """The sheets among the frames of one content; their cells are numbered after all of its frames.

    Sheets of more than ``most_pixels`` pixels together are not cut, since they are held until the last frame is seen.
    """

    def __init__(self, report: Callable[[Problem], None], most_pixels: int = Limits().max_pixels) -> None:
        self._report = report
        self._told: set[str] = set()
        self._looked = 0
        self._cells = 0
        self._pixels = most_pixels
        self._found: list[tuple[Frame, Separation]] = []

    def look(self, frame: Frame) -> Sheet | None:
        """Return what kind of sheet a frame is, ``None`` for a single picture, and keep its cells for `cells`."""
        self._looked += 1
        if self._looked > MOST_SHEETS:
            if frame.time is None:
                self._limit(frame, f"more than {MOST_SHEETS} pages; the others were not looked at for cells")
            return None
        found = separate(_looked_at(frame))
        if not found.is_grid:
            return None
        if frame.width * frame.height > self._pixels:
            self._limit(frame, "contact sheets of more pixels than the limit of one picture; the rest was not cut")
            return _sheet(found)
        whole, found = _whole(frame, found)
        sheet = _sheet(found)
        if self._cells + len(found.cells) > MOST_CELLS:
            self._limit(frame, f"more cells of contact sheets than the limit of {MOST_CELLS}; the rest was left out")
            found = replace(found, cells=found.cells[: MOST_CELLS - self._cells])
        if found.cells:
            self._cells += len(found.cells)
            self._pixels -= frame.width * frame.height
            self._found.append((whole, found))
        return sheet

    def cells(self, first: int) -> Iterator[Frame]:
        """Yield the cells of all sheets, numbered from ``first``; each is cut when it is asked for."""
        for frame, found in self._found:
            upright = replace(frame, pixels=frame.upright(), exif_orientation=1)
            for box in found.cells:
                for cell in cells_of(upright, replace(found, cells=(box,)), first):
                    first = cell.number + 1
                    yield cell

    def _limit(self, frame: Frame, text: str) -> None:
        """Report a limit, once for all frames that meet it."""
        if text not in self._told:
            self._told.add(text)
            self._report(Problem(ProblemKind.LIMIT, f"frame {frame.number}", text))


def _sheet(found: Separation) -> Sheet:
    return Sheet(found.layout, found.confidence, SHEET if found.confidence >= SURE else None)


def cell_signals(cell: Frame, *, orientations: bool) -> list[Signal | Unhashable]:
    """Return the hashes of a cell: of its box, and of other ways to cut it where those differ."""
    found = frame_signals(cell, orientations=orientations)
    values = {signal.value for signal in found if isinstance(signal, Signal)}
    for other in variants(cell):
        for signal in frame_signals(other, orientations=orientations):
            if isinstance(signal, Signal) and signal.value not in values:
                values.add(signal.value)
                found.append(signal)
    return found


def _whole(frame: Frame, found: Separation) -> tuple[Frame, Separation]:
    """Return the frame at full size and its cells there: on a reduced picture borders are known too coarsely."""
    if frame.reduction == 1:
        return frame, found
    whole = frame.exact() if frame.exact is not None else None
    if whole is None:
        pixels = np.repeat(np.repeat(frame.pixels, frame.reduction, axis=0), frame.reduction, axis=1)
        return replace(frame, pixels=pixels, exact=None), scaled(found, frame.reduction)
    again = separate(_looked_at(whole))
    return whole, again if again.is_grid else scaled(found, frame.reduction)


def _looked_at(frame: Frame) -> Pixels:
    """Return the upright pixels; of a large picture the brightness only, which is all that cells are found by.

    Averaging three colours of a hundred million pixels, only to make grey of them, would take seconds.
    """
    pixels = frame.upright()
    return luma(pixels) if LONGEST_SIDE < max(pixels.shape[:2]) <= LONGEST_LUMA else pixels
