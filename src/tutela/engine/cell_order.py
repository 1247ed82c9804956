"""Cells of a contact sheet that follow a known video: many weak meetings in one order make one strong finding.

**How strong.**  How often a picture lies so near to a frame of a video that it has nothing to do with was measured on
cells of sheets of 401 videos against 622 others, as `bench/sheets_of_videos.py` makes them, of quality 50 and more: of
1,400 million pairs none met within 31 bits, one in 45 million within 48, one in 8 million within 60.  A cell may meet
any of the known video's m different shots, so that it counts -log10(m p(d)), with p(d) no smaller than measured.  Only
cells count that lie within `COUNTED` bits and differ from all earlier ones, likewise known frames; the chain must keep
the order of time, which chance would do once in k! times, and may be of any k of the sheet's n cells, of which there
are n over k.  A chain is told from `ENOUGH` on and from three such cells on.

Pictures of low quality (dark, blurred) are more alike than others: of them more are asked for (`FAINT_CELLS`,
`FAINT_ENOUGH`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tutela.engine.sequences import Codes, Seconds

#: Bits within which a cell belongs to a chain, and within which it counts.
DISTANCE = 60
COUNTED = 48
#: Decimal digits of evidence from which on a chain is told, and different cells that it must have at least; fewer are
#: told as hits of their own.
ENOUGH = 18.0
LEAST_CELLS = 3
#: The same for chains that stand only with cells or frames of low quality.
FAINT_ENOUGH = 25.0
FAINT_CELLS = 5
#: Known frames that are laid beside the cells, at most: those of most meetings.
MOST_FRAMES = 8192

#: Decimal digits that a meeting is worth: so many up to 31 bits, and so many fewer with every bit more.
_DIGITS, _LESS, _NEAR = 8.5, 0.06, 31
#: Pictures that lie so near to an earlier one say nothing new.
_SAME = 31
#: What a cell adds that says nothing new or lies far: it belongs to the chain, and is no evidence.
_REPEAT = 0.01
#: Codes that are compared with a whole video at once.
_STEP = 32

Bits = npt.NDArray[np.uint16]
Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a sheet: ``codes`` uint8 [n, 32]; ``cell`` int64 [n], the place of the cell that a code is of, in
    the order of the sheet, ascending (a cell may be cut in several ways); ``faint`` bool [n], of low quality.
    """

    codes: Codes
    cell: Numbers
    faint: Flags


@dataclass(frozen=True, slots=True)
class KnownFrames:
    """A known video: ``times`` in seconds, float64 [m], ascending, ``codes`` uint8 [m, 32], ``faint`` bool [m]."""

    times: Seconds
    codes: Codes
    faint: Flags


@dataclass(frozen=True, slots=True)
class Chain:
    """Cells that follow a known video: their places on the sheet, the bits of PDQ by which they meet it, from when to
    when in the known video, in seconds, and how many decimal digits of evidence that is.
    """

    cells: tuple[int, ...]
    distances: tuple[int, ...]
    known_start: float
    known_end: float
    evidence: float


def align_cells(cells: Cells, known: KnownFrames) -> Chain | None:
    """Return the stretch of a known video that cells follow in order, or ``None`` if that may be chance."""
    if not len(cells.codes) or not len(known.codes):
        return None
    places, first = np.unique(cells.cell, return_index=True)
    if len(places) < LEAST_CELLS:
        return None
    frames, bits, faint = _meetings(cells, known, first)
    if not len(frames):
        return None
    weights = _weights(bits, different(known.codes))
    repeated = _repeats(cells.codes[first])
    weights[repeated] = np.minimum(weights[repeated], _REPEAT)
    pairs = _chain(weights)
    if not pairs:
        return None
    rows, columns = (np.array(side) for side in zip(*pairs, strict=True))
    counts = (weights[rows, columns] > _REPEAT) & ~_repeats(known.codes[frames[columns]])
    sound = counts & ~faint[rows, columns]
    asked = int((~repeated).sum())
    evidence, faint_evidence = (_evidence(weights[rows, columns][chosen], asked) for chosen in (sound, counts))
    if not (
        (sound.sum() >= LEAST_CELLS and evidence >= ENOUGH)
        or (counts.sum() >= FAINT_CELLS and faint_evidence >= FAINT_ENOUGH)
    ):
        return None
    times = known.times[frames[columns]]
    return Chain(
        tuple(places[rows].tolist()),
        tuple(bits[rows, columns].tolist()),
        float(times[0]),
        float(times[-1]),
        round(max(evidence, faint_evidence), 1),
    )


def _evidence(digits: Weights, cells: int) -> float:
    """Return the digits of meetings together, of so many cells: less those of the ways to choose as many of them, and
    more those of the orders that they might have had.
    """
    count = len(digits)
    chosen = math.log10(math.comb(cells, count)) if count <= cells else 0.0
    return float(digits.sum()) - max(0.0, chosen - math.log10(math.factorial(count)))


def different(codes: Codes) -> int:
    """Return how many shots the frames of a video, uint8 [m, 32], are of, as far as their hashes tell."""
    values = [int.from_bytes(code.tobytes()) for code in codes]
    last, count = values[0], 1
    for value in values[1:]:
        if (value ^ last).bit_count() > _SAME:
            last, count = value, count + 1
    return count


def _meetings(cells: Cells, known: KnownFrames, first: Numbers) -> tuple[Numbers, Bits, Flags]:
    """Return the known frames that any cell meets, int64 [k], the bits from every cell to each of them, the nearest of
    its cuts, uint16 [cells, k], and whether that meeting is faint, bool [cells, k].
    """
    met = np.zeros(len(known.codes), np.int64)
    for at in range(0, len(cells.codes), _STEP):
        met += (_between(cells.codes[at : at + _STEP], known.codes) <= DISTANCE).sum(axis=0)
    frames = np.flatnonzero(met)
    if len(frames) > MOST_FRAMES:
        frames = np.sort(np.argsort(-met, kind="stable")[:MOST_FRAMES])
    codes, faint = known.codes[frames], known.faint[frames]
    ends = [*first[1:].tolist(), len(cells.codes)]
    bits = np.empty((len(first), len(frames)), np.uint16)
    faints = np.empty((len(first), len(frames)), np.bool_)
    for row, (begin, end) in enumerate(zip(first.tolist(), ends, strict=True)):
        own = _between(cells.codes[begin:end], codes)
        nearest = np.argmin(own, axis=0)
        bits[row] = own[nearest, np.arange(len(frames))]
        faints[row] = cells.faint[begin:end][nearest] | faint
    return frames, bits, faints


def _between(left: Codes, right: Codes) -> Bits:
    """Return the bits between every two codes, uint16 [n, m]."""
    own = np.ascontiguousarray(left).view(np.uint64)
    other = np.ascontiguousarray(right).view(np.uint64)
    bits = np.zeros((len(own), len(other)), np.uint16)
    for word in range(own.shape[1]):
        bits += np.bitwise_count(own[:, word, None] ^ other[None, :, word])
    return bits


def _weights(bits: Bits, shots: int) -> Weights:
    """Return the evidence of every meeting, in decimal digits; 0 beyond `DISTANCE`, next to none beyond `COUNTED`."""
    digits = _DIGITS - _LESS * np.maximum(0, np.arange(257) - _NEAR) - np.log10(shots)
    digits = np.maximum(digits, _REPEAT)
    digits[COUNTED + 1 :] = _REPEAT
    digits[DISTANCE + 1 :] = 0.0
    weights: Weights = digits[bits]
    return weights


def _repeats(codes: Codes) -> Flags:
    """Return which codes say nothing that an earlier one does not, bool [n]."""
    near: Flags = _between(codes, codes) <= _SAME
    repeated: Flags = np.any(np.tril(near, -1), axis=1)
    return repeated


def _chain(weights: Weights) -> list[tuple[int, int]]:
    """Return the (cell, frame) pairs of most weight together in which both only grow."""
    cells, frames = weights.shape
    best = np.zeros((cells + 1, frames + 1))
    for cell in range(cells):
        taken = np.where(weights[cell] > 0, best[cell, :-1] + weights[cell], 0.0)
        best[cell + 1, 1:] = np.maximum(best[cell, 1:], taken)
        best[cell + 1] = np.maximum.accumulate(best[cell + 1])
    chain = []
    cell, frame = cells, frames
    while cell and frame:
        if best[cell, frame] == best[cell, frame - 1]:
            frame -= 1
        elif best[cell, frame] == best[cell - 1, frame]:
            cell -= 1
        else:
            cell, frame = cell - 1, frame - 1
            chain.append((cell, frame))
    return chain[::-1]
