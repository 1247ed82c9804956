import numpy as np

from tutela.cli.clustered import Clustered, group_to_json
from tutela.clusters import dbscan, groups
from tutela.model import Box, Finding, FrameInfo, NothingFound, Orientation, Signal


def finding(name, signals, frames=()):
    return Finding(name, 1, None, tuple(frames), tuple(signals), (), (), NothingFound(), ())


def pdq(byte, frame=0, quality=90, **more):
    return Signal("pdq", bytes([byte] * 32), quality, frame, **more)


def test_one_hash_a_frame_as_it_lies():
    clustered = Clustered(50)
    turned = pdq(9, orientation=Orientation.ROTATE_90)
    clustered.add(finding("a", [Signal("md5", bytes(16)), pdq(1), turned, pdq(2), pdq(3, frame=1)]))
    assert clustered.codes()[:, 0].tolist() == [1, 3]


def test_a_cell_has_the_time_of_its_sheet_and_order_follows_time():
    clustered = Clustered(50)
    frames = [
        FrameInfo(0, 9, 9, 5.0),
        FrameInfo(1, 9, 9, 2.0),
        FrameInfo(2, 3, 3, None, None, 1, Box(0, 0, 3, 3)),
    ]
    clustered.add(finding("film", [pdq(1, 0), pdq(2, 1), pdq(3, 2)], frames))
    clustered.add(finding("still", [pdq(4)]))
    assert [clustered.member(row).time for row in range(4)] == [5.0, 2.0, 2.0, None]
    assert clustered.order().tolist() == [2, 0, 1, 3]


def test_a_name_that_is_no_text_keeps_its_bytes():
    clustered = Clustered(50)
    clustered.add(finding("caf\udce9.jpg", [pdq(1)]))
    clustered.add(finding("café.jpg", [pdq(1)]))
    (group,) = groups(clustered.codes(), dbscan(clustered.codes(), 31, 2), order=clustered.order())
    (record,) = group_to_json(group, clustered)
    assert [one["name"] for one in record["members"]] == ["caf\ufffd.jpg", "café.jpg"]
    assert record["members"][0]["name_bytes"] == "Y2Fm6S5qcGc="
    assert "name_bytes" not in record["members"][1]


def test_nothing_gathered():
    clustered = Clustered(50)
    assert clustered.codes().shape == (0, 32)
    assert np.array_equal(clustered.good(), np.zeros(0, np.bool_))
    assert clustered.order().tolist() == []
