"""What the program says on stderr: progress, warnings, the summary."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn
from rich.text import Text

from tutela.report import visible


class Step(Protocol):
    """Called with how far the work is (in all), and a note on it."""

    def __call__(self, done: float, note: str = "") -> None:
        """Show it."""


class Talk:
    """The program's voice on stderr; ``quiet`` leaves warnings alone."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._console = Console(stderr=True, highlight=False)

    def warn(self, text: str) -> None:
        """Say what the user must know."""
        self._console.print(Text.assemble(("Warning: ", "bold yellow"), visible(text)), soft_wrap=True)

    def say(self, text: str) -> None:
        """Say what is good to know."""
        if not self._quiet:
            self._console.print(Text(visible(text)), soft_wrap=True)

    @contextmanager
    def progress(self, what: str, *, total: float | None = None, bar: bool = True) -> Iterator[Step]:
        """Show progress while the block runs: only on a terminal, and only if ``bar``.

        The block calls the yielded step; ``total`` is what it counts up to, ``None`` if that is not known.
        """
        if self._quiet or not bar or not self._console.is_terminal:
            yield _unseen
            return
        columns: list[ProgressColumn | str] = [SpinnerColumn(), TextColumn("{task.description}")]
        if total is not None:
            columns.append(BarColumn(bar_width=30))
            if total == int(total) and total < 10_000_000:
                columns.append(MofNCompleteColumn())
        columns.append(TextColumn("{task.fields[note]}", style="dim"))
        with Progress(*columns, console=self._console, transient=True) as shown:
            task = shown.add_task(what, total=total, note="")

            def step(done: float, note: str = "") -> None:
                shown.update(task, completed=done, note=note)

            yield step


def _unseen(done: float, note: str = "") -> None:
    del done, note


def prints_to_terminal() -> bool:
    """Whether stdout is a terminal, where data and a progress bar would get in each other's way."""
    return sys.stdout.isatty()
