"""`run_demo`: make the pictures, list them as a user would, match the folder, cluster it, and say what came of it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

import tutela
from tutela.demo.clustering import ClusterScore, DemoClusters
from tutela.demo.making import make_demo
from tutela.demo.originals import FOLDER
from tutela.demo.scoring import Score, scored
from tutela.demo.telling import tell, tell_clusters
from tutela.demo.truth import DemoTruth
from tutela.engine import Engine, Policy
from tutela.exchange import read, write
from tutela.model import Content, Entry, Finding, Grade, Limits, ListInfo, Purpose
from tutela.model.finding_json import finding_to_json
from tutela.report import KeptPictures, Run, write_report
from tutela.store import Store

KNOWN_LIST, BENIGN_LIST = "demo-known", "demo-benign"
#: Beside the pictures; the report and the sheet of clusters hold small copies of them.
REPORT, CLUSTERS, FINDINGS = "report.html", "clusters.html", "findings.jsonl"


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What a run of the demo came to; times in seconds."""

    truth: DemoTruth
    score: Score
    clusters: ClusterScore
    report: Path
    sheet: Path
    findings: Path
    making: float
    matching: float


def run_demo(
    folder: Path,
    *,
    seed: int = 1,
    workers: int | None = 0,
    limits: Limits | None = None,
    console: Console | None = None,
) -> DemoResult:
    """Run the whole demo in ``folder`` (see `make_demo` for what may be in it) and tell of it on ``console``.

    ``workers`` and ``limits`` are the engine's.  Leaves ``pictures/``, ``truth.json``, the lists as files
    (``demo-known.csv``, ``demo-benign.csv``), the store in ``home/``, ``findings.jsonl``, ``report.html`` and
    ``clusters.html``.
    """
    console = console or Console()
    started = datetime.now(UTC)
    clock = time.perf_counter()
    with console.status("Writing pictures: every format, edits, strangers, damaged files"):
        truth = make_demo(folder, seed)
    made = time.perf_counter()
    with console.status("Making two lists, and importing them"):
        snapshots, lists = _lists(folder, truth)
    listed = time.perf_counter()
    score = Score()
    policy = Policy(pixels="always", orientations=True, thumbnails=True)
    run = Run(tutela.__version__, started, (str(folder / "pictures"),), _settings(truth, workers))
    with KeptPictures(folder) as kept:
        clusters = DemoClusters(truth, kept)
        with console.status("Matching the folder"), Engine(snapshots, policy, limits, workers) as engine:
            found = clusters.over(scored(engine.match_many(_contents(folder, truth)), truth, score))
            _report(found, folder, lists, run)
        matched = time.perf_counter()
        with console.status("Clustering"):
            gathered = clusters.write(folder / CLUSTERS, run)
    result = DemoResult(
        truth=truth,
        score=score,
        clusters=gathered,
        report=folder / REPORT,
        sheet=folder / CLUSTERS,
        findings=folder / FINDINGS,
        making=made - clock,
        matching=matched - listed,
    )
    tell(result.truth, score, console, making=result.making, matching=result.matching)
    tell_clusters(gathered, console)
    for what, path in (("Report", result.report), ("Clusters", result.sheet)):
        console.print(f"{what}: {path}", soft_wrap=True, highlight=False)
    return result


def _lists(folder: Path, truth: DemoTruth) -> tuple[list[Path], tuple[ListInfo, ...]]:
    """Make both lists, and return their snapshots and particulars."""
    with Store.open(folder / "home") as store:
        _list(store, folder, KNOWN_LIST, Purpose.KNOWN, truth.known)
        _list(store, folder, BENIGN_LIST, Purpose.BENIGN, truth.benign)
        return [path for _, path in store.snapshots()], store.lists()


def _list(store: Store, folder: Path, name: str, purpose: Purpose, stems: Iterable[str]) -> None:
    """Write a list file as a list owner would send it, and import it as its receiver would."""
    path = folder / f"{name}.csv"
    info = ListInfo(name, "the demo", purpose)
    with path.open("wb") as target:
        write(_entries(stems, purpose), info, target, "csv")
    store.create_list(name, owner=info.owner, purpose=purpose)
    store.import_entries(name, read(path))


def _entries(stems: Iterable[str], purpose: Purpose) -> Iterator[Entry]:
    contents = [Content(name=stem, path=FOLDER / f"{stem}.jpg") for stem in stems]
    grades = (Grade("demo", "on-the-list"),) if purpose is Purpose.KNOWN else ()
    # The package's own photographs may be decoded in this process.
    with Engine(policy=Policy(pixels="always"), workers=None) as engine:
        for finding in engine.hash_many(contents):
            yield Entry(finding.name, finding.signals, grades, ("demo",), "tutela demo")


def _contents(folder: Path, truth: DemoTruth) -> Iterator[Content]:
    for file in truth.files:
        yield Content(name=file.name, path=folder / "pictures" / file.name)


def _report(found: Iterable[Finding], folder: Path, lists: Sequence[ListInfo], run: Run) -> None:
    title = "Tutela demo: real pictures against a demo list"
    with (folder / FINDINGS).open("w", encoding="utf-8") as lines:
        write_report(_copied(found, lines.write), folder / REPORT, title=title, lists=lists, run=run)


def _copied(findings: Iterable[Finding], put: Callable[[str], object]) -> Iterator[Finding]:
    for finding in findings:
        put(json.dumps(finding_to_json(finding)) + "\n")
        yield finding


def _settings(truth: DemoTruth, workers: int | None) -> dict[str, str]:
    return {
        "seed": str(truth.seed),
        "workers": "none, in process" if workers is None else str(workers or os.cpu_count()),
        "orientations": "all eight",
    }
