import pytest

from tutela.demo.truth import COUNTED, DemoFile, DemoTruth, Group, Shown
from tutela.model import Box, FrameInfo

TRUTH = DemoTruth(
    seed=3,
    known=("a", "b"),
    benign=("c",),
    strangers=("é",),
    files=(
        DemoFile("edit-a.jpg", Group.EDIT, "crop-1", "a", ("near", "known"), shown=Shown(("a", "é"), columns=2)),
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


def test_one_photograph_is_all_that_a_file_shows():
    sheet = FrameInfo(3, 40, 30)
    assert Shown(("a",)).photograph(sheet) == "a"
    assert Shown(("a",)).photograph(FrameInfo(9, 4, 3, None, None, 3, Box(0, 0, 4, 3)), sheet) == "a"


def test_a_sheet_is_read_row_by_row_and_shows_none_as_a_whole():
    shown = Shown(("a", "b", "c", "d", "e"), columns=2)
    sheet = FrameInfo(0, 200, 330)
    boxes = [Box(x, y, 90, 100) for y in (5, 115, 225) for x in (5, 105)][:5]
    cells = [FrameInfo(number + 1, 90, 100, None, None, 0, box) for number, box in enumerate(boxes)]
    assert [shown.photograph(cell, sheet) for cell in cells] == list("abcde")
    assert shown.photograph(sheet) is None


def test_videos_are_read_by_time_and_pages_by_number():
    video = Shown(("a", "b"), seconds=1.5)
    assert [video.photograph(FrameInfo(n, 4, 3, t)) for n, t in enumerate((0.0, 1.375, 1.5, 2.9, 3.1))] == list("aabbb")
    pages = Shown(("a", "b", "c"))
    assert [pages.photograph(FrameInfo(number, 4, 3)) for number in range(3)] == list("abc")
