import numpy as np
import pytest

from engine.tracks import film, noisy
from tutela.engine.cell_order import COUNTED, Cells, KnownFrames, align_cells, different

CODES = film(150)  # 600 frames
TIMES = np.arange(600.0)


def known(codes=CODES, faint=False):
    return KnownFrames(np.arange(float(len(codes))), codes, np.full(len(codes), faint))


def cells(codes, faint=False, cell=None):
    return Cells(codes, np.arange(len(codes)) if cell is None else np.array(cell), np.full(len(codes), faint))


@pytest.mark.parametrize("bits", [0, 31, COUNTED])
def test_cells_in_order_are_found_though_each_is_weak(bits):
    places = np.arange(40, 360, 20)
    chain = align_cells(cells(noisy(CODES[places], bits)), known())
    assert chain is not None
    assert (chain.known_start, chain.known_end) == (40, 340)
    assert chain.cells == tuple(range(16))
    assert chain.distances == (bits,) * 16


def test_cells_that_count_for_nothing_belong_to_a_chain_of_others():
    places = [10, 60, 110, 160, 210]
    near, far = noisy(CODES[places], 30), noisy(CODES[places], 58)
    assert align_cells(cells(far), known()) is None
    far[:4] = near[:4]
    chain = align_cells(cells(far), known())
    assert chain is not None
    assert chain.distances == (30, 30, 30, 30, 58)
    assert chain.known_end == 210


def test_cells_between_others_are_found_too():
    codes = film(5, 7)
    codes[[2, 5, 9, 14]] = noisy(CODES[[10, 20, 30, 40]], 35)
    chain = align_cells(cells(codes), known())
    assert chain is not None
    assert chain.cells == (2, 5, 9, 14)


def test_the_best_cut_of_a_cell_counts():
    places = [100, 200, 300, 400]
    codes = np.stack([film(1, 7), noisy(CODES[places], 20), film(1, 8)], axis=1).reshape(-1, 32)
    chain = align_cells(cells(codes, cell=np.repeat([0, 3, 4, 9], 3)), known())
    assert chain is not None
    assert chain.cells == (0, 3, 4, 9)
    assert chain.distances == (20,) * 4


def test_cells_out_of_order_are_not():
    assert align_cells(cells(noisy(CODES[[400, 300, 200, 100]], 45)), known()) is None


@pytest.mark.parametrize("number", [0, 1, 2])
def test_two_cells_are_too_few(number):
    assert align_cells(cells(noisy(CODES[[100, 200][:number]], 5)), known()) is None


def test_nothing_is_known_of_a_video_without_frames():
    assert align_cells(cells(CODES[:9]), known(CODES[:0])) is None


def test_the_same_cell_many_times_is_no_evidence():
    same = cells(noisy(np.repeat(CODES[100:101], 16, axis=0), 5))
    assert align_cells(same, known()) is None
    still = known(np.repeat(CODES[100:101], 600, axis=0))
    assert align_cells(cells(noisy(np.repeat(CODES[100:101], 16, axis=0), 20)), still) is None


def test_strangers_are_never_found():
    chance = np.random.default_rng(5)
    for seed in range(300):
        assert align_cells(cells(film(chance.integers(1, 25), 100 + seed)), known()) is None


def test_a_repeated_cell_belongs_to_the_chain():
    codes = np.concatenate([CODES[:12], CODES[11:599]])
    chain = align_cells(cells(noisy(CODES[[10, 11, 11, 50, 90]], 3)), known(codes))
    assert chain is not None
    assert len(chain.cells) == 5


@pytest.mark.parametrize("side", ["cells", "video"])
def test_faint_pictures_must_be_more(side):
    places = np.arange(40, 540, 100)
    faint = {"cells": (True, False), "video": (False, True)}[side]
    for number, is_found in ((4, False), (5, True)):
        asked = cells(noisy(CODES[places[:number]], 10), faint[0])
        assert (align_cells(asked, known(faint=faint[1])) is not None) is is_found


def test_the_longer_a_video_is_the_more_is_asked_for():
    short, long = known(CODES[:100]), known(film(10_000, 3))
    long.codes[:100] = short.codes
    asked = cells(noisy(CODES[[10, 40, 70]], 31))
    assert align_cells(asked, short) is not None
    assert align_cells(asked, long) is None


def test_of_many_cells_more_must_follow():
    few, many = film(2, 7), film(12, 7)
    few[[1, 3, 5, 7]] = many[[1, 3, 5, 7]] = noisy(CODES[[10, 20, 30, 40]], 40)
    assert align_cells(cells(few), known()) is not None
    assert align_cells(cells(many), known()) is None


def test_shots_are_counted_not_frames():
    assert different(np.repeat(CODES[:7], 50, axis=0)) == 7
