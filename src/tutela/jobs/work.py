"""What each kind of job does.

Work is written so that it can begin again after a kill: what a job has committed it has committed together with the row
that says so, and it goes on behind it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, select, update

from tutela import exchange
from tutela.access.sessions import Sessions
from tutela.access.trail import AuditTrail
from tutela.engine.snapshot import locked
from tutela.index import IndexFolder
from tutela.jobs.asking import Job, cancel_mark, job_of
from tutela.model import Rejected, Removed, Settings
from tutela.model.errors import FormatUnknown, UsageError
from tutela.store import Store
from tutela.store.audit import By
from tutela.store.entry_rows import precise_now
from tutela.store.importing import ImportSummary, Item
from tutela.store.job_tables import deliveries, jobs
from tutela.store.people_tables import links

#: Entries of a live import that make a version together.
LIVE = 2_000
#: Rejected lines that a result tells.
TOLD_REJECTED = 100
#: Seconds between two writings of progress, and two looks whether a job was cancelled.
EVERY = 0.3
DAY = 86_400_000_000


class Cancelled(Exception):
    """Somebody asked for the job's end."""


@dataclass(slots=True)
class Context:
    """What jobs work with."""

    settings: Settings
    store: Store
    trail: AuditTrail
    sessions: Sessions


def work(context: Context, job: Job) -> Mapping[str, Any]:
    """Do a job and return its result, which is JSON.  Raises `Cancelled`, and whatever goes wrong."""
    kinds: dict[str, Callable[[Context, Job], Mapping[str, Any]]] = {
        "import": import_file,
        "export": export_list,
        "compact": compact,
        "retain": retain,
        "checkpoint": checkpoint,
    }
    return kinds[job.kind](context, job)


# ---------------------------------------------------------------------------------------------------------- import
@dataclass(slots=True)
class _Counts:
    """What an import has come to so far, as its job's result tells it."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    rejected: int = 0
    version: int = 0

    def take(self, summary: ImportSummary) -> None:
        for name in ("added", "updated", "unchanged", "removed"):
            setattr(self, name, getattr(self, name) + getattr(summary, name))
        self.rejected += summary.rejected_count
        self.version = summary.version


def import_file(context: Context, job: Job) -> Mapping[str, Any]:
    """Import an uploaded file: whole, in one version; or live, in steps that are matched as they come."""
    told = job.arguments
    path = context.settings.home / "uploads" / str(told["upload"])
    result = dict(job.result or {})
    if "version" in result and result.get("whole"):
        path.unlink(missing_ok=True)
        return result  # it was committed, and only the end of the job was not
    if not path.exists():
        raise UsageError(reason="the file that was uploaded is gone; upload it again")
    watch = _Watch(context, job)
    counts = _Counts(**{one.name: result[one.name] for one in fields(_Counts) if one.name in result})
    rejected: list[dict[str, Any]] = list(result.get("rejected_lines", []))

    def reject(item: Rejected) -> None:
        if len(rejected) < TOLD_REJECTED:
            rejected.append({"line": item.number, "reason": item.reason})

    items = watch.over(_read(path, told.get("format"), watch))
    for _ in islice(items, int(result.get("items", 0))):
        pass
    step = LIVE if told.get("live") else None
    while True:
        batch, more = _batch(items, step)
        if not more:
            break

        def commit(connection: Connection, summary: ImportSummary) -> None:
            counts.take(summary)
            record = asdict(counts) | {"rejected_lines": rejected, "items": watch.items, "whole": step is None}
            connection.execute(update(jobs).where(jobs.c.id == job.id).values(result=json.dumps(record)))

        by = By(job.by.who, job.by.why, job.by.request or f"job {job.id}")
        context.store.import_entries(
            str(told["list"]),
            batch,
            rejected=reject,
            accept_torn=bool(told.get("accept_torn")),
            by=by,
            within=commit,
        )
        if step is None:
            break
    path.unlink(missing_ok=True)
    return asdict(counts) | {"rejected_lines": rejected, "items": watch.items, "whole": True}


def _read(path: Path, form: str | None, watch: _Watch) -> Iterator[Item]:
    try:
        return exchange.read(path, form, watch.bytes)
    except FormatUnknown as error:  # whoever reads the job's error knows nothing of where the server keeps uploads
        raise FormatUnknown(path="The file", reason=error.fields["reason"]) from None


def _batch(items: Iterator[Item], step: int | None) -> tuple[Iterator[Item] | list[Item], bool]:
    """Return what is imported together, and whether there is anything."""
    if step is None:
        return items, True
    batch = list(islice(items, step))
    return batch, bool(batch)


class _Watch:
    """Tells how far a job has come, and whether it is to end.

    Progress goes into a file, not the store: an import holds SQLite's one write lock for as long as it runs.
    """

    def __init__(self, context: Context, job: Job) -> None:
        self._context = context
        self._job = job
        self._file = progress_file(context.settings.home, job.id)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._last = 0.0
        self._read = 0
        self.items = 0

    def bytes(self, read: int) -> None:
        """Take note of how much of the file was read."""
        self._read = read

    def over(self, items: Iterator[Item]) -> Iterator[Item]:
        """Pass items on, and look around at times."""
        for item in items:
            self.items += 1
            if not self.items & 0x3FF:
                self.look()
            yield item
        self.look(now=True)

    def look(self, *, now: bool = False) -> None:
        """Write the progress down; raise `Cancelled`."""
        moment = time.monotonic()
        if not now and moment < self._last + EVERY:
            return
        self._last = moment
        self._file.write_text(json.dumps({"done": self.items, "bytes": self._read}))
        if cancel_mark(self._context.settings.home, self._job.id).exists():
            raise Cancelled
        with self._context.store.database.reading() as connection:
            if job_of(connection, self._job.id).cancelling:
                raise Cancelled


def progress_file(home: Path, number: str) -> Path:
    """Return where a running job says how far it has come."""
    return home / "run" / f"job-{number}"


# ---------------------------------------------------------------------------------------------------------- others
def export_list(context: Context, job: Job) -> Mapping[str, Any]:
    """Write a list to a file; it appears whole or not at all."""
    name, chosen = str(job.arguments["list"]), str(job.arguments["format"])
    fitting = [one for one in exchange.formats() if one.name == chosen]
    if not fitting:
        names = ", ".join(one.name for one in exchange.formats())
        raise UsageError(reason=f"There is no format {chosen!r}; there are {names}.")
    folder = context.settings.home / "exports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}-{job.id}{fitting[0].suffix}"
    part = path.with_name(path.name + ".part")
    watch = _Watch(context, job)
    info = context.store.info(name)
    try:
        with part.open("wb") as out:
            # An entry is an item too, as far as counting goes.
            counted = watch.over(iter(context.store.entries(name)))
            written = exchange.write(
                (one for one in counted if not isinstance(one, Removed | Rejected)), info, out, chosen
            )
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return {
        "file": path.name,
        "entries": written.entries,
        "left_out": dict(written.left_out),
        "bytes": path.stat().st_size,
    }


def compact(context: Context, job: Job) -> Mapping[str, Any]:
    """Bring a list's index into as few files as can be; look-ups go on meanwhile."""
    name = str(job.arguments["list"])
    path = context.store.publish(name)
    with locked(path):
        IndexFolder.open(path).compact()
    return {"bytes": sum(file.stat().st_size for file in path.iterdir())}


def checkpoint(context: Context, job: Job) -> Mapping[str, Any]:
    """Sign the audit trail as it stands."""
    del job
    made = context.trail.checkpoint()
    return {"row": None if made is None else made.number}


def retain(context: Context, job: Job) -> Mapping[str, Any]:
    """Drop what has had its time: sign-ins, links, uploads, exports, deliveries; audit rows if a setting says so."""
    now = precise_now()
    context.sessions.forget()
    with context.store.database.writing() as connection:
        connection.execute(delete(links).where(links.c.until < now))
        over = deliveries.c.state.in_(("done", "failed")) & (deliveries.c.made < now - 30 * DAY)
        dropped = connection.execute(delete(deliveries).where(over)).rowcount
        connection.execute(delete(jobs).where(jobs.c.ended < now - 90 * DAY))  # the audit trail has them still
        open_ = set(
            connection.execute(select(jobs.c.arguments).where(jobs.c.state.in_(("waiting", "running")))).scalars()
        )
    waiting = {json.loads(told).get("upload") for told in open_}
    home = context.settings.home
    uploads = _drop_old(home / "uploads", 1, keep=waiting)
    exports = _drop_old(home / "exports", 7)
    _drop_old(home / "run", 7)
    cut = 0
    if context.settings.server.audit_days:
        before = now - context.settings.server.audit_days * DAY
        cut = context.trail.cut(before, By(job.by.who, "audit_days", job.by.request))
    return {"deliveries": dropped, "uploads": uploads, "exports": exports, "audit_rows": cut}


def _drop_old(folder: Path, days: int, keep: set[Any] | None = None) -> int:
    dropped = 0
    for path in folder.glob("*") if folder.is_dir() else ():
        if path.is_file() and path.name not in (keep or set()) and path.stat().st_mtime < time.time() - days * 86_400:
            path.unlink(missing_ok=True)
            dropped += 1
    return dropped
