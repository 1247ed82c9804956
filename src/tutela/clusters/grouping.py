"""The second level: what of a cluster one decision may cover.

Single links chain: a trailer's fades joined 33 frames into one cluster of diameter 114.  So a cluster is split under
caps on its *diameter* (complete link), and each part says how it may be used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from tutela.clusters.batch import Codes, Flags, Labels, flag_array
from tutela.clusters.linkage import complete_link
from tutela.clusters.measures import bit_sums, diameter, distances, mean_distance, middle, sums_of_distances, words_of
from tutela.index.view import code_array

Rows = npt.NDArray[np.int64]

#: Diameters: within the first, one decision may cover a group; within the second, it may once it is confirmed.
DECIDE, CONFIRM = 31, 62


class GroupKind(StrEnum):
    """How a group may be decided."""

    ONE_DECISION = "one-decision"
    CONFIRM = "confirm"
    CHAIN = "chain"


@dataclass(frozen=True, slots=True)
class Group:
    """A cluster, or a part of one.

    ``cluster`` is its label.  ``members`` are row numbers, int64, in the order that was asked for (time, for a chain).
    ``medoid`` is the member with the least sum of distances to all, among those of good quality if there is one.
    ``diameter`` is the largest distance between two members (``exact`` false: an upper bound of it), ``radius`` the
    largest to the medoid, ``spread`` the mean over all pairs, all in bits.

    A ``one-decision`` group has a diameter within the first cap and only members of good quality; a ``confirm`` group
    has one within the second; a ``chain`` is wider.  ``parts`` are the groups that it falls into, down to those that
    one decision may cover; members that are not good stand in ``confirm`` parts of their own.
    """

    cluster: int
    kind: GroupKind
    members: Rows
    medoid: int
    diameter: int
    radius: int
    spread: float
    exact: bool = True
    parts: tuple[Group, ...] = ()


def groups(
    codes: Codes,
    labels: Labels,
    *,
    good: npt.NDArray[Any] | None = None,
    order: npt.NDArray[Any] | None = None,
    decide: int = DECIDE,
    confirm: int = CONFIRM,
) -> Iterator[Group]:
    """Yield each cluster as a `Group`, in the order of their numbers; noise (label -1) is left out.

    ``codes`` are uint8 [n, 32] and ``labels`` int64 [n], as from `dbscan`.  ``good``, bool [n], says which codes a
    decision may rest on (the usual mask: quality 50 or more, and no grid sheet); without it all.  ``order``, int64 [n],
    is each row's place in time; without it, its number.

    Equal codes are stacked.  A cluster of up to 1,024 different codes is split by complete linkage proper; from a
    larger one balls of half the cap are taken, one after another, at the cost of one pass for each.  Both keep the caps
    exactly.

    Raises `ValueError` for arrays of another shape or type, or caps that contradict each other.
    """
    checked, numbers = code_array(codes), np.asarray(labels)
    if numbers.shape != (len(checked),) or numbers.dtype.kind not in "iu":
        raise ValueError("one whole number as label for each code is needed")
    if not 0 <= decide <= confirm:
        raise ValueError("the caps must be 0 <= decide <= confirm")
    flags = np.ones(len(checked), np.bool_) if good is None else flag_array(good, len(checked))
    place = np.arange(len(checked)) if order is None else np.asarray(order)
    if place.shape != (len(checked),):
        raise ValueError("one place in the order for each code is needed")
    by_cluster = np.lexsort((place, numbers))
    by_cluster = by_cluster[np.searchsorted(numbers[by_cluster], 0) :]
    borders = np.flatnonzero(np.diff(numbers[by_cluster])) + 1
    splitter = _Splitter(checked, flags, decide, confirm)
    for rows in np.split(by_cluster, borders) if len(by_cluster) else ():
        yield splitter.cluster(rows, int(numbers[rows[0]]))


@dataclass(frozen=True, slots=True)
class _Splitter:
    codes: Codes
    good: Flags
    decide: int
    confirm: int

    def cluster(self, rows: Rows, label: int) -> Group:
        whole = self._group(rows, label)
        if whole.kind is GroupKind.ONE_DECISION:
            return whole
        if whole.kind is GroupKind.CONFIRM:
            return self._with(whole, self._decidable(rows, label))
        parts = []
        for part in self._split(rows, self.confirm):
            made = self._group(part, label)
            decidable = self._decidable(part, label) if made.kind is GroupKind.CONFIRM else ()
            parts.append(self._with(made, decidable))
        return self._with(whole, tuple(parts))

    def _decidable(self, rows: Rows, label: int) -> tuple[Group, ...]:
        """Return the parts within the first cap, those of good members apart from the rest; none if it is one part."""
        good = self.good[rows]
        parts = [part for side in (rows[good], rows[~good]) if len(side) for part in self._split(side, self.decide)]
        if len(parts) == 1:
            return ()
        first = {int(row): place for place, row in enumerate(rows)}
        parts.sort(key=lambda part: first[int(part[0])])
        return tuple(self._group(part, label) for part in parts)

    def _split(self, rows: Rows, cap: int) -> list[Rows]:
        stacks, inverse = _stacked(self.codes[rows])
        parts = complete_link(words_of(stacks), cap)[inverse]
        order = np.argsort(parts, kind="stable")  # stable: members stay in the order that was asked for
        made = np.split(rows[order], np.flatnonzero(np.diff(parts[order])) + 1)
        first = {int(row): place for place, row in enumerate(rows)}
        return sorted(made, key=lambda part: first[int(part[0])])

    def _group(self, rows: Rows, label: int) -> Group:
        stacks, inverse = _stacked(self.codes[rows])
        words = words_of(stacks)
        weights = np.bincount(inverse, minlength=len(stacks))
        ones = bit_sums(words, weights)
        sums = sums_of_distances(words, ones, len(rows))[inverse]
        good = self.good[rows]
        if good.any():
            sums = np.where(good, sums, np.iinfo(np.int64).max)
        medoid = int(np.argmin(sums))
        radius = int(distances(words, words[inverse[medoid]]).max())
        widest, exact = diameter(words, middle(ones, len(rows)))
        kind = GroupKind.CHAIN
        if widest <= self.confirm:
            kind = GroupKind.ONE_DECISION if widest <= self.decide and bool(good.all()) else GroupKind.CONFIRM
        spread = mean_distance(ones, len(rows))
        return Group(label, kind, rows, int(rows[medoid]), widest, radius, spread, exact)

    @staticmethod
    def _with(group: Group, parts: tuple[Group, ...]) -> Group:
        found = (group.cluster, group.kind, group.members, group.medoid)
        return Group(*found, group.diameter, group.radius, group.spread, group.exact, parts)


def _stacked(codes: Codes) -> tuple[Codes, Rows]:
    """Return the different codes, in the order of their first appearance, and which of them each code is."""
    keys = np.ascontiguousarray(codes).view("V32").reshape(-1)
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return codes[np.sort(first)], rank[inverse.reshape(-1)]
