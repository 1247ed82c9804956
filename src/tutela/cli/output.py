"""Findings and hashes on stdout, each as it comes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.text import Text

from tutela.engine.moments import MOST_NAMED
from tutela.model import Finding, Known, ListedBenign, Near, Span
from tutela.model.errors import UsageError
from tutela.model.verdict import VERDICT_NAMES
from tutela.report import Places, visible, wording

Show = Callable[[Finding], None]

_LOOKS = {
    "known": ("known", "bold red"),
    "near": ("near", "bold yellow"),
    "unreadable": ("unreadable", "magenta"),
    "listed-as-benign": ("benign", "green"),
    "nothing-found": ("nothing", "dim"),
}


def form(*, jsonl: bool, table: bool, report: bool = False) -> str:
    """Return what to print: ``jsonl``, ``table`` or ``none``; raises `UsageError` if both were asked for."""
    if jsonl and table:
        raise UsageError(reason="--jsonl and --table exclude each other.")
    if jsonl or table:
        return "jsonl" if jsonl else "table"
    if report:
        return "none"
    return "table" if sys.stdout.isatty() else "jsonl"


def print_json(record: dict[str, Any]) -> None:
    """Print a JSON object as one line of UTF-8 at once, whatever the locale, so that a reader can follow."""
    line = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    sys.stdout.buffer.write(line.encode("utf-8") + b"\n")
    sys.stdout.buffer.flush()


class DataConsole(Console):
    """Stdout for people; a reader that went away ends it in the same way as for JSON Lines."""

    def __init__(self) -> None:
        # Rich takes a pipe for a terminal of 80 columns, and would cut tables to it.
        super().__init__(highlight=False, width=None if sys.stdout.isatty() else 240)

    def on_broken_pipe(self) -> None:
        """Leave the ending to `tutela.cli.outcome`; Rich's own would be an exit code of 1."""
        raise BrokenPipeError


class MatchTable:
    """Findings as lines of columns, a heading before the first.

    Below a finding stand, in the words of the report, the cell or the moment that was met, and every span.
    """

    def __init__(self) -> None:
        self._console = DataConsole()
        self._begun = False

    def __call__(self, finding: Finding) -> None:
        """Print one finding."""
        if not self._begun:
            self._line(("VERDICT", "bold"), "FILE", "DISTANCE", "LIST", "GRADE")
            self._begun = True
        verdict_word = _LOOKS[VERDICT_NAMES[type(finding.verdict)]]
        verdict = finding.verdict
        if isinstance(verdict, Known | Near | ListedBenign):
            hit = verdict.hit
            grades = ", ".join(f"{grade.scheme} {grade.code}" for grade in hit.grades)
            self._line(verdict_word, finding.name, wording.distance(hit), hit.list_name, grades)
        else:
            self._line(verdict_word, finding.name)
        for line in _below(finding):
            self._console.print(Text(f"{'':<12}{visible(line)}"), soft_wrap=True)

    def _line(self, verdict: tuple[str, str], name: str, *columns: str) -> None:
        distance, list_name, grade = columns or ("", "", "")
        word, look = verdict
        middle = f"  {distance:<10}  {_fitted(list_name, 20)}  {_fitted(grade, 20)}  "
        line = Text.assemble((f"{word:<10}", look), middle, (visible(name), "bold" if look == "bold" else ""))
        self._console.print(line, soft_wrap=True)


def _below(finding: Finding) -> list[str]:
    verdict, places, lines = finding.verdict, Places(finding), []
    if isinstance(verdict, Known | Near | ListedBenign):
        hit = verdict.hit
        if places.in_cell(hit):
            lines.append(f"{places.sheets_told()}: {places.of(hit)}")
        elif places.time(hit) is not None:
            lines.append(places.of(hit))
        if hit.joint:
            lines.append(wording.beyond(hit, None))
    lines += [span_told(span) for span in finding.spans[:MOST_NAMED]]
    left = len(finding.spans) - MOST_NAMED
    return [*lines, f"and {wording.counted(left, 'more stretch', 'more stretches')}"] if left > 0 else lines


def span_told(span: Span) -> str:
    """Return where a content and a known video run together: from, to on both sides, and which video of which list."""
    known = f"{wording.span_there(span)} of {wording.entry_key(span.entry_key)!r}"
    return f"{wording.span_here(span)} = {known} ({span.list_name}, {wording.span_weight(span)})"


class HashTable:
    """Signals as lines: kind, quality, value, file."""

    def __init__(self) -> None:
        self._console = DataConsole()

    def __call__(self, finding: Finding) -> None:
        """Print the signals of one file, and what could not be had."""
        for signal in finding.signals:
            quality = "" if signal.quality is None else str(signal.quality)
            turned = f" ({wording.ORIENTATION_NAMES[signal.orientation]})" if signal.orientation != "original" else ""
            frame = f" (frame {signal.frame + 1})" if signal.frame and len(finding.frames) > 1 else ""
            value = signal.value.hex()
            self._line((f"{signal.kind:<8}", "bold"), f"{quality:>3}  {value}  {visible(finding.name)}{frame}{turned}")
        for missing in finding.unhashable:
            self._line((f"{missing.kind:<8}", "bold"), f"  -  {visible(missing.reason)}  {visible(finding.name)}")

    def _line(self, kind: tuple[str, str], rest: str) -> None:
        self._console.print(Text.assemble(kind, rest), soft_wrap=True)


def _fitted(text: str, width: int) -> str:
    shown = visible(text)
    return f"{shown[: width - 1]}…" if len(shown) > width else f"{shown:<{width}}"
