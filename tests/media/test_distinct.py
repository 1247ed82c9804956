import numpy as np

from tutela.media.distinct import Distinct


def test_shape_and_pixels_both_count():
    distinct = Distinct(several=True)
    one = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert distinct.add(one)
    assert not distinct.add(one.copy())
    assert distinct.add(one.reshape(4, 3))
    other = one.copy()
    other[2, 3] += 1
    assert distinct.add(other)
    assert len(distinct) == 3


def test_a_single_frame_costs_nothing():
    distinct = Distinct(several=False)
    one = np.zeros((3, 4), np.uint8)
    assert distinct.add(one)
    assert distinct.add(one)
    assert len(distinct) == 0
