"""Distances within a set of 256-bit codes, at a cost that stays bounded for large sets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
BITS = 256

#: Codes whose distances are all computed: a matrix of 2 MB.
SMALL = 1024
#: Comparisons that a diameter may cost beyond that; then its bound is given.
BUDGET = 100_000_000


def words_of(codes: npt.NDArray[np.uint8]) -> Words:
    """Return codes, uint8 [n, 32], as uint64 [n, 4]."""
    return np.ascontiguousarray(codes).view(np.uint64)


def distances(words: Words, one: Words) -> Ints:
    """Return the bits between each of ``words``, [n, 4], and ``one``, [4]."""
    bits: Ints = np.bitwise_count(words ^ one).sum(axis=1, dtype=np.int64)
    return bits


def matrix(words: Words) -> npt.NDArray[np.int16]:
    """Return all distances, int16 [n, n]."""
    found = np.zeros((len(words), len(words)), np.int16)
    for column in range(words.shape[1]):
        found += np.bitwise_count(words[:, None, column] ^ words[None, :, column])
    return found


def bit_sums(words: Words, weights: Ints) -> Ints:
    """Return for each of the 256 bits the weight of the codes that have it set: int64 [256]."""
    total = np.zeros(BITS, np.int64)
    for at in range(0, len(words), 1 << 14):
        bits = np.unpackbits(words[at : at + (1 << 14)].view(np.uint8), axis=1)
        total += weights[at : at + (1 << 14)] @ bits
    return total


def sums_of_distances(words: Words, ones: Ints, weight: int) -> Ints:
    """Return for each code the sum of its distances to the whole set, int64 [n], in one pass.

    A bit that ``ones`` of ``weight`` codes have adds ``weight - ones`` where it is set and ``ones`` where it is not.
    """
    gain = weight - 2 * ones
    found = np.zeros(len(words), np.int64)
    for at in range(0, len(words), 1 << 14):
        bits = np.unpackbits(words[at : at + (1 << 14)].view(np.uint8), axis=1)
        found[at : at + (1 << 14)] = bits @ gain
    return found + int(ones.sum())


def mean_distance(ones: Ints, weight: int) -> float:
    """Return the mean distance over all pairs of a set, from its bit sums; 0 for a single code."""
    return 0.0 if weight < 2 else float((ones * (weight - ones)).sum() / (weight * (weight - 1) / 2))


def middle(ones: Ints, weight: int) -> Words:
    """Return the code that has in each bit what most of a set have, from its bit sums: uint64 [4].  No member need have
    it.
    """
    return np.packbits(2 * ones > weight).view(np.uint64)


def diameter(words: Words, centre: Words, budget: int = BUDGET, small: int = SMALL) -> tuple[int, bool]:
    """Return the largest distance within the set, and whether it is exact.

    Of up to ``small`` codes all distances are computed.  Of more, the distances to ``centre``, uint64 [4]: by the
    triangle inequality two codes are at most as far apart as both of theirs together, so pairs are looked at from the
    outermost code inwards until none can be farther apart than what was found.  Where that takes more than ``budget``
    comparisons, what the rest could still reach is returned as the bound it is.
    """
    if len(words) <= small:
        return int(matrix(words).max(initial=0)), True
    to_middle = distances(words, centre)
    order = np.argsort(-to_middle, kind="stable")
    outer, sorted_words = to_middle[order], words[order]
    most, spent = 0, 0
    for first in range(len(order)):
        reach = int(outer[first])
        if 2 * reach <= most:
            break
        # All codes after this one that could be farther from it than what was found.
        last = first + 1 + int(np.searchsorted(-outer[first + 1 :], -(most - reach), side="left"))
        spent += last - first
        if spent > budget:
            return max(most, min(2 * reach, BITS)), False
        if last > first + 1:
            most = max(most, int(distances(sorted_words[first + 1 : last], sorted_words[first]).max()))
    return most, True
