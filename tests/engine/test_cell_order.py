import numpy as np
import pytest

from engine.tracks import film, noisy
from tutela.engine.cell_order import align_cells

KNOWN = film(150)  # 600 frames
TIMES = np.arange(600.0)


@pytest.mark.parametrize("bits", [0, 31, 50, 60])
def test_cells_in_order_are_found_though_each_is_weak(bits):
    places = np.arange(40, 360, 20)
    run = align_cells(noisy(KNOWN[places], bits), TIMES, KNOWN)
    assert run is not None
    assert (run.known_start, run.known_end, run.frames) == (40, 340, 16)
    assert (run.start, run.end) == (0, 15)


def test_cells_between_others_are_found_too():
    cells = film(5, 7)
    cells[[2, 5, 9, 14]] = noisy(KNOWN[[10, 20, 30, 40]], 45)
    run = align_cells(cells, TIMES, KNOWN)
    assert run is not None
    assert (run.start, run.end, run.frames) == (2, 14, 4)


def test_cells_out_of_order_are_not():
    assert align_cells(noisy(KNOWN[[400, 300, 200, 100]], 55), TIMES, KNOWN) is None


@pytest.mark.parametrize("number", [0, 1, 2])
def test_two_cells_are_too_few(number):
    assert align_cells(noisy(KNOWN[[100, 200][:number]], 5), TIMES, KNOWN) is None


def test_the_same_cell_many_times_is_no_evidence():
    assert align_cells(noisy(np.repeat(KNOWN[100:101], 16, axis=0), 5), TIMES, KNOWN) is None
    still = np.repeat(KNOWN[100:101], 600, axis=0)
    assert align_cells(noisy(np.repeat(KNOWN[100:101], 16, axis=0), 20), TIMES, still) is None


def test_strangers_are_never_found():
    chance = np.random.default_rng(5)
    for seed in range(300):
        assert align_cells(film(chance.integers(1, 25), 100 + seed), TIMES, KNOWN) is None


def test_a_repeated_cell_belongs_to_the_chain():
    run = align_cells(noisy(KNOWN[[10, 11, 11, 50, 90]], 3), TIMES, np.concatenate([KNOWN[:12], KNOWN[11:599]]))
    assert run is not None
    assert run.frames == 5
