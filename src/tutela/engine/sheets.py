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
from tutela.model import Frame, Problem, ProblemKind, Signal, Unhashable
from tutela.signals import frame_signals

#: Why the hash of a whole sheet must not decide a near match.
SHEET = "sheet"

#: From this confidence on, a sheet's own hash is unfit.  Below, the picture may be a single one after all: its hash
#: stays, and its cells are looked at beside it.
SURE = 0.9

#: Cells of one content that are looked at; a sheet of 20 x 20 has 400.
MOST_CELLS = 2048

#: Frames of one content that are looked at for cells: pages, not the pictures of an animation.
MOST_SHEETS = 16

#: JPEG files are decoded so that the shorter side stays at least this long, in pixels, where cells are looked for.
SHORTER_SIDE = 640


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is known of a frame that is a sheet; ``unfit`` says why its own hash must not decide, if it must not."""

    layout: str
    confidence: float
    unfit: str | None


class Sheets:
    """The sheets among the frames of one content; their cells are numbered after all of its frames."""

    def __init__(self, report: Callable[[Problem], None]) -> None:
        self._report = report
        self._looked = 0
        self._cells = 0
        self._found: list[tuple[Frame, Separation]] = []

    def look(self, frame: Frame) -> Sheet | None:
        """Return what kind of sheet a frame is, ``None`` for a single picture, and keep its cells for `cells`."""
        self._looked += 1
        if self._looked > MOST_SHEETS:
            return None
        found = separate(_grey(frame))
        if not found.is_grid:
            return None
        whole, found = _whole(frame, found)
        if self._cells + len(found.cells) > MOST_CELLS:
            text = f"more cells of contact sheets than the limit of {MOST_CELLS}; the rest was left out"
            self._report(Problem(ProblemKind.LIMIT, f"frame {frame.number}", text))
            found = replace(found, cells=found.cells[: MOST_CELLS - self._cells])
        self._cells += len(found.cells)
        self._found.append((whole, found))
        return Sheet(found.layout, found.confidence, SHEET if found.confidence >= SURE else None)

    def cells(self, first: int) -> Iterator[Frame]:
        """Yield the cells of all sheets, numbered from ``first``."""
        for frame, found in self._found:
            for cell in cells_of(frame, found, first):
                first = cell.number + 1
                yield cell


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
    again = separate(_grey(whole))
    return whole, again if again.is_grid else scaled(found, frame.reduction)


def _grey(frame: Frame) -> np.ndarray:
    return frame.upright()
