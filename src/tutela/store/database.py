"""The connection to the store's database: how it is opened, its two kinds of transaction, and what its errors mean.

SQLite in WAL mode: any number read while one writes.  A writer takes the write lock when its transaction begins
(BEGIN IMMEDIATE), so that it waits there, once, and never fails in the middle.  ``synchronous=FULL``: what is
committed outlives a power cut.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError

from tutela.model.errors import StoreBusy, StoreDamaged, StoreUnwritable, TutelaError

#: Memory that one connection may use for pages, in KiB.
CACHE_KIB = 128 * 1024
#: What may stay of the write-ahead log when a large import is over.
JOURNAL_BYTES = 64 << 20

_BUSY = {"SQLITE_BUSY", "SQLITE_LOCKED"}
_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT"}
_UNWRITABLE = {"SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_PERM", "SQLITE_AUTH"}


class Database:
    """One SQLite file.  ``patience`` is how long, in seconds, to wait for another writer."""

    def __init__(self, path: Path, *, patience: float = 30.0) -> None:
        self.path = path
        self.patience = patience
        self.engine = _engine(path, patience)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the store for as long as it is held."""
        with self._told(), self.engine.execution_options(tutela_begin="BEGIN").connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give the one writing connection; commits at the end, and rolls back whatever is raised inside.

        Raises `StoreBusy` if another process keeps the lock for longer than ``patience``.
        """
        with self._told(), self.engine.execution_options(tutela_begin="BEGIN IMMEDIATE").begin() as connection:
            yield connection

    def use_wal(self) -> None:
        """Switch the file to WAL, which is kept in it.

        SQLite does not wait for other connections here, so two processes that start at once would fail each other.
        """
        last = time.monotonic() + self.patience
        with self._told(), closing(sqlite3.connect(self.path, timeout=0)) as connection:
            while True:
                try:
                    connection.execute("PRAGMA journal_mode = WAL")
                except sqlite3.Error as error:
                    if _code(error) not in _BUSY or time.monotonic() > last:
                        raise
                    time.sleep(0.05)
                else:
                    return

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            raise self._meaning(error.orig) or error from None
        except sqlite3.Error as error:
            raise self._meaning(error) or error from None

    def _meaning(self, error: BaseException | None) -> TutelaError | None:
        """Return the error that says what to do; SQL and parameters, which hold list content, do not go along."""
        code = _code(error)
        if code in _BUSY:
            return StoreBusy(path=self.path)
        if code in _DAMAGED:
            return StoreDamaged(path=self.path, reason=error)
        if code in _UNWRITABLE:
            return StoreUnwritable(path=self.path, reason=error)
        return None


def _code(error: BaseException | None) -> str:
    """Return SQLite's primary result code: ``SQLITE_BUSY_SNAPSHOT`` is a ``SQLITE_BUSY``."""
    return "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])


def _engine(path: Path, patience: float) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": patience, "isolation_level": None},
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in (
            "foreign_keys = ON",
            "synchronous = FULL",
            f"cache_size = -{CACHE_KIB}",
            f"journal_size_limit = {JOURNAL_BYTES}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("tutela_begin", "BEGIN"))

    return engine
