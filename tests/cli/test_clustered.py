from tutela.cli.clustered import Clustered, group_to_json
from tutela.clusters import dbscan, groups
from tutela.model import Finding, FrameInfo, NothingFound, Signal
from tutela.report import KeptPictures


def finding(name, signals, frames=(), thumbnail=None):
    return Finding(name, 1, None, tuple(frames), tuple(signals), (), (), NothingFound(), (), thumbnail=thumbnail)


def pdq(byte, frame=0):
    return Signal("pdq", bytes([byte] * 32), 90, frame)


def test_a_name_that_is_no_text_keeps_its_bytes():
    clustered = Clustered(50)
    clustered.add(finding("caf\udce9.jpg", [pdq(1)]))
    clustered.add(finding("café.jpg", [pdq(1)]))
    (group,) = groups(clustered.codes(), dbscan(clustered.codes(), 31, 2), order=clustered.order())
    (record,) = group_to_json(group, clustered)
    assert [one["name"] for one in record["members"]] == ["caf\ufffd.jpg", "café.jpg"]
    assert record["members"][0]["name_bytes"] == "Y2Fm6S5qcGc="
    assert "name_bytes" not in record["members"][1]


def test_the_thumbnail_is_that_of_the_first_frame(tmp_path):
    with KeptPictures(tmp_path) as kept:
        clustered = Clustered(50, kept)
        clustered.add(finding("text", [], thumbnail=b"none of a hash"))
        frames = [FrameInfo(3, 9, 9, 0.0), FrameInfo(4, 9, 9, 1.0)]
        clustered.add(finding("film", [pdq(1, 3), pdq(2, 4)], frames, thumbnail=b"small"))
        clustered.add(finding("bare", [pdq(3)]))
        assert [clustered.member(row).thumbnail for row in range(3)] == [b"small", None, None]
    assert Clustered(50).codes().shape == (0, 32)


def test_what_no_decision_may_rest_on_says_why():
    clustered = Clustered(95)
    clustered.add(finding("a", [pdq(1)]))
    assert clustered.place_to_json(0) == {"name": "a", "frame": 0, "time": None, "unfit": "quality 90"}
