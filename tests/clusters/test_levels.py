import numpy as np

from clusters.plain import all_distances, mixed
from tutela.clusters.levels import Levels


def test_every_neighbour_is_found_once_whatever_the_steps():
    codes = mixed(300, seed=8)
    levels, at = Levels(), 0
    for step in (1, 1, 100, 3, 50, 145):
        levels.add(codes[at : at + step], np.arange(at, at + step))
        at += step
    assert levels.rows == 300
    found = [np.stack(piece, axis=1) for piece in levels.search(codes[:40], 31)]
    rows = np.concatenate(found)
    expected = all_distances(codes)[:40]
    assert {tuple(row) for row in rows.tolist()} == {
        (query, slot, int(expected[query, slot])) for query, slot in zip(*np.nonzero(expected <= 31), strict=True)
    }
    assert len(rows) == (expected <= 31).sum()


def test_nothing_holds_nothing():
    levels = Levels()
    levels.add(np.zeros((0, 32), np.uint8), np.zeros(0, np.int64))
    assert levels.rows == 0
    assert list(levels.search(np.zeros((2, 32), np.uint8), 31)) == []
