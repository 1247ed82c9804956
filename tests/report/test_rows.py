from report.made_up_findings import make_finding, make_hit, webp
from tutela.model import ListInfo, Near, Problem, ProblemKind, Purpose, Threshold, Unhashable
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


def test_particulars_tell_quality_and_what_could_not_be_had():
    finding = make_finding(Near(make_hit(), ()), unhashable=(Unhashable("pdq", "flat picture", 2),))
    assert "93 of 100" in row(finding, LISTS)
    assert "flat picture" in row(finding, LISTS)


def test_a_problem_has_its_file_kind_and_place():
    line = problem_row(make_finding(name="<x>"), Problem(ProblemKind.CRASH, "frame 3", "It died."))
    for told in ("&lt;x&gt;", "crash", "frame 3", "It died."):
        assert told in line
