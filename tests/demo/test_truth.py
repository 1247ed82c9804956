import pytest

from tutela.demo.truth import COUNTED, DemoFile, DemoTruth, Group

TRUTH = DemoTruth(
    seed=3,
    known=("a", "b"),
    benign=("c",),
    strangers=("é",),
    files=(
        DemoFile("edit-a.jpg", Group.EDIT, "crop-1", "a", ("near", "known")),
        DemoFile("x.gif", Group.DAMAGED, "empty", None, ("unreadable",), frame=2, problem=True),
    ),
    left_out=("heic-q80",),
)


def test_what_is_written_is_read_back(tmp_path):
    TRUTH.write(tmp_path / "truth.json")
    assert DemoTruth.read(tmp_path / "truth.json") == TRUTH


def test_a_file_that_is_no_truth_is_refused(tmp_path):
    (tmp_path / "truth.json").write_text('{"seed": 1}')
    with pytest.raises(KeyError):
        DemoTruth.read(tmp_path / "truth.json")


def test_only_what_should_be_found_counts():
    assert set(COUNTED) == {Group.EXACT, Group.FORMAT, Group.COMPOSITE, Group.EDIT, Group.ORIENTATION}
