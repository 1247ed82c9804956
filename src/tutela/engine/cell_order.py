"""Cells of a contact sheet that follow a known video: many weak meetings in one order make one strong finding.

**How strong.**  PDQ hashes of unrelated pictures lie 127.5 bits apart with a deviation of 10.4 (1,281 pictures of the
corpus, 819,840 pairs).  A meeting at d bits is held to have the chance of a normal deviation of 12, and never less than
1e-9, which leaves room for pictures that are alike in composition.  A cell may meet any of m known frames, so it counts
-log10(m p(d)).  Cells count that differ from all earlier ones, likewise known frames; the chain must keep the order of
time, which chance would do once in k! times, and that is left on the safe side.  A chain is told from 14 on and
from three different cells on: with a million known videos asked, one wrong sheet in a hundred million, were the chances
as held.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tutela.engine.sequences import Codes, Run, Seconds

#: Bits within which a cell may meet a frame in a chain.
DISTANCE = 60
#: Decimal digits of evidence from which on a chain is told.
ENOUGH = 14.0
#: Cells that a chain must have at least; fewer are told as hits of their own.
LEAST_CELLS = 3

_MEAN, _DEVIATION, _LEAST_CHANCE = 127.5, 12.0, 1e-9
#: Pictures that lie so near to an earlier one say nothing new.
_SAME = 31
#: What a repeated cell adds: it belongs to the chain, and is no evidence.
_REPEAT = 0.01

Weights = npt.NDArray[np.float64]


def align_cells(
    codes: Codes, known_times: Seconds, known_codes: Codes, *, distance: int = DISTANCE, enough: float = ENOUGH
) -> Run | None:
    """Return the stretch of a known video that cells follow in order, or ``None`` if that may be chance.

    ``codes`` uint8 [n, 32] are the cells' in reading order; ``known_times`` in seconds, float64 [m], ascending, and
    ``known_codes`` uint8 [m, 32] the known video's.  Leave out values of low quality.  ``start`` and ``end`` of the run
    are the places of the first and last cell of the chain.
    """
    if len(codes) < LEAST_CELLS or len(known_codes) < LEAST_CELLS:
        return None
    bits = _between(codes, known_codes)
    weights = _weights(bits, distance)
    weights[_repeats(codes)] = np.minimum(weights[_repeats(codes)], _REPEAT)
    chain = _chain(weights)
    if len(chain) < LEAST_CELLS:
        return None
    repeated = _repeats(known_codes[[place for _, place in chain]])
    evidence = sum(min(weights[at], _REPEAT) if old else weights[at] for at, old in zip(chain, repeated, strict=True))
    different = sum(weights[at] > _REPEAT and not old for at, old in zip(chain, repeated, strict=True))
    if evidence < enough or different < LEAST_CELLS:
        return None
    cells, places = zip(*chain, strict=True)
    mean = float(np.mean([bits[at] for at in chain]))
    first, last = float(known_times[places[0]]), float(known_times[places[-1]])
    return Run(float(cells[0]), float(cells[-1]), first, last, len(chain), mean)


def _between(left: Codes, right: Codes) -> npt.NDArray[np.int64]:
    """Return the bits between every two codes, int64 [n, m]."""
    own = np.ascontiguousarray(left).view(np.uint64).reshape(len(left), -1)
    other = np.ascontiguousarray(right).view(np.uint64).reshape(len(right), -1)
    bits = np.zeros((len(own), len(other)), np.int64)
    for word in range(own.shape[1]):
        bits += np.bitwise_count(own[:, word, None] ^ other[None, :, word])
    return bits


def _weights(bits: npt.NDArray[np.int64], distance: int) -> Weights:
    """Return the evidence of every meeting, in decimal digits; 0 beyond ``distance``."""
    chances = np.array([max(_chance(d), _LEAST_CHANCE) for d in range(257)])
    digits = np.maximum(0.0, -np.log10(chances * bits.shape[1]))
    digits[distance + 1 :] = 0.0
    weights: Weights = digits[bits]
    return weights


def _chance(bits: int) -> float:
    return 0.5 * math.erfc((_MEAN - bits) / _DEVIATION / math.sqrt(2))


def _repeats(codes: Codes) -> npt.NDArray[np.bool_]:
    """Return which codes say nothing that an earlier one does not, bool [n]."""
    near: npt.NDArray[np.bool_] = _between(codes, codes) <= _SAME
    repeated: npt.NDArray[np.bool_] = np.any(np.tril(near, -1), axis=1)
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
