"""`Clusters`: codes that come and go, clustered all the while."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from tutela.clusters.batch import Codes, Labels, check_parameters, dbscan, flag_array, labelled
from tutela.clusters.levels import Levels
from tutela.clusters.stacks import Slots, Stacks
from tutela.index.segments import Ids
from tutela.index.view import code_array, id_array

#: So many new codes at once, and more than there were, are clustered anew with the rest: that is faster.
_MANY = 2048
_NOBODY = -1


class Clusters:
    """DBSCAN over codes that are inserted and removed; the labels are always those that `dbscan` would give.

    ``eps`` and ``min_pts`` are as there.  Inserting looks at the neighbours of what is new; removing recomputes only
    the clusters that lost a core (Ester, Kriegel, Sander, Wimmer and Xu 1998).

    >>> clusters = Clusters(eps=31, min_pts=2)
    >>> codes = np.zeros((3, 32), np.uint8); codes[1, 0] = 3; codes[2] = 255
    >>> clusters.insert(codes, np.array([7, 8, 9], np.uint64))
    >>> [found.tolist() for found in clusters.labels()]
    [[7, 8, 9], [0, 0, -1]]
    >>> clusters.remove(np.array([8], np.uint64))
    >>> clusters.labels()[1].tolist()
    [-1, -1]
    """

    def __init__(self, eps: int, min_pts: int) -> None:
        check_parameters(eps, min_pts)
        self.eps, self.min_pts = eps, min_pts
        self._stacks = Stacks()
        self._levels = Levels()
        self._counts = np.zeros(0, np.int64)  # neighbours by slot: exact, or a number that it has at least
        self._exact = np.zeros(0, np.bool_)
        self._component = np.zeros(0, np.int64)  # by slot, of cores; _NOBODY for all others
        self._nearest = np.zeros(0, np.int64)  # by slot, of others: the nearest core's slot, or _NOBODY
        self._cores: dict[int, set[int]] = {}  # component -> its cores
        self._unsure: set[int] = set()  # slots whose nearest core is to be looked for again
        self._next = 0

    def __len__(self) -> int:
        return len(self._stacks)

    def __contains__(self, one: int) -> bool:
        return int(one) in self._stacks

    def insert(self, codes: Codes, ids: Ids, *, core: npt.NDArray[Any] | None = None) -> None:
        """Add codes, uint8 [n, 32], under their ids, uint64 [n]; ``core`` says which may be core, as in `dbscan`.

        Raises `ValueError` for arrays of another shape or type, and for an id that is there already; nothing is
        added then.
        """
        checked, numbers = code_array(codes), id_array(ids)
        if len(checked) != len(numbers):
            raise ValueError(f"{len(checked)} codes with {len(numbers)} ids")
        flags = np.ones(len(checked), np.bool_) if core is None else flag_array(core, len(checked))
        before = self._stacks.slots
        touched, weights = self._stacks.add(checked, numbers, flags)
        self._grow(self._stacks.slots)
        fresh = np.arange(before, self._stacks.slots)
        if len(fresh) >= _MANY and len(fresh) >= before:
            self._anew()
            return
        self._levels.add(self._stacks.codes[fresh], fresh)
        self._promote(self._counted_in(touched, weights))

    def remove(self, ids: Ids) -> None:
        """Remove these ids, uint64 [n]; raises `KeyError` naming none if one is not there, and removes nothing then."""
        touched, weights = self._stacks.take(id_array(ids))
        near: set[int] = set()
        for query, found, _ in self._near(touched, gone_too=True):
            np.subtract.at(self._counts, found, weights[query])
            near.update(found.tolist())
            self._doubt(found)
        slots = np.fromiter(near, np.int64, len(near))
        cores = slots[self._component[slots] != _NOBODY]
        poor = cores[self._counts[cores] < self.min_pts]
        unsure = poor[~self._exact[poor] & (self._stacks.weights[poor] > 0)]
        self._count(unsure)
        lost = poor[(self._counts[poor] < self.min_pts) | (self._stacks.weights[poor] == 0)]
        gone = cores[self._stacks.weights[cores] == 0]
        self._demote(np.union1d(lost, gone))
        if self._levels.rows > 2 * self._stacks.live + _MANY:
            self._anew()

    def labels(self) -> tuple[Ids, Labels]:
        """Return all ids, uint64 [n], rising, and the label of each, int64 [n]: what `dbscan` gives for the codes in
        that order.
        """
        self._settle()
        ids, slots = self._stacks.ids()
        whose = np.where(self._component[slots] != _NOBODY, slots, self._nearest[slots])
        component = np.where(whose == _NOBODY, _NOBODY, self._component[whose])
        # Numbers rise with the first core: borders before it do not count.
        is_core = self._component[slots] != _NOBODY
        known, first = np.unique(component[is_core], return_index=True)
        rank = np.empty(len(known), np.int64)
        rank[np.argsort(first)] = np.arange(len(known))
        labels = np.full(len(ids), -1, np.int64)
        inside = component != _NOBODY
        labels[inside] = rank[np.searchsorted(known, component[inside])]
        return ids, labels

    # -------------------------------------------------------------------------------------- neighbours

    def _near(self, slots: Slots, *, gone_too: bool = False) -> Iterator[tuple[Slots, Slots, Slots]]:
        """Yield (which of ``slots``, a neighbour of it, bits between) in pieces of bounded size; all of one of the
        ``slots`` come from each level once.
        """
        for query, found, bits in self._levels.search(self._stacks.codes[slots], self.eps):
            there = np.ones(len(found), np.bool_) if gone_too else self._stacks.weights[found] > 0
            yield query[there], found[there], bits[there]

    def _counted_in(self, touched: Slots, weights: Slots) -> Slots:
        """Add what came to the counts of its neighbours; return those who may be core now."""
        # A slot that was empty missed what happened meanwhile: it counts from nothing, as a new one does.
        born = np.zeros(self._stacks.slots, np.bool_)
        born[touched[self._stacks.weights[touched] == weights]] = True
        self._counts[born], self._exact[born] = 0, True
        self._unsure.update(np.flatnonzero(born).tolist())
        near: set[int] = set()
        for query, found, _ in self._near(touched):
            old, new = ~born[found], born[touched[query]]
            np.add.at(self._counts, found[old], weights[query[old]])
            np.add.at(self._counts, touched[query[new]], self._stacks.weights[found[new]])
            near.update(found.tolist())
            self._doubt(found[self._component[touched[query]] != _NOBODY])  # a core may have got a lower id
        slots = np.fromiter(near, np.int64, len(near))
        fit = self._stacks.able[slots] & (self._component[slots] == _NOBODY) & (self._counts[slots] >= self.min_pts)
        picked: Slots = slots[fit]
        return picked

    def _count(self, slots: Slots) -> None:
        """Count the neighbours of some slots exactly."""
        self._counts[slots] = 0
        for query, found, _ in self._near(slots):
            np.add.at(self._counts, slots[query], self._stacks.weights[found])
        self._exact[slots] = True

    def _doubt(self, slots: Slots) -> None:
        self._unsure.update(slots[self._component[slots] == _NOBODY].tolist())

    # ------------------------------------------------------------------------------------------- cores

    def _promote(self, slots: Slots) -> None:
        for slot in slots.tolist():
            self._component[slot] = self._next
            self._cores[self._next] = {slot}
            self._next += 1
        for query, found, _ in self._near(slots):
            self._doubt(found)
            cores = self._component[found] != _NOBODY
            ones, others = slots[query[cores]], found[cores]
            apart = self._component[ones] != self._component[others]
            for one, other in zip(ones[apart].tolist(), others[apart].tolist(), strict=True):
                self._join(int(self._component[one]), int(self._component[other]))

    def _join(self, one: int, other: int) -> None:
        if one == other:
            return
        small, large = sorted((one, other), key=lambda component: len(self._cores[component]))
        moved = self._cores.pop(small)
        self._component[np.fromiter(moved, np.int64, len(moved))] = large
        self._cores[large] |= moved

    def _demote(self, lost: Slots) -> None:
        """Take cores out, and cluster again what is left of their components."""
        touched = set(self._component[lost].tolist())
        self._component[lost] = _NOBODY
        self._unsure.update(lost.tolist())
        for _, found, _ in self._near(lost):
            self._doubt(found)
        gone = set(lost.tolist())
        for component in touched:
            left = self._cores.pop(component) - gone
            self._divide(np.fromiter(left, np.int64, len(left)))

    def _divide(self, cores: Slots) -> None:
        parts = dbscan(self._stacks.codes[cores], self.eps, 1)
        order = np.argsort(parts, kind="stable")
        for part in np.split(cores[order], np.flatnonzero(np.diff(parts[order])) + 1) if len(cores) else ():
            self._component[part] = self._next
            self._cores[self._next] = set(part.tolist())
            self._next += 1

    def _settle(self) -> None:
        """Find the nearest core of each slot that may have got another."""
        slots = np.fromiter(self._unsure, np.int64, len(self._unsure))
        slots = np.sort(slots[(self._stacks.weights[slots] > 0) & (self._component[slots] == _NOBODY)])
        self._nearest[slots] = _NOBODY
        best = np.full(len(slots), self.eps + 1, np.int64)
        for query, found, bits in self._near(slots):
            cores = self._component[found] != _NOBODY
            query_, found_, bits_ = query[cores], found[cores], bits[cores]
            order = np.lexsort((self._stacks.first[found_], bits_, query_))
            query_, found_, bits_ = query_[order], found_[order], bits_[order]
            leads = np.flatnonzero(np.diff(query_, prepend=-1))
            for which, core, away in zip(query_[leads], found_[leads], bits_[leads], strict=True):
                held = self._nearest[slots[which]]
                nearer = away < best[which]
                tied = away == best[which] and self._stacks.first[core] < self._stacks.first[held]
                if nearer or tied:
                    self._nearest[slots[which]], best[which] = core, away
        self._unsure.clear()

    # -------------------------------------------------------------------------------------- everything

    def _grow(self, slots: int) -> None:
        more = slots - len(self._counts)
        self._counts = np.concatenate((self._counts, np.zeros(more, np.int64)))
        self._exact = np.concatenate((self._exact, np.zeros(more, np.bool_)))
        self._component = np.concatenate((self._component, np.full(more, _NOBODY)))
        self._nearest = np.concatenate((self._nearest, np.full(more, _NOBODY)))

    def _anew(self) -> None:
        """Cluster everything at once, and forget slots that nobody uses."""
        self._stacks.compact()
        stacks = self._stacks
        count = stacks.slots
        # More copies than make a core change nothing.
        copies = np.minimum(stacks.weights[:count], self.min_pts)
        rows = np.repeat(np.arange(count), copies)
        labels, counts = labelled(stacks.codes[rows], self.eps, self.min_pts, stacks.able[rows])
        first = np.cumsum(copies) - copies
        labels, found = labels[first], counts[first].astype(np.int64)
        self._counts = found
        self._exact = (found < self.min_pts) & stacks.able[:count]
        is_core = stacks.able[:count] & (found >= self.min_pts)
        self._component = np.where(is_core, labels, _NOBODY)
        self._nearest = np.full(count, _NOBODY)
        self._unsure = set(np.flatnonzero(~is_core & (labels >= 0)).tolist())
        self._next = int(labels.max(initial=-1)) + 1
        self._cores = {component: set() for component in range(self._next)}
        for slot, component in zip(np.flatnonzero(is_core).tolist(), labels[is_core].tolist(), strict=True):
            self._cores[component].add(slot)
        self._levels = Levels()
        self._levels.add(stacks.codes[:count], np.arange(count))
