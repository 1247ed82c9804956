from tutela.media.allowance import FRAMES_TOGETHER, LOOKED_AT, MOST_PROBLEMS, Allowance
from tutela.model import Limits, ProblemKind


def test_the_same_problem_is_told_once():
    told = []
    allowance = Allowance(Limits(), told.append)
    for place in ("frame 1", "frame 2"):
        allowance.tell(ProblemKind.DAMAGED, place, "the same")
    assert [problem.place for problem in told] == ["frame 1"]


def test_problems_have_an_end():
    told = []
    allowance = Allowance(Limits(), told.append)
    for number in range(1000):
        allowance.tell(ProblemKind.DAMAGED, "file", f"problem {number}")
    assert len(told) == MOST_PROBLEMS


def test_pixels_of_one_and_of_all():
    told = []
    allowance = Allowance(Limits(max_pixels=100), told.append)
    assert not allowance.picture(101, 1, "file")
    assert [allowance.picture(10, 10, "file") for _ in range(FRAMES_TOGETHER + 1)] == [True] * FRAMES_TOGETHER + [False]
    assert [problem.kind for problem in told] == [ProblemKind.LIMIT] * 2


def test_frames_by_number():
    told = []
    allowance = Allowance(Limits(max_frames=2), told.append)
    assert allowance.another(1, "frame 1")
    assert not allowance.another(2, "frame 2")
    allowance = Allowance(Limits(max_frames=2), told.append)
    looked_at = 0
    while allowance.another(1, "frame"):
        looked_at += 1
    assert looked_at < 2 * LOOKED_AT


def test_time():
    told = []
    assert not Allowance(Limits(max_seconds=-1), told.append).another(0, "frame 1")
    assert [problem.kind for problem in told] == [ProblemKind.TIMEOUT]
