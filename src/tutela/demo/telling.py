"""The demo's result as a table for a person."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tutela.demo.clustering import ClusterScore
from tutela.demo.edits import edits
from tutela.demo.scoring import MISSABLE, Row, Score
from tutela.demo.truth import COUNTED, DemoTruth, Group
from tutela.report import wording

_HEADINGS = {
    Group.EXACT: "Byte-for-byte copies of known pictures: found",
    Group.FORMAT: "Known pictures in other file formats: found",
    Group.EDIT: "Known pictures after edits PDQ should survive: found",
    Group.ORIENTATION: "Known pictures turned or mirrored: found",
    Group.COMPOSITE: "Known pictures within contact sheets and videos of strangers: found",
    Group.BENIGN: "Pictures of the benign list: not taken for known",
    Group.STRANGER: "Pictures of no list: left alone",
    Group.DAMAGED: "Damaged files and files that are no pictures: reported as such",
    Group.HARD: "Known pictures after edits PDQ is not made for: found",
    Group.APART: "Known pictures in black and white dots: found",
}
#: Groups whose rows say nothing each for itself.
_SUMMED = (Group.EXACT, Group.BENIGN, Group.STRANGER)


def tell(truth: DemoTruth, score: Score, console: Console, *, making: float, matching: float) -> None:
    """Print the tables, everything unexpected, and the numbers that count; times in seconds."""
    for counted in (True, False):
        title = "What counts" if counted else "What does not count towards the recall"
        console.print(_table(title, [g for g in _HEADINGS if (g in _RECALLED_OR_INNOCENT) is counted], score))
    console.print("* PDQ distance to the entry met: median, largest. Up to 31 of 256 bits are a match.", style="dim")
    for surprise in score.surprises:
        missed = surprise.file.group in MISSABLE
        console.print(
            Text("missed: " + surprise.file.name if missed else f"UNEXPECTED: {surprise.file.name}: {surprise.why}"),
            style="yellow" if missed else "bold red",
        )
    for name in truth.left_out:
        console.print(
            f"left out: {name}, whose encoder is not installed (pip install 'tutela\\[demo]')", style="yellow"
        )
    files, right = score.group(*COUNTED)
    false = len(score.false_positives)
    console.print(
        f"\n[bold]Recall {score.recall:.1%}[/] ({right} of {files} known pictures found), "
        f"[bold]{false} false positives[/] among {score.innocent} others; "
        f"{score.looked_at} files matched in {matching:.1f} s, after {making:.1f} s to make them.",
        highlight=False,
    )


_RECALLED_OR_INNOCENT = (*COUNTED, Group.BENIGN, Group.STRANGER)


def _table(title: str, groups: Iterable[Group], score: Score) -> Table:
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("what was done", overflow="fold", ratio=1)
    table.add_column("files", justify="right", no_wrap=True)
    table.add_column("right", justify="right", no_wrap=True)
    table.add_column("bits*", justify="right", no_wrap=True)
    words = {edit.name: edit.what for edit in edits()}
    for group in groups:
        rows = [row for row in score.rows.values() if row.group is group]
        if not rows:
            continue
        whole = Row(group, _HEADINGS[group])
        for row in rows:
            whole.files += row.files
            whole.right += row.right
            whole.distances += row.distances
        table.add_row(*_cells(whole, _HEADINGS[group]), style="bold", end_section=group in _SUMMED)
        if group not in _SUMMED:
            for row in rows:
                table.add_row(*_cells(row, "  " + words.get(row.what, row.what)))
            table.add_section()
    return table


def _cells(row: Row, words: str) -> tuple[str, str, str, str]:
    distances = sorted(row.distances)
    spread = f"{distances[len(distances) // 2]}, {distances[-1]}" if distances else ""
    return words, str(row.files), str(row.right), spread


def tell_clusters(score: ClusterScore, console: Console) -> None:
    """Print what came of clustering, in a paragraph."""
    counts = score.counts
    clusters, alone = counts.clusters.total(), counts.hashed - counts.gathered
    mixed = (
        f"{wording.number(len(score.mixed)) if score.mixed else 'none'} {'mix' if len(score.mixed) > 1 else 'mixes'}"
    )
    wrong = ""
    if score.mixed_decisions:
        wrong = f", which {wording.counted(score.mixed_decisions, 'decision')} would get wrong"
    console.print(
        f"[bold]{clusters} clusters[/] among {score.pictures} pictures, {score.frames} frames and {score.cells} cells "
        f"of sheets ({alone} lie alone): [bold]{mixed} two photographs[/]{wrong}; {score.together} of {score.edits} "
        "edits lie in one cluster with the other copies of their photograph; "
        f"{counts.decisions} decisions would cover {counts.covered} of {counts.hashed}.",
        highlight=False,
    )
