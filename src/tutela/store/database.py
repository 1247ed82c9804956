"""The connection to the store's database: how it is opened, its two kinds of transaction, and what its errors mean.

SQLite in WAL mode: any number read while one writes.  A writer takes the write lock when its transaction begins
(BEGIN IMMEDIATE), so that it waits there, once, and never fails in the middle.  ``synchronous=FULL``: what is
committed outlives a power cut.

PostgreSQL: a reader sees one state (REPEATABLE READ).  Writers of different tables go on beside each other; those that
hand out ids or versions take a lock of their own (`Database.alone`), as SQLite's all do.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from tutela.model.errors import (
    ExtraMissing,
    SettingInvalid,
    StoreBusy,
    StoreDamaged,
    StoreUnwritable,
    TutelaError,
    UsageError,
)

#: Memory that one connection may use for pages, in KiB.
CACHE_KIB = 128 * 1024
#: What may stay of the write-ahead log when a large import is over.
JOURNAL_BYTES = 64 << 20
#: The number of PostgreSQL's advisory lock of those who write lists.
ALONE = 0x7475_7465

_BUSY = {"SQLITE_BUSY", "SQLITE_LOCKED"}
_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT"}
_UNWRITABLE = {"SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_PERM", "SQLITE_AUTH"}
#: PostgreSQL's: a lock was not to be had in time, a deadlock, a serialisation that failed, too many connections.
_BUSY_STATES = {"55P03", "40P01", "40001", "53300", "57014"}


class Database:
    """One database: the path of an SQLite file, or the URL of a PostgreSQL database.

    ``patience`` is how long, in seconds, to wait for another writer.  Raises `SettingInvalid` for a URL that is none.
    """

    def __init__(self, place: Path | str, *, patience: float = 30.0) -> None:
        self.patience = patience
        if isinstance(place, Path):
            self.dialect, self.name = "sqlite", str(place)
            self.engine = _sqlite(place, patience)
        else:
            self.dialect = "postgresql"
            url = _checked(place)
            self.name = url.render_as_string(hide_password=True)
            self.engine = _postgresql(url, patience)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the store for as long as it is held."""
        options = {"tutela_begin": "BEGIN"} if self.dialect == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        with self._told(), self.engine.execution_options(**options).connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a writing connection; commits at the end, and rolls back whatever is raised inside.

        Raises `StoreBusy` if another process keeps a lock for longer than ``patience``.
        """
        options = {"tutela_begin": "BEGIN IMMEDIATE"} if self.dialect == "sqlite" else {}
        with self._told(), self.engine.execution_options(**options).begin() as connection:
            yield connection

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """Give the one writing connection of those who change lists or tables; otherwise as `writing`."""
        with self.writing() as connection:
            if self.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ALONE})
            yield connection

    def use_wal(self) -> None:
        """Switch an SQLite file to WAL, which is kept in it.

        SQLite does not wait for other connections here, so two processes that start at once would fail each other.
        """
        if self.dialect != "sqlite":
            return
        last = time.monotonic() + self.patience
        with self._told(), closing(sqlite3.connect(self.name, timeout=0)) as connection:
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
        except DBAPIError as error:
            raise self._meaning(error.orig) or error from None
        except sqlite3.Error as error:
            raise self._meaning(error) or error from None

    def _meaning(self, error: BaseException | None) -> TutelaError | None:
        """Return the error that says what to do; SQL and parameters, which hold list content, do not go along."""
        code = _code(error)
        state = getattr(error, "sqlstate", None)
        if code in _BUSY or state in _BUSY_STATES:
            return StoreBusy(path=self.name)
        if code in _DAMAGED:
            return StoreDamaged(path=self.name, reason=error)
        if code in _UNWRITABLE:
            return StoreUnwritable(path=self.name, reason=error)
        if self.dialect == "postgresql" and type(error).__name__ == "DataError" and "NUL" in str(error):
            return UsageError(reason="A name or text holds the character NUL, which nothing here can have.")
        if self.dialect == "postgresql" and type(error).__name__ == "OperationalError":
            return StoreUnwritable(path=self.name, reason="the database server cannot be reached, or has no room")
        return None


def _code(error: BaseException | None) -> str:
    """Return SQLite's primary result code: ``SQLITE_BUSY_SNAPSHOT`` is a ``SQLITE_BUSY``."""
    return "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])


def _checked(text_: str) -> URL:
    wanted = "the URL of a PostgreSQL database, as in postgresql://user@host/name"
    try:
        url = make_url(text_)
    except ArgumentError:
        raise SettingInvalid(name="TUTELA_DATABASE", value="(not shown)", wanted=wanted) from None
    if url.drivername not in {"postgresql", "postgresql+psycopg"}:
        raise SettingInvalid(name="TUTELA_DATABASE", value=f"{url.drivername}://...", wanted=wanted)
    return url.set(drivername="postgresql+psycopg")


def _postgresql(url: URL, patience: float) -> Engine:
    try:
        return create_engine(
            url,
            connect_args={"options": f"-c lock_timeout={int(patience * 1000)}", "connect_timeout": 10},
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=40,
        )
    except ModuleNotFoundError:
        raise ExtraMissing(what="A PostgreSQL store", extra="postgresql") from None


def _sqlite(path: Path, patience: float) -> Engine:
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
