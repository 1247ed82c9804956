import numpy as np
import pytest

from grids.sheets import sheet
from tutela import _kernel
from tutela.grids.scorer import choose
from tutela.grids.separation import luma


def readings(pixels):
    return np.stack([features for _, features in _kernel.separate(_kernel.Evidence(pixels))])


def test_a_plain_sheet_is_believed():
    pixels, boxes = sheet(4, 3, 160, 120, 5)
    best, sure = choose(readings(luma(pixels)))
    assert sure > 0.9
    assert _kernel.separate(_kernel.Evidence(luma(pixels)))[best][0].size == len(boxes) * 5


def test_noise_is_not():
    pixels = np.random.default_rng(1).integers(0, 255, (300, 400)).astype(np.uint8)
    rows = _kernel.separate(_kernel.Evidence(pixels))
    assert not rows or choose(readings(pixels))[1] < 0.5


@pytest.mark.parametrize("value", [-1e6, 0, 1e6])
def test_it_is_always_a_share(value):
    best, sure = choose(np.full((3, 59), value, np.float32))
    assert best in range(3)
    assert 0 <= sure <= 1


ONE = {"feature": [0, -1, -1], "split": [0.5, -1.0, 2.0], "left": [1, 0, 0], "right": [2, 0, 0], "roots": [0]}


def test_a_forest_sums_its_leaves():
    forest = _kernel.Forest(**ONE | {"roots": [0, 0, 2]}, width=2)
    assert forest.sums(np.array([[0.5, 9], [0.6, 9]], np.float32)).tolist() == [0.0, 6.0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"left": [3, 0, 0]},
        {"left": [0, 0, 0]},
        {"right": [-1, 0, 0]},
        {"roots": [3]},
        {"roots": [-1]},
        {"feature": [2, -1, -1]},
        {"feature": [-2, -1, -1]},
        {"split": [0.5, 1.0]},
    ],
)
def test_a_forest_that_leads_nowhere_is_refused(wrong):
    with pytest.raises(ValueError, match="do not lead to leaves"):
        _kernel.Forest(**ONE | wrong, width=2)


def test_rows_of_another_width_are_refused():
    with pytest.raises(ValueError, match="another number of features"):
        _kernel.Forest(**ONE, width=2).sums(np.zeros((1, 3), np.float32))
