import pytest

from report.made_up_findings import make_finding, make_hit
from tutela.engine.matching import decide
from tutela.model import Box, FrameInfo, MediaType, Purpose
from tutela.report.places import Places


def sheet(*boxes, layout="grid", number=0, first=1, width=830, height=474, confidence=0.98):
    """A sheet and its cells, (x, y, width, height)."""
    cells = [
        FrameInfo(first + n, box[2], box[3], parent=number, cell=Box(*box), confidence=0.9)
        for n, box in enumerate(boxes)
    ]
    return (FrameInfo(number, width, height, layout=layout, confidence=confidence), *cells)


def rows_of(rows, columns):
    return [(8 + 206 * c, 6 + 156 * r, 198, 150) for r in range(rows) for c in range(columns)]


def places(frames, *hits, **changes):
    return Places(make_finding(frames=frames, hits=hits, **changes))


def of(where, **changes):
    return where.of(make_hit(**changes)).replace("\u00a0", " ")


def test_whole_files_and_pictures():
    assert of(places((FrameInfo(0, 4, 3),)), frame=None) == "the whole file"
    assert of(places((FrameInfo(0, 4, 3),)), frame=0) == "the picture"
    pages = places((FrameInfo(0, 4, 3), FrameInfo(1, 4, 3)))
    assert of(pages, frame=0) == "frame 1 of 2"
    assert of(pages, frame=1) == "frame 2 of 2"


def test_an_animations_frames_are_counted_and_timed():
    animation = places(tuple(FrameInfo(n, 4, 3, n * 0.4) for n in range(12)))
    assert of(animation, frame=3) == "frame 4 of 12 at 0:01.2"


def test_frames_left_out_for_looking_like_others_are_counted_all_the_same():
    assert of(places((FrameInfo(0, 4, 3, 0.0), FrameInfo(9, 4, 3, 0.9))), frame=9) == "frame 10 of 10 at 0:00.9"


def test_nobody_knows_how_many_frames_a_video_has():
    video = places((FrameInfo(0, 4, 3, 0.0), FrameInfo(150, 4, 3, 3605.0)), media_type=MediaType.MP4)
    assert of(video, frame=150) == "frame 151 at 1:00:05"


def test_a_cell_is_told_by_its_place_on_the_sheet():
    where = places(sheet(*rows_of(3, 4)))
    assert of(where, frame=9) == "cell 9 of 12 (row 3, column 1), 198 × 150 px at 8, 318"  # noqa: RUF001
    assert where.parts(make_hit(frame=6))[:2] == ["cell 6 of 12", "row 2, column 2"]
    assert where.in_cell(make_hit(frame=9))
    assert not where.in_cell(make_hit(frame=0))
    assert of(where, frame=0) == "the picture"


def test_a_missing_cell_leaves_its_column_empty():
    boxes = rows_of(2, 3)
    del boxes[1]
    where = places(sheet(*boxes))
    assert "(row 1, column 3)" in of(where, frame=2)
    assert "(row 2, column 1)" in of(where, frame=3)


def test_cells_that_jitter_stay_on_their_line():
    boxes = [(x + n % 3, y - n % 2, w - n % 4, h) for n, (x, y, w, h) in enumerate(rows_of(4, 5))]
    where = places(sheet(*boxes))
    assert [where.parts(make_hit(frame=n))[1] for n in (1, 5, 6, 20)] == [
        "row 1, column 1",
        "row 1, column 5",
        "row 2, column 1",
        "row 4, column 5",
    ]


@pytest.mark.parametrize("layout", ["mosaic", "another"])
def test_what_does_not_lie_in_rows_has_none(layout):
    where = places(sheet((0, 0, 600, 800), (610, 0, 290, 395), (610, 405, 290, 395), layout=layout))
    assert of(where, frame=3) == "cell 3 of 3, 290 × 395 px at 610, 405"  # noqa: RUF001


def test_a_grid_of_which_two_cells_would_share_a_place_has_no_rows():
    assert "row" not in of(places(sheet((0, 0, 100, 100), (10, 0, 100, 100), (200, 0, 100, 100))), frame=1)


def test_a_picture_within_a_page():
    where = places(sheet((90, 500, 900, 600), layout="embedded"))
    assert of(where, frame=1).startswith("the picture within the page, 900")
    two = places(sheet((90, 0, 900, 600), (90, 700, 900, 600), layout="embedded"))
    assert of(two, frame=2).startswith("picture 2 of 2 within the page, 900")


def test_a_sheet_among_frames_says_which():
    frames = (FrameInfo(0, 9, 9), *sheet(*rows_of(1, 2), number=1, first=2))
    assert "(row 1, column 2), in frame 2 of 2, 198" in of(places(frames), frame=3)


@pytest.mark.parametrize(
    ("layout", "count", "met", "told"),
    [
        ("grid", 4, 3, "contact sheet, 4 cells, 3 met"),
        ("grid", 2, 0, "contact sheet, 2 cells"),
        ("mosaic", 1, 1, "mosaic, 1 cell, 1 met"),
        ("embedded", 1, 1, "1 picture within a page, 1 met"),
        ("embedded", 3, 1, "3 pictures within a page, 1 met"),
        ("another", 2, 1, "sheet, 2 cells, 1 met"),
        ("grid", 0, 0, "contact sheet, not cut into cells"),
    ],
)
def test_sheets_in_a_line(layout, count, met, told):
    hits = [make_hit(frame=n, list_name=name) for n in range(1, met + 1) for name in ("a", "b")]
    assert places(sheet(*rows_of(1, count), layout=layout), *hits, make_hit(frame=0)).sheets_told() == told


def test_several_sheets_are_summed():
    frames = (*sheet(*rows_of(1, 2), first=10), *sheet(*rows_of(1, 3), number=1, first=20, layout="mosaic"))
    assert places(frames, make_hit(frame=20), make_hit(frame=10)).sheets_told() == "2 sheets, 5 cells, 2 met"
    assert places((FrameInfo(0, 4, 3),)).sheets_told() == ""


def test_a_cell_whose_sheet_is_missing_is_a_frame():
    lost = FrameInfo(5, 10, 10, parent=4, cell=Box(0, 0, 10, 10))
    assert of(places((FrameInfo(0, 4, 3), lost)), frame=5).startswith("frame 6")


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("Frame 3 lies 4 bits of PDQ.", "Cell 3 of 4 lies 4 bits of PDQ."),
        ("Frame 0 lies 4 bits of PDQ.", "The picture lies 4 bits of PDQ."),
        ("Frame 3, laid as rotate-90, lies 4 bits.", "Cell 3 of 4, laid as rotate-90, lies 4 bits."),
        ("The bytes of frame 3 equal an entry.", "The bytes of cell 3 of 4 equal an entry."),
        (
            "The benign list wins, because the known entry is not nearer: frame 3 lies 9 bits",
            "The benign list wins, because the known entry is not nearer: cell 3 of 4 lies 9 bits",
        ),
        ("It is on the list 'Frame 3 lies '.", "It is on the list 'Frame 3 lies '."),
        ("Frame 3 of nothing.", "Frame 3 of nothing."),
    ],
)
def test_reasons_name_frames_as_the_columns_do(reason, told):
    assert places(sheet(*rows_of(1, 4))).reworded(reason) == told


def test_the_sentences_of_the_engine_are_those_that_are_reworded():
    """Fails when the engine begins to say it in other words."""
    from_engine = decide([make_hit(frame=3)], readable=True).reasons[0]
    assert (
        places(sheet(*rows_of(1, 4))).reworded(from_engine).startswith("Cell 3 of 4, laid as rotate-90, lies 12 bits")
    )
    covered = [make_hit(frame=3, distance=12), make_hit(frame=3, distance=2, purpose=Purpose.BENIGN)]
    for reason in decide(covered, readable=True).reasons[:2]:
        told = places(sheet(*rows_of(1, 4))).reworded(reason)
        assert "ell 3 of 4" in told
        assert "rame 3" not in told
    exact = decide([make_hit(frame=3, kind="sha256", distance=0)], readable=True).reasons[0]
    assert places(sheet(*rows_of(1, 4))).reworded(exact).startswith("The bytes of cell 3 of 4 equal")
