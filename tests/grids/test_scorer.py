import numpy as np

from tutela.grids.scorer import confidence


def features(**changed):
    """Those of a plain sheet of twelve cells."""
    plain = [2.5, 0.9, 0.95, 0.9, 0.9, 0.95, 1, 1, 0, 0.4, 0.3, 0.5, 40, 50, 1.2, 0, 4, 5, 4.8, 1.4, 30, 0.9, 0, 0]
    for place, value in changed.items():
        plain[int(place[1:])] = value
    return np.array(plain, np.float32)


def test_a_plain_sheet_is_believed():
    assert confidence(features()) > 0.9


def test_two_doubtful_cells_alike_are_not():
    doubtful = features(
        f0=0.7, f2=0.45, f3=0.4, f4=0.3, f5=0.4, f6=0, f12=8, f13=2, f14=0.2, f15=0.9, f16=1, f20=2, f21=0.4
    )
    assert confidence(doubtful) < 0.5


def test_it_is_always_a_share():
    for value in (-1e6, 0, 1e6):
        assert 0 <= confidence(np.full(24, value, np.float32)) <= 1
