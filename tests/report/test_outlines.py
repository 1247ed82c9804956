import re

from report.made_up_findings import make_finding, make_hit, webp
from report.test_places import rows_of, sheet
from tutela.model import FrameInfo, Near
from tutela.report.outlines import outlines, picture
from tutela.report.places import Places


def drawn(frames, *met, thumbnail=None):
    hits = tuple(make_hit(frame=number) for number in met)
    finding = make_finding(Near(hits[0], ()), frames=frames, hits=hits, thumbnail=thumbnail)
    return picture(finding, Places(finding))


def paths(markup):
    return dict(re.findall(r'<path class="(\w+)" d="([^"]*)"', markup))


def test_the_cells_that_were_met_are_outlined_and_the_others_faintly():
    markup = drawn(sheet(*rows_of(3, 4)), 9, 2, thumbnail=webp())
    assert 'viewBox="0 0 830 474"' in markup
    assert paths(markup)["met"] == "M214 6h198v150h-198zM8 318h198v150h-198z"
    assert paths(markup)["halo"] == paths(markup)["met"]
    assert paths(markup)["cell"].count("z") == 10


def test_the_drawing_lies_over_the_picture_and_stays_without_one():
    with_picture = drawn(sheet(*rows_of(1, 2)), 1, thumbnail=webp())
    assert with_picture.index("<img") < with_picture.index('class="outlines"')
    without = drawn(sheet(*rows_of(1, 2)), 1)
    assert "<img" not in without
    assert "<input" not in without
    assert 'class="outlines"' in without


def test_a_sheet_of_which_no_cell_was_met_is_not_drawn_upon():
    assert "<svg" not in drawn(sheet(*rows_of(1, 2)), 0, thumbnail=webp())
    assert "no picture" in drawn(sheet(*rows_of(1, 2)), 0)


def test_the_thumbnail_shows_the_first_frame_so_other_sheets_are_not_drawn_upon_it():
    frames = (FrameInfo(0, 9, 9), *sheet(*rows_of(1, 2), number=1, first=2))
    assert "<svg" not in drawn(frames, 2, thumbnail=webp())


def test_a_drawing_is_no_larger_than_its_cells_are_many():
    hit = make_hit(frame=1)
    finding = make_finding(Near(hit, ()), frames=sheet(*rows_of(16, 32)), hits=(hit,) * 5000)
    assert len(outlines(finding, Places(finding))) < 512 * 30 + 1000
