import io
from collections import Counter

from rich.console import Console

from tutela.clusters import GroupKind
from tutela.demo.clustering import ClusterScore
from tutela.demo.scoring import Row, Score, Surprise
from tutela.demo.telling import tell, tell_clusters
from tutela.demo.truth import DemoFile, DemoTruth, Group
from tutela.report import ClusterCounts


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


def clusters_told(**score) -> str:
    out = io.StringIO()
    counts = ClusterCounts(20, 9, Counter({GroupKind.ONE_DECISION: 3, GroupKind.CHAIN: 1}), 15, 5, 12)
    made = ClusterScore(counts, pictures=8, frames=5, cells=7, edits=6, together=4, **score)
    tell_clusters(made, Console(file=out, width=80, force_terminal=False))
    return " ".join(out.getvalue().split())


def test_clusters_are_told_with_what_is_in_them():
    assert clusters_told() == (
        "4 clusters among 8 pictures, 5 frames and 7 cells of sheets (5 lie alone): none mixes two photographs; "
        "4 of 6 edits lie in one cluster with the other copies of their photograph; 5 decisions would cover 12 of 20."
    )


def test_mixed_clusters_are_told_too():
    assert "1 mixes two photographs;" in clusters_told(mixed=[2])
    assert "2 mix two photographs, which 1 decision would get wrong;" in clusters_told(mixed=[0, 2], mixed_decisions=1)
