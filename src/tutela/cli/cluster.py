"""`tutela cluster`: what looks alike, and what of it one decision may cover."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

import tutela
from tutela.cli import options
from tutela.cli.clustered import Clustered, group_to_json
from tutela.cli.inputs import contents
from tutela.cli.lazy import command_app
from tutela.cli.outcome import INCOMPLETE
from tutela.cli.output import DataConsole, form, print_json
from tutela.cli.talk import Step, Talk
from tutela.clusters import Group, dbscan, groups
from tutela.engine import Engine, Policy
from tutela.model import Finding, read_settings
from tutela.model.errors import FindingInvalid, SignalInvalid, UsageError
from tutela.model.finding_json import finding_from_json
from tutela.model.hash_json import hash_from_json
from tutela.report import ClusterCounts, Counts, KeptPictures, Run, visible, wording, write_clusters
from tutela.signals import PDQ

app = command_app()

HOW = "What counts as alike"

Signals = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Cluster the signals in FILE (lines of tutela hash --jsonl or of findings; - is standard input) instead "
        "of files.",
        rich_help_panel=options.WHAT,
    ),
]
Eps = Annotated[
    int, typer.Option("--eps", metavar="BITS", min=0, max=256, help="Bits between neighbours.", rich_help_panel=HOW)
]
MinPts = Annotated[
    int,
    typer.Option(
        "--min-pts",
        metavar="N",
        min=1,
        help="Pictures that must lie that near each other, itself counted, for one to hold a cluster together.",
        rich_help_panel=HOW,
    ),
]
Quality = Annotated[
    int,
    typer.Option(
        metavar="Q",
        min=0,
        max=100,
        help="Below this PDQ quality a picture holds no cluster together and no decision rests on it.",
        rich_help_panel=HOW,
    ),
]
Html = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.html", help="Write a sheet: one page that needs no network.", rich_help_panel=options.OUTPUT
    ),
]
Title = Annotated[str, typer.Option(metavar="TEXT", help="Heading of the sheet.", rich_help_panel=options.OUTPUT)]
Thumbnails = Annotated[
    bool,
    typer.Option(
        "--thumbnails/--no-thumbnails",
        help="Put small pictures into the sheet, blurred until asked for.",
        rich_help_panel=options.OUTPUT,
    ),
]


@app.command(
    epilog="[bold]Examples[/]\n\n"
    "tutela cluster --html sheet.html photos/\n\n"
    "tutela hash --jsonl photos/ | tutela cluster --signals - --jsonl\n\n"
    "tutela cluster photos/ | jq -r 'select(.kind == \"one-decision\") | .medoid.name'"
)
def cluster(
    paths: options.Paths = None,
    files_from: options.FilesFrom = None,
    null: options.Null = False,
    signals: Signals = None,
    eps: Eps = 31,
    min_pts: MinPts = 2,
    quality: Quality = 50,
    in_process: options.InProcess = False,
    workers: options.Workers = None,
    jsonl: options.JsonLines = False,
    table: options.Table = False,
    html: Html = None,
    title: Title = "Clusters",
    thumbnails: Thumbnails = True,
    quiet: options.Quiet = False,
    strict: options.Strict = False,
) -> None:
    """Gather what looks alike, and say what one decision may cover.

    Pictures, frames of videos and cells of sheets are clustered together by their PDQ hashes. A line is a cluster, or
    a part of one: "one-decision" where all members are within 31 bits of each other, "confirm" within 62, "chain"
    beyond.
    """
    settings, talk, counts, started = read_settings(), Talk(quiet=quiet), Counts(), datetime.now(UTC)
    shown = form(jsonl=jsonl, table=table, report=html is not None)
    if signals is not None and (paths or files_from is not None):
        raise UsageError(reason="--signals takes the place of files: give one or the other.")
    if html is not None and not html.parent.is_dir():
        raise UsageError(reason=f"There is no folder {html.parent} to write the sheet to.")
    number = None if in_process else settings.workers if workers is None else workers
    with ExitStack() as stack:
        kept = stack.enter_context(KeptPictures(html.parent)) if html is not None and thumbnails else None
        if signals is None:
            found = contents(paths or (), files_from, null=null, most=settings.limits.max_bytes, warn=talk.warn)
            policy = Policy(pixels="always", thumbnails=kept is not None, kinds=frozenset({PDQ.name}))
            engine = stack.enter_context(Engine((), policy, settings.limits, number))
            findings = engine.hash_many(found)
        else:
            findings = _given(signals)
        clustered = Clustered(quality, kept)
        with talk.progress("Hashing") as step:
            _gather(findings, clustered, counts, step)
        told = ClusterCounts(len(clustered), counts.looked_at)
        with talk.progress("Clustering", total=1.0) as step:
            labels = dbscan(clustered.codes(), eps, min_pts, core=clustered.good(), progress=step)
        made = groups(clustered.codes(), labels, good=clustered.good(), order=clustered.order())
        listed = _printed(made, clustered, told, shown)
        if html is None:
            for _ in listed:
                pass
        else:
            where = _looked_in(paths, files_from, signals)
            run = Run(tutela.__version__, started, where, _settings(eps, min_pts, quality))
            write_clusters(list(listed), clustered.member, html, title=title, run=run, counts=told)
    _sum_up(talk, counts, told, started)
    if strict and (counts.verdicts["unreadable"] or counts.problems["unreadable"]):
        raise typer.Exit(INCOMPLETE)


def _gather(findings: Iterable[Finding], clustered: Clustered, counts: Counts, step: Step) -> None:
    for finding in counts.over(findings):
        clustered.add(finding)
        step(counts.looked_at, wording.counted(counts.looked_at, "file"))


def _given(source: str) -> Iterator[Finding]:
    with ExitStack() as stack:
        stream = sys.stdin.buffer if source == "-" else stack.enter_context(Path(source).open("rb"))
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                yield finding_from_json(record) if "verdict" in record else hash_from_json(record)
            except (ValueError, TypeError, RecursionError, FindingInvalid, SignalInvalid) as error:
                reason = str(error) if isinstance(error, FindingInvalid | SignalInvalid) else "it is no finding in JSON"
                raise UsageError(reason=f"Line {number} of the signals cannot be taken: {reason}") from None


def _printed(made: Iterable[Group], clustered: Clustered, told: ClusterCounts, shown: str) -> Iterator[Group]:
    ways: dict[str, Callable[[Group], None]]
    ways = {
        "jsonl": lambda group: _print_lines(group, clustered),
        "table": _Table(clustered),
        "none": _print_nothing,
    }
    show = ways[shown]
    for group in made:
        told.add(group)
        show(group)
        yield group


def _print_lines(group: Group, clustered: Clustered) -> None:
    for record in group_to_json(group, clustered):
        print_json(record)


def _print_nothing(group: Group) -> None:
    del group


class _Table:
    """Clusters and their parts as lines of columns."""

    def __init__(self, clustered: Clustered) -> None:
        self._clustered = clustered
        self._console = DataConsole()
        self._begun = False

    def __call__(self, group: Group) -> None:
        if not self._begun:
            self._print(f"{'KIND':<18}  {'PICTURES':>8}  {'DIAMETER':>8}  MIDDLE")
            self._begun = True
        self._group(group, 0)

    def _group(self, group: Group, depth: int) -> None:
        middle = self._clustered.member(group.medoid)
        place = f" ({middle.where})" if middle.where else ""
        kind = "  " * depth + group.kind.value
        widest = f"{'' if group.exact else '<='}{group.diameter}"
        self._print(f"{kind:<18}  {len(group.members):>8}  {widest:>8}  {visible(middle.name)}{place}")
        for part in group.parts:
            self._group(part, depth + 1)

    def _print(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)


def _settings(eps: int, min_pts: int, quality: int) -> dict[str, str]:
    return {
        "Neighbours": f"within {eps} bits",
        "A cluster needs": wording.counted(min_pts, "picture"),
        "Quality": f"{quality} or more for a decision to rest on",
    }


def _looked_in(paths: list[str] | None, files_from: str | None, signals: str | None) -> list[str]:
    named = ["standard input" if path == "-" else path for path in paths or ()]
    for what, source in (("paths", files_from), ("signals", signals)):
        if source is not None:
            named.append(f"the {what} in {'standard input' if source == '-' else source}")
    return named


def _sum_up(talk: Talk, counts: Counts, told: ClusterCounts, started: datetime) -> None:
    took = wording.duration(datetime.now(UTC) - started)
    alone = told.hashed - told.gathered
    sentence = (
        f"Clustered {wording.counted(told.hashed, 'picture')} of {wording.counted(told.files, 'file')} in {took}: "
        f"{wording.counted(told.clusters.total(), 'cluster')}, {wording.number(alone)} alone"
    )
    if told.decisions:
        covered = wording.counted(told.covered, "picture")
        sentence += f"; {wording.counted(told.decisions, 'decision')} would cover {covered}"
    if unreadable := counts.verdicts["unreadable"]:
        sentence += f"; {wording.number(unreadable)} unreadable"
    talk.say(sentence + ".")
