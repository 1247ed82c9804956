"""`Jobs`: jobs asked for, watched and cancelled, by any process.  A row of the table is the truth about a job."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from tutela.model.errors import JobUnknown, UsageError
from tutela.store.audit import By, record
from tutela.store.database import Database
from tutela.store.entry_rows import moment, precise_now
from tutela.store.job_tables import jobs

KINDS = ("import", "export", "compact", "retain", "checkpoint")


@dataclass(frozen=True, slots=True)
class Job:
    """A job; ``state`` is ``waiting``, ``running``, ``done``, ``failed`` or ``cancelled``, ``total`` may be unknown."""

    id: str
    kind: str
    state: str
    arguments: Mapping[str, Any]
    done: int
    total: int | None
    message: str
    result: Mapping[str, Any] | None
    error: str | None
    by: By
    made: datetime
    started: datetime | None
    ended: datetime | None
    cancelling: bool

    @property
    def who(self) -> str:
        """Who asked for it."""
        return self.by.who

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self.state in {"done", "failed", "cancelled"}


class Jobs:
    """The jobs of a store whose home folder is ``home``."""

    def __init__(self, database: Database, home: Path) -> None:
        self._database = database
        self._home = home

    def enqueue(self, kind: str, arguments: Mapping[str, Any], by: By, number: str | None = None) -> Job:
        """Ask for a job; the job process takes it up within a second.

        If there is a job ``number`` already, nothing is asked for and that one is returned: so that whoever did not
        hear the answer can ask again.  Raises `UsageError` for a kind there is not.
        """
        if kind not in KINDS:
            raise UsageError(reason=f"There are no jobs of kind {kind!r}; there are {', '.join(KINDS)}.")
        number = number or secrets.token_hex(12)
        with suppress(IntegrityError), self._database.writing() as connection:
            enqueue_within(connection, kind, arguments, by, number)
        return self.get(number)

    def find(self, number: str) -> Job | None:
        """Return a job, ``None`` if there is none of this number."""
        try:
            return self.get(number)
        except JobUnknown:
            return None

    def get(self, number: str) -> Job:
        """Return a job; raise `JobUnknown`."""
        with self._database.reading() as connection:
            job = job_of(connection, number)
        if job.state != "running":
            return job
        try:
            told = json.loads((self._home / "run" / f"job-{number}").read_text())
        except (OSError, ValueError):  # it has only begun, or is being written
            return job
        return replace(job, done=told.get("done", 0))

    def list(
        self, *, state: str | None = None, kind: str | None = None, before: str | None = None, limit: int = 100
    ) -> tuple[Job, ...]:
        """Return jobs, the newest first; only those older than job ``before``, where given."""
        asked = select(jobs).order_by(jobs.c.made.desc(), jobs.c.id.desc()).limit(limit)
        if state is not None:
            asked = asked.where(jobs.c.state == state)
        if kind is not None:
            asked = asked.where(jobs.c.kind == kind)
        with self._database.reading() as connection:
            if before is not None:
                edge = connection.execute(select(jobs.c.made).where(jobs.c.id == before)).scalar_one_or_none()
                if edge is None:
                    raise JobUnknown(number=before)
                older = (jobs.c.made < edge) | ((jobs.c.made == edge) & (jobs.c.id < before))
                asked = asked.where(older)
            return tuple(_job(row) for row in connection.execute(asked))

    def cancel(self, number: str, by: By) -> Job:
        """Have a job end: at once if it waits, else when it next looks; what it has committed stays.

        Raises `JobUnknown`.  One that is over stays as it is.
        """
        self._mark(number)
        with self._database.writing() as connection:
            job = job_of(connection, number)
            if not job.over and not job.cancelling:
                values: dict[str, Any] = {"cancelled": 1}
                if job.state == "waiting":
                    values |= {"state": "cancelled", "ended": precise_now()}
                connection.execute(update(jobs).where(jobs.c.id == number).values(values))
                record(connection, by, "job.cancel", f"job:{number}")
        return self.get(number)

    def _mark(self, number: str) -> None:
        """Tell a running job where it can see it although it holds the one write lock of SQLite."""
        if self.get(number).state == "running":
            mark = cancel_mark(self._home, number)
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()

    def file(self, number: str) -> Path:
        """Return the file that an export made; raise `JobUnknown` if there is none, or none any more."""
        job = self.get(number)
        name = (job.result or {}).get("file")
        path = self._home / "exports" / str(name)
        if name is None or not path.is_file():
            raise JobUnknown(number=number)
        return path


def cancel_mark(home: Path, number: str) -> Path:
    """Return the file whose being there asks a running job to end."""
    return home / "run" / f"cancel-{number}"


def enqueue_within(
    connection: Connection, kind: str, arguments: Mapping[str, Any], by: By, number: str | None = None
) -> str:
    """Ask for a job in the caller's transaction; return its id."""
    number = number or secrets.token_hex(12)
    values = {
        "id": number,
        "kind": kind,
        "state": "waiting",
        "arguments": json.dumps(dict(arguments)),
        "done": 0,
        "message": "",
        "who": by.who,
        "why": by.why,
        "request": by.request,
        "made": precise_now(),
        "cancelled": 0,
    }
    connection.execute(insert(jobs).values(values))
    record(connection, by, f"job.{kind}", f"job:{number}", after={"list": arguments.get("list")})
    return number


def job_of(connection: Connection, number: str) -> Job:
    """Return a job; raise `JobUnknown`."""
    row = connection.execute(select(jobs).where(jobs.c.id == number)).one_or_none()
    if row is None:
        raise JobUnknown(number=number)
    return _job(row)


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        state=row.state,
        arguments=json.loads(row.arguments),
        done=row.done,
        total=row.total,
        message=row.message,
        result=None if row.result is None else json.loads(row.result),
        error=row.error,
        by=By(row.who, row.why, row.request),
        made=moment(row.made),
        started=None if row.started is None else moment(row.started),
        ended=None if row.ended is None else moment(row.ended),
        cancelling=bool(row.cancelled),
    )
