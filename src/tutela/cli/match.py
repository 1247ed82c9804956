"""`tutela match`: pictures against lists."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

import tutela
from tutela import _kernel
from tutela.cli import options
from tutela.cli.inputs import contents, lines
from tutela.cli.lazy import command_app
from tutela.cli.outcome import INCOMPLETE, MET
from tutela.cli.output import MatchTable, form, print_json
from tutela.cli.talk import Step, Talk, prints_to_terminal
from tutela.engine import Engine, ListSnapshot, Policy, UnaskedList, open_snapshots
from tutela.engine.given import match_given
from tutela.model import Finding, ListInfo, Purpose, Settings, read_settings
from tutela.model.errors import FindingInvalid, IndexDamaged, SignalInvalid, UsageError
from tutela.model.finding_json import finding_to_json
from tutela.model.hash_json import hash_from_json
from tutela.report import Counts, Run, wording, write_report
from tutela.store import Store

app = command_app()

Lists = list[ListSnapshot | UnaskedList]

ListNames = Annotated[
    list[str] | None,
    typer.Option(
        "--list", metavar="NAME", help="Ask this list; repeat for several. \\[default: all lists]", show_default=False
    ),
]
Signals = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Match the signals in FILE (lines of tutela hash --jsonl; - is standard input) instead of files.",
        rich_help_panel=options.WHAT,
    ),
]
Report = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.html", help="Write a report: one page that needs no network.", rich_help_panel=options.OUTPUT
    ),
]
Title = Annotated[str, typer.Option(metavar="TEXT", help="Heading of the report.", rich_help_panel=options.OUTPUT)]
Thumbnails = Annotated[
    bool,
    typer.Option(
        "--thumbnails/--no-thumbnails",
        help="Put small pictures of what was met into the report, blurred until asked for.",
        rich_help_panel=options.OUTPUT,
    ),
]
OnlyMet = Annotated[
    bool, typer.Option("--only-met", help="Print only what is known or near.", rich_help_panel=options.OUTPUT)
]
FailOnMatch = Annotated[
    bool,
    typer.Option(
        "--fail-on-match", help="End with 10 if anything known or near was met.", rich_help_panel=options.ENDING
    ),
]


@app.command(
    epilog="[bold]Examples[/]\n\n"
    "tutela match --report report.html photos/\n\n"
    "tutela match --list partners --jsonl < picture.jpg -\n\n"
    "find / -newer yesterday -print0 | tutela match --files-from - --jsonl --only-met"
)
def match(
    paths: options.Paths = None,
    files_from: options.FilesFrom = None,
    null: options.Null = False,
    signals: Signals = None,
    list_names: ListNames = None,
    orientations: options.Orientations = False,
    video: options.Video = "scenes",
    rate: options.Rate = 1.0,
    letterbox: options.Letterbox = True,
    cells: options.Cells = True,
    in_process: options.InProcess = False,
    workers: options.Workers = None,
    jsonl: options.JsonLines = False,
    table: options.Table = False,
    only_met: OnlyMet = False,
    report: Report = None,
    title: Title = "Match report",
    thumbnails: Thumbnails = True,
    quiet: options.Quiet = False,
    fail_on_match: FailOnMatch = False,
    strict: options.Strict = False,
) -> None:
    """Match pictures against lists and say what was met, and why.

    Findings go to standard output, one a line; talk goes to standard error. A file that cannot be read is a finding
    too, and work goes on. The exit code says that work was done, not what was met, unless you ask for it below.
    """
    settings, talk, counts, started = read_settings(), Talk(quiet=quiet), Counts(), datetime.now(UTC)
    shown = form(jsonl=jsonl, table=table, report=report is not None)
    if signals is not None and (paths or files_from is not None):
        raise UsageError(reason="--signals takes the place of files: give one or the other.")
    if report is not None and not report.parent.is_dir():
        raise UsageError(reason=f"There is no folder {report.parent} to write the report to.")
    plan = _Plan(settings, settings.workers if workers is None else workers)
    if in_process:
        plan.workers = None
    sampling = options.sampling(video, rate, letterbox=letterbox)
    shown_small = thumbnails and report is not None
    policy = Policy(orientations=orientations, thumbnails=shown_small, sampling=sampling, cells=cells)
    with ExitStack() as stack:
        asked = _lists(settings, list_names)
        if signals is None:
            found = contents(paths or (), files_from, null=null, most=settings.limits.max_bytes, warn=talk.warn)
            engine = stack.enter_context(Engine(asked, policy, settings.limits, plan.workers))
            findings = engine.match_many(found)
        else:
            findings = match_given(_given(signals), asked)
        bar = not (shown != "none" and prints_to_terminal())
        step = stack.enter_context(talk.progress("Matching", bar=bar))
        along: Counter[str] = Counter()
        stream = _printed(_tallied(counts.over(findings), along), shown, counts, step, only_met=only_met)
        if report is None:
            for _ in stream:
                pass
        else:
            run = Run(tutela.__version__, started, _looked_in(paths, files_from, signals), plan.told(policy))
            write_report(stream, report, title=title, lists=_infos(asked), run=run)
    _sum_up(talk, counts, along, started)
    _end(counts, asked, fail_on_match=fail_on_match, strict=strict)


@dataclass(slots=True)
class _Plan:
    """How this run decodes."""

    settings: Settings
    workers: int | None

    def told(self, policy: Policy) -> dict[str, str]:
        """Return what a report tells of the settings."""
        limits = self.settings.limits
        return {
            "Orientations": "all eight" if policy.orientations else "as the picture lies",
            "Decoding": self._decoding(),
            "Limits": f"{wording.size(limits.max_bytes)}, {wording.number(limits.max_pixels)} pixels, "
            f"{limits.max_frames} frames, {limits.max_seconds:g} s for a file",
            "Kernel": _kernel.path(),
        }

    def _decoding(self) -> str:
        if self.workers is None:
            return "in process, without a sandbox"
        number = wording.counted(self.workers, "worker") if self.workers else "a worker for each processor"
        return f"sandboxed, {number}"


def _lists(settings: Settings, names: Sequence[str] | None) -> Lists:
    """Open the lists to ask; to ask none would call everything clean, so that is an error."""
    with Store.of(settings) as store:
        chosen = [(name, store.publish(name)) for name in dict.fromkeys(names or ())]
        places = chosen or list(store.snapshots())
    if not places:
        raise UsageError(
            reason="There is no list to match against. Make one with `tutela list create NAME` and fill it with "
            "`tutela list import NAME FILE`, or see `tutela demo`."
        )
    return open_snapshots(places)


def _infos(asked: Lists) -> list[ListInfo]:
    return [one.info for one in asked if isinstance(one, ListSnapshot)]


def _given(source: str) -> Iterator[Finding | None]:
    """Yield what the lines of a file tell; ``None`` while more lines may come and have not come yet."""
    with ExitStack() as stack:
        stream = sys.stdin.buffer if source == "-" else stack.enter_context(Path(source).open("rb"))
        number = 0
        for line in lines(stream):
            if line is None:
                yield None
                continue
            number += 1
            if not line.strip():
                continue
            try:
                yield hash_from_json(json.loads(line))
            except (ValueError, RecursionError, FindingInvalid, SignalInvalid) as error:
                reason = "it is not JSON" if isinstance(error, ValueError | RecursionError) else str(error)
                raise UsageError(reason=f"Line {number} of the signals cannot be taken: {reason}") from None


def _printed(
    findings: Iterable[Finding], shown: str, counts: Counts, step: Step, *, only_met: bool
) -> Iterator[Finding]:
    """Yield the findings on, each printed and counted on the way."""
    ways: dict[str, Callable[[Finding], None]]
    ways = {"jsonl": _print_line, "table": MatchTable(), "none": _print_nothing}
    show = ways[shown]
    for finding in findings:
        if not only_met or finding.verdict.rule.startswith("known."):
            show(finding)
        step(counts.looked_at, f"{wording.counted(counts.looked_at, 'file')}, {wording.number(counts.met)} met")
        yield finding


def _print_line(finding: Finding) -> None:
    print_json(finding_to_json(finding))


def _print_nothing(finding: Finding) -> None:
    del finding


def _looked_in(paths: list[str] | None, files_from: str | None, signals: str | None) -> list[str]:
    named = ["standard input" if path == "-" else path for path in paths or ()]
    if files_from is not None:
        named.append(f"the paths in {'standard input' if files_from == '-' else files_from}")
    if signals is not None:
        named.append(f"the signals in {'standard input' if signals == '-' else signals}")
    return named


def _tallied(findings: Iterable[Finding], along: Counter[str]) -> Iterator[Finding]:
    """Yield the findings on; counted is how many run along known videos, and how many of these are sheets."""
    for finding in findings:
        spans = [span for span in finding.spans if span.purpose is Purpose.KNOWN]
        along.update(contents=bool(spans), sheets=bool(spans) and all(span.start is None for span in spans))
        yield finding


def _sum_up(talk: Talk, counts: Counts, along: Counter[str], started: datetime) -> None:
    took = datetime.now(UTC) - started
    parts = [f"{wording.number(counts.verdicts['known'])} known", f"{wording.number(counts.verdicts['near'])} near"]
    if along["contents"]:
        sheets = f" ({wording.counted(along['sheets'], 'sheet')})" if along["sheets"] else ""
        parts.append(f"{wording.number(along['contents'])} along known videos{sheets}")
    if benign := counts.verdicts["listed-as-benign"]:
        parts.append(f"{wording.number(benign)} benign")
    if unreadable := counts.verdicts["unreadable"]:
        parts.append(f"{wording.number(unreadable)} unreadable")
    if counts.problems:
        parts.append(wording.counted(counts.problems.total(), "problem"))
    rate = counts.looked_at / max(took.total_seconds(), 1e-3)
    speed = f" ({wording.number(round(rate))} a second)" if counts.looked_at > 1 else ""
    talk.say(
        f"Looked at {wording.counted(counts.looked_at, 'file')} in {wording.duration(took)}{speed}: {', '.join(parts)}."
    )


def _end(counts: Counts, asked: Lists, *, fail_on_match: bool, strict: bool) -> None:
    """End with the gravest code that applies; a list that was not asked is an error, whatever else was met."""
    for one in asked:
        if one.problem is not None:
            reason = one.reason if isinstance(one, UnaskedList) else one.problem.message
            raise IndexDamaged(path=f"of list {one.name}", reason=reason)
    if counts.problems["index"]:
        raise IndexDamaged(path="of a list", reason="it failed while it was asked; the findings name it")
    if fail_on_match and counts.met:
        raise typer.Exit(MET)
    if strict and (counts.verdicts["unreadable"] or counts.problems["unreadable"]):
        raise typer.Exit(INCOMPLETE)
