import io

from rich.console import Console

from tutela.demo.scoring import Row, Score, Surprise
from tutela.demo.telling import tell
from tutela.demo.truth import DemoFile, DemoTruth, Group


def told(score: Score, **truth) -> str:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=False)
    tell(DemoTruth(1, (), (), (), (), **truth), score, console, making=1.25, matching=2.5)
    return out.getvalue()


def rows(*given: Row) -> dict[tuple[Group, str], Row]:
    return {(row.group, row.what): row for row in given}


def test_rows_groups_and_totals_are_there_in_eighty_columns():
    score = Score(
        rows(
            Row(Group.EDIT, "crop-1", 6, 5, [20, 26, 22]),
            Row(Group.EDIT, "noise", 6, 6, [2]),
            Row(Group.STRANGER, "bmp", 4, 4),
            Row(Group.HARD, "crop-5", 6, 1, [30]),
        ),
        innocent=4,
        looked_at=22,
    )
    text = told(score)
    assert max(len(line) for line in text.splitlines()) <= 80
    line = next(line for line in text.splitlines() if "1 % of each side" in line)
    assert line.split("│")[1:] == ["     6 ", "     5 ", " 22, 26"]
    assert "Recall 91.7%" in text
    assert "11 of 12 known pictures found" in " ".join(text.split())
    assert "0 false positives among 4 others" in " ".join(text.split())
    assert text.index("What does not count") < text.index("5 % of each side")


def test_misses_and_surprises_are_named_apart():
    missed = Surprise(DemoFile("edit-a.jpg", Group.EDIT, "crop-2", "a", ("near",)), "nothing-found", "why")
    odd = Surprise(DemoFile("s.jpg", Group.STRANGER, "bmp", None, ("nothing-found",)), "near", "it is [bold]near[/]")
    text = told(Score(surprises=[missed, odd], false_positives=["s.jpg"]))
    assert "missed: edit-a.jpg\n" in text
    assert "UNEXPECTED: s.jpg: it is [bold]near[/]" in text
    assert "1 false positives" in text


def test_what_was_left_out_comes_with_the_remedy():
    assert "heic-q80" in told(Score(), left_out=("heic-q80",))
    assert "tutela[demo]" in told(Score(), left_out=("heic-q80",))
