"""`write_report`: findings to a file, as they come, in memory that does not grow with them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from tutela.model import Finding, ListInfo
from tutela.model.verdict import VERDICT_NAMES
from tutela.report import page
from tutela.report.counts import Counts
from tutela.report.markup import VERDICTS
from tutela.report.rows import problem_row, row

Text = IO[str]

#: Rows of "nothing found" that are listed; any browser lays out so many, few lay out a million.
NOTHING_LISTED = 20_000


def write_report(
    findings: Iterable[Finding],
    target: Path,
    *,
    title: str,
    lists: Sequence[ListInfo],
    run: page.Run,
    nothing_listed: int = NOTHING_LISTED,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Counts:
    """Write the report of ``findings`` to ``target`` and return what was counted.

    The findings are consumed once, as they come; each goes as a finished row to an unnamed file of its verdict beside
    the target, and the pieces are joined at the end, gravest first.  The target appears whole or not at all: on any
    error, in the findings too, an older report of that name stays.  ``now`` is asked once, after the last
    finding.

    Thumbnails are taken from the findings that have one and were met; those of "nothing found" are left out, for nobody
    needs to look at them.  ``nothing_listed`` limits the rows of that group; all are counted.

    The file is readable by its owner only, for it holds pictures.

    Raises `OSError` if the target's folder cannot be written.
    """
    by_name = {info.name: info for info in lists}
    counts = Counts()
    with ExitStack() as stack:
        rows = {name: stack.enter_context(_piece(target.parent)) for name in VERDICTS}
        problems = stack.enter_context(_piece(target.parent))
        for finding in counts.over(findings):
            name = VERDICT_NAMES[type(finding.verdict)]
            if name != "nothing-found" or counts.verdicts[name] <= nothing_listed:
                rows[name].write(row(finding, by_name))
            for problem in finding.problems:
                problems.write(problem_row(finding, problem))
        with replacing(target) as out:
            _join(out, rows, problems, counts, title=title, lists=lists, run=run, finished=now())
    return counts


def _join(
    out: Text,
    rows: dict[str, Text],
    problems: Text,
    counts: Counts,
    *,
    title: str,
    lists: Sequence[ListInfo],
    run: page.Run,
    finished: datetime,
) -> None:
    out.write(page.head(title))
    out.write(page.masthead(title, run, finished, counts))
    out.write(page.nothing_met(counts))
    for name, piece in rows.items():
        count = counts.verdicts[name]
        if count:
            listed = _copy(piece, out, page.open_group(name, count))
            out.write(page.close_group(count - listed))
    if counts.problems:
        _copy(problems, out, page.open_problems(counts))
        out.write(page.close_group())
    else:
        out.write(page.no_problems())
    out.write(page.particulars(run, finished, lists))
    out.write(page.foot())


def _copy(piece: Text, out: Text, start: str) -> int:
    """Append a group's start and its rows; a row is a line, and their number is returned."""
    out.write(start)
    piece.seek(0)
    lines = 0
    for line in piece:
        out.write(line)
        lines += 1
    return lines


def _piece(folder: Path) -> Text:
    # Without a name on disk: a killed run leaves no pictures behind.
    return tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n", dir=folder)


@contextmanager
def replacing(target: Path) -> Iterator[Text]:
    """Open a file that takes the target's place once the block ends well, readable by its owner only."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
    except BaseException:  # also an interrupt: the half-written file goes, whatever stopped it
        part.unlink(missing_ok=True)
        raise
