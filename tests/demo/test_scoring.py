import pytest

from tutela.demo.scoring import Score, scored
from tutela.demo.truth import DemoFile, DemoTruth, Group
from tutela.model import (
    Finding,
    Hit,
    Known,
    ListedBenign,
    Near,
    NothingFound,
    Orientation,
    Problem,
    ProblemKind,
    Purpose,
    Unreadable,
)

NEAR = ("near", "known")


def hit(key: str = "bee", distance: int = 4, frame: int | None = 0) -> Hit:
    return Hit("demo", 1, Purpose.KNOWN, key, "pdq", distance, Orientation.ORIGINAL, frame)


def finding(name: str, verdict, *, problems: tuple[Problem, ...] = ()) -> Finding:
    return Finding(name, 10, None, (), (), (), (), verdict, problems)


def score_of(*pairs: tuple[DemoFile, Finding]) -> Score:
    truth = DemoTruth(1, (), (), (), tuple(file for file, _ in pairs))
    score = Score()
    assert len(list(scored([found for _, found in pairs], truth, score))) == len(pairs)
    return score


def file(group: Group, expected=NEAR, source: str | None = "bee", **more) -> DemoFile:
    return DemoFile("x", group, "what", source, expected, **more)


def test_a_known_picture_that_is_met_as_itself_is_right():
    score = score_of((file(Group.EDIT), finding("x", Near(hit(), ()))))
    row = score.rows[Group.EDIT, "what"]
    assert (row.files, row.right, row.distances) == (1, 1, [4])
    assert (score.recall, score.sound, score.surprises) == (1.0, True, [])


def test_a_known_picture_that_is_taken_for_another_is_not_found():
    score = score_of((file(Group.FORMAT), finding("x", Near(hit("bison"), ()))))
    assert score.recall == 0.0
    assert not score.sound
    assert "another picture" in score.surprises[0].why


def test_a_survivable_edit_that_is_missed_lowers_the_recall_and_nothing_else():
    score = score_of((file(Group.EDIT), finding("x", NothingFound())))
    assert score.recall == 0.0
    assert len(score.surprises) == 1
    assert score.sound


def test_a_format_that_is_missed_is_unsound():
    assert not score_of((file(Group.FORMAT), finding("x", NothingFound()))).sound


def test_a_copy_has_to_be_known_and_not_just_near():
    score = score_of((file(Group.EXACT, ("known",)), finding("x", Near(hit(), ()))))
    assert score.recall == 0.0
    assert score_of((file(Group.EXACT, ("known",)), finding("x", Known(hit(), ())))).recall == 1.0


@pytest.mark.parametrize("verdict", [Known(hit(), ()), Near(hit(), ())])
def test_a_stranger_that_is_met_is_a_false_positive(verdict):
    score = score_of((file(Group.STRANGER, ("nothing-found",), None), finding("x", verdict)))
    assert score.false_positives == ["x"]
    assert score.innocent == 1
    assert not score.sound


def test_a_benign_picture_that_is_cleared_is_right():
    expected = ("listed-as-benign", "nothing-found")
    score = score_of((file(Group.BENIGN, expected), finding("x", ListedBenign(hit(), ()))))
    assert score.group(Group.BENIGN) == (1, 1)
    assert score.sound


def test_what_does_not_count_does_not_change_the_recall():
    score = score_of((file(Group.HARD, (*NEAR, "nothing-found")), finding("x", NothingFound())))
    assert score.recall == 1.0
    assert score.group(Group.HARD) == (1, 0)
    assert score.sound


def test_a_damaged_file_without_a_problem_is_a_surprise():
    damaged = file(Group.DAMAGED, ("unreadable",), None, problem=True)
    told = (Problem(ProblemKind.DAMAGED, "file", "It is cut."),)
    assert not score_of((damaged, finding("x", Unreadable(())))).sound
    assert score_of((damaged, finding("x", Unreadable(()), problems=told))).sound


def test_the_frame_has_to_be_the_right_one():
    animated = file(Group.FORMAT, frame=1)
    assert not score_of((animated, finding("x", Near(hit(frame=0), ())))).sound
    assert score_of((animated, finding("x", Near(hit(frame=1), ())))).sound


def test_a_finding_of_no_file_is_an_error():
    with pytest.raises(KeyError):
        list(scored([finding("y", NothingFound())], DemoTruth(1, (), (), (), ()), Score()))
