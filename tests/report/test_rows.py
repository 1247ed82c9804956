import re

from report.made_up_findings import make_finding, make_hit, webp
from report.test_places import rows_of, sheet
from tutela.model import (
    FrameInfo,
    ListInfo,
    MediaType,
    Near,
    Problem,
    ProblemKind,
    Purpose,
    Span,
    Threshold,
    Unhashable,
)
from tutela.report.rows import problem_row, row

LISTS = {"Partners": ListInfo("Partners", "", Purpose.KNOWN, {"pdq": Threshold(24)}, 7)}


def near(**changes):
    return make_finding(Near(make_hit(**changes), ("Twelve bits.",)))


def test_a_hit_says_list_grade_distance_frame_orientation_and_why():
    line = row(near(), LISTS)
    for told in ("Partners", "INHOPE baseline", "seen twice", "12 bits", "of 24 allowed", "turned 90°", "Twelve bits."):
        assert told in line


def test_a_row_is_one_line_whatever_the_name():
    line = row(make_finding(name="a\nb\u2028c\x85d"), LISTS)
    assert line.endswith("\n")
    assert len(line.splitlines()) == 1


def test_the_distance_is_drawn_as_a_share_of_what_is_allowed():
    assert 'class="part" width="32.0"' in row(near(distance=12), LISTS)
    assert "<svg" not in row(near(distance=12), {})


def test_own_digests_are_there_and_perceptual_hashes_are_not():
    line = row(near(), LISTS)
    assert bytes(range(32)).hex() in line
    assert bytes(range(100, 132)).hex() not in line


def test_an_entry_keyed_by_its_hash_is_not_given_away():
    line = row(near(entry_key="c0ffee00" * 8), LISTS)
    assert "c0ffee00…" in line
    assert "c0ffee00c0" not in line


def test_a_picture_is_behind_a_box_of_its_own_that_says_whose_it_is():
    finding = make_finding(Near(make_hit(), ()), name="/x/'\"<.jpg", thumbnail=webp())
    line = row(finding, LISTS)
    assert line.count('type="checkbox"') == 1
    assert 'aria-label="Show the picture &#x27;&quot;&lt;.jpg"' in line
    assert 'src="data:image/webp;base64,' in line


def test_a_hit_without_picture_says_so():
    assert "no picture" in row(near(), LISTS)


def test_nobody_need_see_what_no_list_has():
    assert "<img" not in row(make_finding(thumbnail=webp()), LISTS)


def test_other_hits_are_folded_and_limited():
    others = tuple(make_hit(list_name=f"List {n}") for n in range(30))
    finding = make_finding(Near(make_hit(), ()), hits=(make_hit(), *others))
    line = row(finding, LISTS)
    assert "List 19" in line
    assert "List 20" not in line
    assert "and 10 more" in line


def met(*hits, **changes):
    return make_finding(Near(hits[0], ("Why.",)), hits=hits, **changes)


def film(count):
    return tuple(FrameInfo(n, 640, 360, float(n)) for n in range(count))


def test_many_hits_of_one_entry_are_summed():
    hits = [make_hit(frame=n, distance=9) for n in range(2001)]
    line = row(met(*hits, make_hit(frame=7, entry_key="P-2"), frames=film(2001), media_type=MediaType.MP4), LISTS)
    assert "entry P-1, 9 bits by PDQ, frame 2 at\u00a00:01.0, turned 90°; and 1,999 more from 0:02.0 to 33:20.0" in line
    assert "entry P-2, 12 bits" in line
    assert line.count("<li>") == 2
    assert len(line) < 20_000


def test_a_row_says_which_cell():
    line = row(met(make_hit(frame=9), make_hit(frame=2, entry_key="P-2"), frames=sheet(*rows_of(3, 4))), LISTS)
    line = line.replace("\u00a0", " ")
    assert "contact sheet, 12 cells, 2 met" in line
    assert 'cell 9 of 12<span class="facts">row 3, column 1</span>' in line
    assert '<span class="facts">198 \u00d7 150 px at 8, 318</span>' in line
    assert "P-2, 12 bits by PDQ, cell 2 of 12 (row 1, column 2), 198 \u00d7 150 px at 214, 6" in line
    assert "contact sheet, 12 cells, 2 met; sure to 98 %" in line


def test_a_hit_beyond_the_threshold_is_not_drawn_as_one_within():
    line = row(
        met(*[make_hit(frame=n, distance=40, joint=True) for n in (1, 2, 3)], frames=sheet(*rows_of(1, 4))), LISTS
    )
    assert "40 bits" in line
    assert "beyond the 24 allowed: counts only together with the other cells, by PDQ" in line
    assert "of 24 allowed" not in line
    mark, part = (float(re.search(f'class="{name}" (?:x|width)="([^"]+)"', line)[1]) for name in ("mark-at", "part"))
    assert mark < part < 64
    assert "beyond the list&#x27;s threshold: counts only together" in line  # among what was also met


def test_stretches_stand_between_the_row_and_its_particulars():
    span = Span("Partners", "P-1", Purpose.KNOWN, 1.0, 3.0, 0.0, 2.0, 3, 4.0)
    line = row(met(make_hit(frame=2), frames=film(9), spans=(span,), media_type=MediaType.MP4), LISTS)
    assert line.count("<tr") == 3
    assert line.index('class="along"') < line.index('class="more"')
    assert '<td class="look" rowspan="3">' in line
    assert line.count("<tbody>") == 1
    assert 'rowspan="2"' in row(near(), LISTS)
    assert "0:08.0" in line


def test_a_sheet_that_no_list_has_is_told_to_be_one():
    assert "contact sheet, 12 cells<" in row(make_finding(frames=sheet(*rows_of(3, 4))), LISTS)


def test_reasons_call_a_frame_as_its_column_does():
    reason = "Frame 2 lies 12 bits of PDQ from an entry."
    line = row(make_finding(Near(make_hit(frame=2), (reason,)), frames=film(9), media_type=MediaType.MP4), LISTS)
    assert "frame 3 at" in line
    assert "Frame 3 lies 12 bits" in line


def test_particulars_tell_quality_and_what_could_not_be_had():
    finding = make_finding(Near(make_hit(), ()), unhashable=(Unhashable("pdq", "flat picture", 2),))
    assert "93 of 100" in row(finding, LISTS)
    assert "flat picture" in row(finding, LISTS)


def test_a_problem_has_its_file_kind_and_place():
    line = problem_row(make_finding(name="<x>"), Problem(ProblemKind.CRASH, "frame 3", "It died."))
    for told in ("&lt;x&gt;", "crash", "frame 3", "It died."):
        assert told in line
