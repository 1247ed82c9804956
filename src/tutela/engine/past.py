"""`PastList`: a list as it was in an earlier version.

It is asked through its present snapshot, without the entries that have changed since, and through a small one of what
those said then: nothing has to be built anew for a list of millions.
"""

from __future__ import annotations

import numpy as np

from tutela.engine.snapshot import Found, HeldList, Ids, ListView, Values
from tutela.index import IndexView
from tutela.model import Entry, ListInfo
from tutela.model.track import Track
from tutela.signals import SignalKind


class PastView:
    """An earlier state of a list, to be asked like any other.

    ``changed`` are the ids, uint64 [n] and sorted, of every entry that has changed since; ``former`` is a snapshot of
    what those were, ``info`` the list's particulars then.
    """

    def __init__(self, info: ListInfo, present: ListView, former: ListView, changed: Ids) -> None:
        self.info = info
        self.stamp = former.stamp
        self.tracked = present.tracked or former.tracked
        self._present = present
        self._former = former
        self._changed = changed

    @property
    def index(self) -> IndexView:
        """The present index: asked only for which kinds there are."""
        return self._present.index

    def search(self, kind: SignalKind, values: Values, radius: int, *, threads: int = 1) -> Found:
        """Return every entry within ``radius`` of each value; see `SnapshotView.search`."""
        pieces = [view.search(kind, values, radius, threads=threads) for view in (self._present, self._former)]
        rows, ids, distances, former = [], [], [], []
        for number, (offsets, found, far) in enumerate(pieces):
            row = np.repeat(np.arange(len(values)), np.diff(offsets))
            kept = np.ones(len(found), np.bool_) if number else ~np.isin(found, self._changed)
            rows.append(row[kept])
            ids.append(found[kept])
            distances.append(far[kept])
            former.append(np.full(int(kept.sum()), number))
        row, id_, far = np.concatenate(rows), np.concatenate(ids), np.concatenate(distances)
        order = np.lexsort((id_, far, row))
        counts = np.bincount(row, minlength=len(values))
        offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        return offsets, id_[order], far[order]

    def entry(self, number: int) -> Entry:
        """Return what the list told of an entry id."""
        return self._view_of(number).entry(number)

    def track(self, number: int) -> Track | None:
        """Return the frames of a known video; see `SnapshotView.track`."""
        return self._view_of(number).track(number)

    def _view_of(self, number: int) -> ListView:
        at = int(np.searchsorted(self._changed, number))
        changed = at < len(self._changed) and int(self._changed[at]) == number
        return self._former if changed else self._present


def past_list(info: ListInfo, present: HeldList, former: ListView, changed: Ids) -> HeldList:
    """Return a list as it was, as something that look-ups and the engine can ask."""
    view = PastView(info, present.state, former, np.sort(changed.astype(np.uint64)))
    return HeldList(view, present.problem)
