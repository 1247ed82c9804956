import numpy as np

from tutela.media.moments import LONGEST, Moments
from tutela.media.sampling import Sampling

DARK, LIGHT = np.full((60, 80), 30, np.uint8), np.full((60, 80), 200, np.uint8)


def taken(mode, moments, picture, rate=1.0):
    chooser = Moments(Sampling(mode, rate))
    return [at for at in moments if chooser.may_take(at) and chooser.take(at, picture(at))]


def test_the_rate_keeps_to_its_grid():
    moments = np.arange(0, 10, 1 / 30)
    assert np.allclose(taken("rate", moments, lambda _: DARK), np.arange(10), atol=0.034)
    assert np.allclose(taken("rate", moments, lambda _: DARK, 4.0), np.arange(0, 10, 0.25), atol=0.034)


def test_after_a_hole_the_grid_begins_anew():
    assert taken("rate", [0.0, 0.5, 7.7, 7.9, 8.6, 8.7], lambda _: DARK) == [0.0, 7.7, 8.7]


def test_a_still_is_taken_once_a_minute():
    assert taken("scenes", np.arange(0, 200, 0.5), lambda _: DARK) == [0, LONGEST, 2 * LONGEST, 3 * LONGEST]


def test_a_cut_is_taken_at_once():
    moments = np.arange(0, 4, 0.1)
    found = taken("scenes", moments, lambda at: DARK if at < 1.45 else LIGHT)
    assert np.allclose(found, [0, 1.5])


def test_flashes_are_no_scenes():
    moments = np.arange(0, 2, 0.02)
    found = taken("scenes", moments, lambda at: DARK if int(at / 0.02) % 2 else LIGHT)
    assert len(found) <= 11


def test_all_is_all():
    assert len(taken("all", np.arange(0, 1, 0.01), lambda _: DARK)) == 100


def test_tiny_pictures_are_compared_too():
    assert taken("scenes", [0.0, 1.0], lambda _: np.zeros((1, 65535), np.uint8)) == [0.0]
