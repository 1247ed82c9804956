import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.plain import flipped, labels_by_definition, mixed
from tutela import _kernel
from tutela.clusters import dbscan


@pytest.mark.parametrize("path", _kernel.paths())
@pytest.mark.parametrize("count", [1, 40, 511, 1300])  # one bucket, and many
@pytest.mark.parametrize("eps", [0, 10, 31, 62, 100])
def test_labels_are_those_of_the_definition(path, count, eps):
    codes = mixed(count, seed=count + eps)
    able = np.random.default_rng(eps).random(count) < 0.8
    _kernel.use_path(path)
    try:
        for min_pts in (1, 2, 6):
            for core in (None, able):
                found = dbscan(codes, eps, min_pts, core=core)
                assert found.dtype == np.int64
                assert np.array_equal(found, labels_by_definition(codes, eps, min_pts, core))
    finally:
        _kernel.use_path("auto")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 255), max_size=12), min_size=1, max_size=40),
    st.integers(0, 40),
    st.integers(1, 5),
)
def test_small_sets(flips, eps, min_pts):
    codes = np.stack([flipped(np.zeros(32, np.uint8), bits) for bits in flips])
    assert np.array_equal(dbscan(codes, eps, min_pts), labels_by_definition(codes, eps, min_pts))


def test_copies_count_each():
    codes = np.zeros((4, 32), np.uint8)
    codes[3] = flipped(codes[3], range(31))
    assert dbscan(codes, 31, 4).tolist() == [0, 0, 0, 0]
    assert dbscan(codes, 30, 4).tolist() == [-1, -1, -1, -1]
    assert dbscan(codes, 30, 3).tolist() == [0, 0, 0, -1]


def test_a_border_joins_its_nearest_core_and_of_equal_ones_the_first():
    origin = np.zeros(32, np.uint8)
    left, right = flipped(origin, range(20)), flipped(origin, range(40, 61))
    codes = np.stack([right, right, left, left, origin])
    never = np.array([True, True, True, True, False])
    assert dbscan(codes, 25, 2, core=never).tolist() == [0, 0, 1, 1, 1]
    even = flipped(origin, range(40, 60))
    assert dbscan(np.stack([even, even, left, left, origin]), 25, 2, core=never).tolist() == [0, 0, 1, 1, 0]


def test_what_is_never_core_links_nothing():
    codes = np.stack([flipped(np.zeros(32, np.uint8), range(n)) for n in (0, 0, 20, 40, 40)])
    assert dbscan(codes, 20, 2).tolist() == [0, 0, 0, 0, 0]
    bridge = np.array([True, True, False, True, True])
    assert dbscan(codes, 20, 2, core=bridge).tolist() == [0, 0, 0, 1, 1]
    assert dbscan(codes, 20, 2, core=np.zeros(5, np.bool_)).tolist() == [-1] * 5


def test_memory_does_not_grow_with_the_pairs():
    # All within reach of each other: every pair would be 20,000 squared.
    random = np.random.default_rng(3)
    bits = np.zeros((20_000, 256), np.uint8)
    for _ in range(8):
        bits[np.arange(20_000), random.integers(0, 256, 20_000)] ^= 1
    assert not dbscan(np.packbits(bits, axis=1), 31, 5).any()


def test_progress_rises_to_one_and_may_end_the_work():
    codes = mixed(3000, seed=1)
    told = []
    dbscan(codes, 31, 2, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1

    def stop(done):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        dbscan(codes, 31, 2, progress=stop)


def test_nothing_is_no_cluster():
    assert dbscan(np.zeros((0, 32), np.uint8), 31, 2).tolist() == []


@pytest.mark.parametrize(
    ("codes", "eps", "min_pts", "core"),
    [
        (np.zeros((3, 31), np.uint8), 31, 2, None),
        (np.zeros((3, 32), np.int8), 31, 2, None),
        (np.zeros((3, 32), np.uint8), -1, 2, None),
        (np.zeros((3, 32), np.uint8), 257, 2, None),
        (np.zeros((3, 32), np.uint8), 31, 0, None),
        (np.zeros((3, 32), np.uint8), 31, 2, np.ones(2, np.bool_)),
        (np.zeros((3, 32), np.uint8), 31, 2, np.ones(3, np.uint8)),
    ],
)
def test_what_is_refused(codes, eps, min_pts, core):
    with pytest.raises(ValueError, match=r"must be|needed"):
        dbscan(codes, eps, min_pts, core=core)
