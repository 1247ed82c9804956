import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from clusters.plain import flipped, mixed
from tutela.clusters import Clusters, dbscan


def ids_of(numbers):
    return np.array(list(numbers), np.uint64)


class Growing(RuleBasedStateMachine):
    """Whatever is inserted and removed, the labels are those of the batch."""

    @initialize(
        eps=st.sampled_from([0, 8, 16, 31]),
        min_pts=st.integers(1, 5),
        seed=st.integers(0, 1000),
        count=st.sampled_from([12, 60]),
        most=st.sampled_from([6, 14, 30]),
    )
    def begin(self, eps, min_pts, seed, count, most):
        self.eps, self.min_pts = eps, min_pts
        self.pool = mixed(count, seed, centres=3, most=most)
        self.able = np.random.default_rng(seed).random(count) < 0.8
        self.held = {}
        self.clusters = Clusters(eps, min_pts)

    @rule(rows=st.dictionaries(st.integers(0, 10_000), st.integers(0, 10_000), min_size=1, max_size=25))
    def insert(self, rows):
        fresh = {one: row % len(self.pool) for one, row in rows.items() if one not in self.held}
        chosen = np.fromiter(fresh.values(), np.int64, len(fresh))
        self.clusters.insert(self.pool[chosen], ids_of(fresh), core=self.able[chosen])
        self.held |= fresh

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def remove(self, data):
        gone = data.draw(st.sets(st.sampled_from(sorted(self.held)), min_size=1))
        self.clusters.remove(ids_of(gone))
        for one in gone:
            del self.held[one]

    @invariant()
    def equals_the_batch(self):
        if not hasattr(self, "held"):
            return
        ids, labels = self.clusters.labels()
        assert ids.tolist() == sorted(self.held)
        rows = [self.held[one] for one in sorted(self.held)]
        assert np.array_equal(labels, dbscan(self.pool[rows], self.eps, self.min_pts, core=self.able[rows]))
        assert len(self.clusters) == len(rows)


TestGrowing = Growing.TestCase
TestGrowing.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)


def test_many_at_once_and_then_a_few():
    codes = mixed(6000, seed=4, centres=100)
    clusters = Clusters(31, 3)
    clusters.insert(codes[:5000], np.arange(5000, dtype=np.uint64))  # at once: the batch
    for at in range(5000, 6000, 250):
        clusters.insert(codes[at : at + 250], np.arange(at, at + 250, dtype=np.uint64))
    assert np.array_equal(clusters.labels()[1], dbscan(codes, 31, 3))
    kept = np.random.default_rng(4).random(6000) < 0.15  # so few that the rest is clustered anew on the way
    gone = np.flatnonzero(~kept)
    for part in np.array_split(gone, 7):
        clusters.remove(part.astype(np.uint64))
        clusters.labels()
    assert np.array_equal(clusters.labels()[1], dbscan(codes[kept], 31, 3))


def test_nothing_has_no_labels():
    clusters = Clusters(31, 2)
    assert [found.tolist() for found in clusters.labels()] == [[], []]
    clusters.insert(np.zeros((0, 32), np.uint8), ids_of([]))
    clusters.insert(np.zeros((1, 32), np.uint8), ids_of([5]))
    clusters.remove(ids_of([5]))
    clusters.remove(ids_of([]))
    assert [found.tolist() for found in clusters.labels()] == [[], []]


def test_a_bridge_that_goes_divides():
    codes = np.stack([flipped(np.zeros(32, np.uint8), range(n)) for n in (0, 20, 40)])
    clusters = Clusters(20, 2)
    clusters.insert(codes, ids_of([1, 2, 3]))
    assert clusters.labels()[1].tolist() == [0, 0, 0]
    clusters.remove(ids_of([2]))
    assert clusters.labels()[1].tolist() == [-1, -1]
    clusters.insert(codes[1:2], ids_of([9]))
    assert clusters.labels()[1].tolist() == [0, 0, 0]


def test_what_is_refused_changes_nothing():
    codes = np.zeros((2, 32), np.uint8)
    clusters = Clusters(31, 2)
    clusters.insert(codes, ids_of([1, 2]))
    with pytest.raises(ValueError, match="only once"):
        clusters.insert(codes, ids_of([3, 1]))
    with pytest.raises(ValueError, match="only once"):
        clusters.insert(codes, ids_of([3, 3]))
    with pytest.raises(KeyError):
        clusters.remove(ids_of([1, 7]))
    assert 1 in clusters
    assert 3 not in clusters
    assert len(clusters) == 2
    with pytest.raises(ValueError, match="2 codes with 1 ids"):
        clusters.insert(codes, ids_of([5]))
    with pytest.raises(ValueError, match="eps"):
        Clusters(300, 2)
