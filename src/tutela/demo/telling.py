"""The demo's result as a table for a person."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tutela.demo.edits import edits
from tutela.demo.scoring import Row, Score
from tutela.demo.truth import COUNTED, DemoTruth, Group

_HEADINGS = {
    Group.EXACT: "Copies of known pictures",
    Group.FORMAT: "Known pictures in other file formats",
    Group.EDIT: "Known pictures after edits that PDQ is meant to survive",
    Group.ORIENTATION: "Known pictures turned or mirrored",
    Group.BENIGN: "Pictures of the benign list",
    Group.STRANGER: "Pictures of no list",
    Group.DAMAGED: "Damaged files and files that are no pictures",
    Group.HARD: "Known pictures after edits that PDQ is not meant to survive",
    Group.APART: "Known pictures in a format that shows little of them",
}
_COLUMN = {
    Group.BENIGN: "cleared",
    Group.STRANGER: "left alone",
    Group.DAMAGED: "reported",
}
#: Groups whose rows say nothing each for itself.
_SUMMED = (Group.EXACT, Group.BENIGN, Group.STRANGER)


def tell(truth: DemoTruth, score: Score, console: Console, *, making: float, matching: float) -> None:
    """Print the tables, everything unexpected, and the numbers that count; times in seconds."""
    for counted in (True, False):
        title = "What counts" if counted else "What does not count towards the recall"
        console.print(_table(title, [g for g in _HEADINGS if (g in _RECALLED_OR_INNOCENT) is counted], score))
    for surprise in score.surprises:
        missed = surprise.file.group is Group.EDIT
        console.print(
            Text(f"{'missed' if missed else 'UNEXPECTED'}  {surprise.file.name}: {surprise.why}"),
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
    table.add_column("what was done", no_wrap=True)
    table.add_column("files", justify="right")
    table.add_column("right", justify="right")
    table.add_column("PDQ distance, median and largest", justify="right")
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
        table.add_row(*_cells(whole, _COLUMN.get(group, "found")), style="bold", end_section=group in _SUMMED)
        if group not in _SUMMED:
            for row in rows:
                table.add_row(*_cells(row, "", words.get(row.what)))
            table.add_section()
    return table


def _cells(row: Row, verb: str, words: str | None = None) -> tuple[str, str, str, str]:
    what = f"{row.what}: {words}" if words else row.what
    indent = "" if verb else "  "
    distances = sorted(row.distances)
    spread = f"{distances[len(distances) // 2]}, {distances[-1]}" if distances else ""
    return indent + what, str(row.files), f"{row.right} {verb}".strip(), spread
