"""`tutela hash`: the signals of files, without any list."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from tutela import exchange
from tutela.cli import options
from tutela.cli.inputs import contents
from tutela.cli.lazy import command_app
from tutela.cli.outcome import INCOMPLETE
from tutela.cli.output import HashTable, form, print_json
from tutela.cli.talk import Step, Talk, prints_to_terminal
from tutela.engine import Engine, Policy
from tutela.exchange.record import derived_key
from tutela.model import Entry, Finding, ListInfo, Purpose, read_settings
from tutela.model.errors import UsageError
from tutela.model.hash_json import hash_to_json
from tutela.report import Counts, wording

app = command_app()

#: Every kind that can be computed here.
COMPUTED = Policy().kinds

Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KIND", help=f"Only this kind: {', '.join(sorted(COMPUTED))}; repeat for several."),
]
As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="FORMAT",
        help=f"Print a list that others can import: {', '.join(one.name for one in exchange.formats())}.",
        rich_help_panel=options.OUTPUT,
    ),
]


@app.command(
    epilog="[bold]Examples[/]\n\n"
    "tutela hash picture.jpg\n\n"
    "tutela hash --jsonl photos/ > signals.jsonl      [dim]then: tutela match --signals signals.jsonl[/]\n\n"
    "tutela hash --as csv photos/ | tutela list import mylist -"
)
def hash_files(
    paths: options.Paths = None,
    files_from: options.FilesFrom = None,
    null: options.Null = False,
    kind: Kinds = None,
    orientations: options.Orientations = False,
    video: options.Video = "scenes",
    rate: options.Rate = 1.0,
    letterbox: options.Letterbox = True,
    cells: options.Cells = True,
    in_process: options.InProcess = False,
    workers: options.Workers = None,
    jsonl: options.JsonLines = False,
    table: options.Table = False,
    as_format: As = None,
    quiet: options.Quiet = False,
    strict: options.Strict = False,
) -> None:
    """Compute the signals of files: MD5, SHA-1, SHA-256 and PDQ.

    Data goes to standard output, talk to standard error. A file that cannot be read is counted and work goes on.
    """
    settings, talk, counts = read_settings(), Talk(quiet=quiet), Counts()
    if as_format is not None and (jsonl or table):
        raise UsageError(reason="--as excludes --jsonl and --table.")
    shown = "none" if as_format is not None else form(jsonl=jsonl, table=table)
    sampling = options.sampling(video, rate, letterbox=letterbox)
    policy = Policy(pixels="always", orientations=orientations, kinds=_kinds(kind), sampling=sampling, cells=cells)
    number = None if in_process else settings.workers if workers is None else workers
    found = contents(paths or (), files_from, null=null, most=settings.limits.max_bytes, warn=talk.warn)
    bar = not (shown == "table" and prints_to_terminal())
    with (
        Engine((), policy, settings.limits, number) as engine,
        talk.progress("Hashing", bar=bar) as step,
    ):
        stream = _watched(engine.hash_many(found), counts, step)
        if as_format is not None:
            info = ListInfo("hashes", "", Purpose.KNOWN)
            exchange.write(_entries(stream), info, sys.stdout.buffer, as_format)
        else:
            show = HashTable() if shown == "table" else _print_line
            for finding in stream:
                show(finding)
    _sum_up(talk, counts)
    if strict and counts.verdicts["unreadable"]:
        raise typer.Exit(INCOMPLETE)


def _kinds(names: list[str] | None) -> frozenset[str]:
    chosen = frozenset(name.strip().lower() for name in names or COMPUTED)
    if unknown := chosen - COMPUTED:
        raise UsageError(
            reason=f"{', '.join(sorted(unknown))} cannot be computed here; there are {', '.join(sorted(COMPUTED))}."
        )
    return chosen


def _watched(findings: Iterable[Finding], counts: Counts, step: Step) -> Iterator[Finding]:
    for finding in counts.over(findings):
        step(counts.looked_at, wording.counted(counts.looked_at, "file"))
        yield finding


def _entries(findings: Iterable[Finding]) -> Iterator[Entry]:
    for finding in findings:
        if finding.signals:
            yield Entry(derived_key(finding.signals), finding.signals)


def _print_line(finding: Finding) -> None:
    print_json(hash_to_json(finding))


def _sum_up(talk: Talk, counts: Counts) -> None:
    unreadable = counts.verdicts["unreadable"]
    told = f"Hashed {wording.counted(counts.looked_at, 'file')}"
    if unreadable:
        told += f"; {wording.number(unreadable)} could not be read as pictures"
    if counts.problems:
        told += f"; {wording.counted(counts.problems.total(), 'problem')}"
    talk.say(told + ".")
