"""`Usage`: how much each account asks, counted and bounded.

Counts are kept in memory and written together every `EVERY` seconds: a process that is killed loses that much of its
counts, and nothing else.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func, select, text

from tutela.model.errors import TooMany, TutelaError
from tutela.store.database import Database
from tutela.store.entry_rows import now
from tutela.store.usage_tables import usage

#: Seconds between two writings.
EVERY = 2.0
HOUR = 3_600_000_000

# Both SQLite and PostgreSQL know this form.
_ADD = text(
    "INSERT INTO usage (hour, account, list, what, count) VALUES (:hour, :account, :list, :what, :count)"
    " ON CONFLICT (hour, account, list, what) DO UPDATE SET count = usage.count + excluded.count"
)


@dataclass(frozen=True, slots=True)
class Counted:
    """A row of what was counted: in the hour from ``hour`` (microseconds since 1970)."""

    hour: int
    account: int
    list_name: str
    what: str
    count: int


class Usage:
    """Counts and bounds.  ``per_minute`` is what one account may have looked up in a minute, in this process."""

    def __init__(self, database: Database, per_minute: int) -> None:
        self._database = database
        self._most = per_minute
        self._lock = threading.Lock()
        self._counts: dict[tuple[int, int, str, str], int] = defaultdict(int)
        self._buckets: dict[int, tuple[float, float]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write_often, name="tutela-usage", daemon=True)
        self._thread.start()

    def take(self, account: int | None, number: int) -> None:
        """Let an account have ``number`` values looked up, or raise `TooMany`: a bucket that fills evenly."""
        now = time.monotonic()
        who = account or 0
        with self._lock:
            level, since = self._buckets.get(who, (float(self._most), now))
            level = min(float(self._most), level + (now - since) * self._most / 60)
            # A batch larger than the bucket is let through when it is full: else it could never be asked at all.
            if level < min(number, self._most):
                self._buckets[who] = level, now
                lacking = min(number, self._most) - level
                raise TooMany(most=self._most, seconds=int(lacking * 60 / max(1, self._most)) + 1)
            self._buckets[who] = level - number, now

    def count(self, account: int | None, what: str, number: int = 1, list_name: str = "") -> None:
        """Count something that an account did."""
        hour = now() // HOUR * HOUR
        with self._lock:
            self._counts[hour, account or 0, list_name, what] += number

    def write(self) -> None:
        """Write what was counted since the last time; what cannot be written is kept."""
        with self._lock:
            counts, self._counts = self._counts, defaultdict(int)
        if not counts:
            return
        rows = [
            {"hour": hour, "account": account, "list": name, "what": what, "count": number}
            for (hour, account, name, what), number in sorted(counts.items())
        ]
        try:
            with self._database.writing() as connection:
                connection.execute(_ADD, rows)
        except BaseException:  # whatever it was: the counts are kept, and it goes on to whoever called
            with self._lock:
                for name, number in counts.items():
                    self._counts[name] += number
            raise

    def since(self, hour: int, account: int | None = None) -> tuple[Counted, ...]:
        """Return what was counted from an hour on, by the hour and oldest first: of one account, or of all together."""
        columns = (usage.c.hour, usage.c.list, usage.c.what)
        asked = (
            select(*columns, func.sum(usage.c.count)).where(usage.c.hour >= hour).group_by(*columns).order_by(*columns)
        )
        if account is not None:
            asked = asked.where(usage.c.account == account)
        with self._database.reading() as connection:
            rows = connection.execute(asked).all()
        return tuple(Counted(hour, account or 0, name, what, int(count)) for hour, name, what, count in rows)

    def close(self) -> None:
        """Write what is left."""
        self._ended.set()
        self._thread.join(5)
        self.write()

    def _write_often(self) -> None:
        while not self._ended.wait(EVERY):
            try:
                self.write()
            except TutelaError:  # a busy store: the counts were kept, and come along the next time
                continue
