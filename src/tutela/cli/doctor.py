"""`tutela doctor`: what works here."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

import tutela
from tutela import _kernel
from tutela.cli.lazy import command_app
from tutela.cli.output import DataConsole, print_json
from tutela.engine import sandbox_report
from tutela.engine.self_test import self_test
from tutela.engine.snapshot import ListSnapshot
from tutela.model import Settings, read_settings
from tutela.model.errors import KernelBroken, TutelaError, WorkersFailed
from tutela.report import visible, wording
from tutela.store import Store

app = command_app()

#: Optional parts: module -> what it is for.
PARTS = {"pillow_heif": "writing HEIC, for the demo and the tests (extra: demo)"}

GOOD, NOTE, BAD = "ok", "note", "bad"
_LOOKS = {GOOD: ("\N{CHECK MARK}", "green"), NOTE: ("-", "yellow"), BAD: ("\N{MULTIPLICATION SIGN}", "bold red")}

#: (section, what, state, details)
Line = tuple[str, str, str, str]


@app.command(epilog="[bold]Examples[/]\n\ntutela doctor\n\ntutela doctor --jsonl")
def doctor(
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Print a JSON object a line.")] = False,
) -> None:
    """Say what works here: kernel, self-test, sandbox, limits, lists.

    Ends with 7 if the kernel gives a wrong answer, with 9 if no sandboxed worker can be started, and with the store's
    own code if the store cannot be opened; what is merely missing is noted.
    """
    settings = read_settings()
    console, section, failure = DataConsole(), "", None
    for found in _examined(settings):
        if isinstance(found, TutelaError):
            failure = failure or found
            continue
        if jsonl:
            print_json(dict(zip(("section", "what", "state", "details"), found, strict=True)))
            continue
        if found[0] != section:
            section = found[0]
            console.print(Text(("" if section == "Program" else "\n") + section, style="bold"))
        _print(console, found)
    if failure is not None:
        raise failure


def _print(console: DataConsole, line: Line) -> None:
    mark, look = _LOOKS[line[2]]
    console.print(Text.assemble("  ", (mark, look), f" {line[1]:<24}", visible(line[3])), soft_wrap=True)


def _examined(settings: Settings) -> Iterator[Line | TutelaError]:
    yield "Program", "tutela", GOOD, tutela.__version__
    yield "Program", "Python", GOOD, f"{platform.python_version()}, {sys.executable}"
    yield "Program", "system", GOOD, f"{platform.system()} {platform.release()}, {platform.machine()}"
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield "Program", "processors", GOOD, str(processors)
    yield from _kernel_lines(settings)
    yield from _sandbox_lines(settings)
    for name, value in asdict(settings.limits).items():
        shown = wording.size(int(value)) if name in {"max_bytes", "max_memory"} else f"{value:,}"
        yield "Limits", name, GOOD, f"{shown}    (TUTELA_{name.upper()})"
    for module, purpose in PARTS.items():
        there = importlib.util.find_spec(module) is not None
        yield "Optional parts", module, GOOD if there else NOTE, f"{'there' if there else 'not installed'}; {purpose}"
    yield from _store_lines(settings)


def _kernel_lines(settings: Settings) -> Iterator[Line | TutelaError]:
    paths = _kernel.paths()
    yield "Kernel", "path in use", GOOD, f"{_kernel.path()} (this processor can run: {', '.join(paths)})"
    if settings.kernel not in {"auto", _kernel.path()}:
        yield "Kernel", "setting", NOTE, f"TUTELA_KERNEL={settings.kernel} cannot run on this processor"
    try:
        yield "Kernel", "self-test", GOOD, f"right answers on {', '.join(self_test())}"
    except KernelBroken as error:
        yield "Kernel", "self-test", BAD, str(error)
        yield error


def _sandbox_lines(settings: Settings) -> Iterator[Line | TutelaError]:
    try:
        for measure, in_force in sandbox_report(settings.limits).items():
            yield "Sandbox", measure, GOOD if in_force else NOTE, "in force" if in_force else "not to be had here"
    except WorkersFailed as error:
        yield "Sandbox", "workers", BAD, str(error)
        yield error


def _store_lines(settings: Settings) -> Iterator[Line | TutelaError]:
    yield "Store", "home", GOOD, f"{settings.home}    (TUTELA_HOME)"
    if not settings.database and not (settings.home / "store.sqlite").exists():
        yield "Store", "lists", NOTE, "none yet; `tutela list create` makes one"
        return
    try:
        with Store.of(settings) as store:
            for info in store.lists():
                details = store.show(info.name)
                damage = _damage(store.snapshot_path(info.name))
                if damage is not None:
                    yield "Store", info.name, BAD, str(damage)
                    yield damage
                    continue
                state = GOOD if details.published == info.version else NOTE
                behind = "" if state == GOOD else "; its snapshot is behind, the next match brings it up to date"
                entries = wording.counted(details.entries, "entry", "entries")
                yield "Store", info.name, state, f"{info.purpose.value}, {entries}, version {info.version}{behind}"
    except TutelaError as error:
        yield "Store", "store", BAD, str(error)
        yield error


def _damage(path: Path) -> TutelaError | None:
    """Read every block of a list's index files; return what is wrong with the first that is not as it was written."""
    if not any(path.glob("*.seg")):
        return None  # none was made yet
    try:
        ListSnapshot.open(path).view().index.verify()
    except TutelaError as error:
        return error
    return None
