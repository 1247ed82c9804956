import numpy as np

from tutela.clusters import Cell, Gathered, Place
from tutela.model import Box, Finding, FrameInfo, NothingFound, Orientation, Signal


def finding(name, signals, frames=()):
    return Finding(name, 1, None, tuple(frames), tuple(signals), (), (), NothingFound(), ())


def pdq(byte, frame=0, quality=90, **more):
    return Signal("pdq", bytes([byte] * 32), quality, frame, **more)


def test_one_hash_a_frame_as_it_lies():
    gathered = Gathered()
    turned = pdq(9, orientation=Orientation.ROTATE_90)
    assert gathered.add(finding("a", [Signal("md5", bytes(16)), pdq(1), turned, pdq(2), pdq(3, frame=1)])) == 0
    assert gathered.codes()[:, 0].tolist() == [1, 3]


def test_a_file_without_a_hash_is_numbered_and_has_no_row():
    gathered = Gathered()
    assert gathered.add(finding("text", [Signal("md5", bytes(16))])) is None
    assert gathered.add(finding("still", [pdq(1)])) == 1
    assert gathered.place(0) == Place("still", 1, 0, None, first=True)


def test_a_cell_has_the_time_of_its_sheet_and_order_follows_time():
    gathered = Gathered()
    frames = [
        FrameInfo(0, 9, 9, 5.0),
        FrameInfo(1, 9, 9, 2.0),
        FrameInfo(2, 3, 3, None, None, 1, Box(0, 0, 3, 3)),
    ]
    gathered.add(finding("film", [pdq(1, 0), pdq(2, 1), pdq(3, 2)], frames))
    gathered.add(finding("still", [pdq(4)]))
    places = [gathered.place(row) for row in range(4)]
    assert [place.time for place in places] == [5.0, 2.0, 2.0, None]
    assert [place.first for place in places] == [True, False, False, True]
    assert gathered.order().tolist() == [2, 0, 1, 3]
    assert [place.cell for place in places] == [None, None, Cell(1, 1, 1, None), None]


def test_no_decision_rests_on_poor_or_unfit_hashes():
    gathered = Gathered(50)
    gathered.add(finding("a", [pdq(1, 0, 50), pdq(2, 1, 49), pdq(3, 2, unfit="grid sheet")]))
    assert gathered.good().tolist() == [True, False, False]
    assert [gathered.place(row).unfit for row in range(3)] == [None, "quality 49", "grid sheet"]


def test_nothing_gathered():
    gathered = Gathered()
    assert gathered.codes().shape == (0, 32)
    assert np.array_equal(gathered.good(), np.zeros(0, np.bool_))
    assert gathered.order().tolist() == []
