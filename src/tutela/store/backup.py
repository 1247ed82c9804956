"""Back-ups of a whole home folder, and their restoring.

A back-up is a folder: the database as it was at one moment, the audit trail's keys and checkpoints, and a note of what
it is.  Snapshots are not in it: they are made from the database.  It holds list content and keys, so it is as
confidential as the store.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url

from tutela.model import Settings
from tutela.model.errors import BackupFailed
from tutela.store.database import Database
from tutela.store.migrate import HEAD
from tutela.store.store import Store

NOTE, SQLITE, POSTGRESQL = "back-up.json", "store.sqlite", "store.dump"
#: Files of the home folder that go along.
CHECKPOINTS = "audit-checkpoints.txt"
KEPT = ("keys/audit.key", "keys/audit.pub", CHECKPOINTS)


def back_up(settings: Settings, target: Path) -> Path:
    """Write a back-up into the new folder ``target`` while everything goes on; return it.

    It appears whole or not at all.  Raises `BackupFailed`.
    """
    if target.exists():
        raise BackupFailed(reason=f"{target} is there already; name a new folder")
    making = target.with_name(f".{target.name}.part")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700, parents=True)
    try:
        if settings.database:
            last = _dump(settings.database, making / POSTGRESQL)
        else:
            _copy_sqlite(settings.home / SQLITE, making / SQLITE)
            last = _last_row(making / SQLITE)
        # After the database, so that no checkpoint in it is missing here; those of later rows are left out below.
        for name in KEPT:
            source = settings.home / name
            if source.exists():
                (making / name).parent.mkdir(mode=0o700, exist_ok=True)
                shutil.copy2(source, making / name)
        if (making / CHECKPOINTS).exists():
            _leave_out_later(making / CHECKPOINTS, last)
        note = {"made": datetime.now(UTC).isoformat(), "revision": HEAD, "postgresql": bool(settings.database)}
        (making / NOTE).write_text(json.dumps(note))
        for path in making.rglob("*"):
            if path.is_file():
                with path.open("rb") as file:
                    os.fsync(file.fileno())
        making.rename(target)
    except OSError as error:
        raise BackupFailed(reason=error.strerror or type(error).__name__) from None
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return target


def restore(settings: Settings, source: Path) -> None:
    """Restore a back-up into an empty home folder (and, where the settings name one, an empty database).

    The tables are brought to this release, and every snapshot is made.  One that was killed can be run again.  Raises
    `BackupFailed`.
    """
    try:
        is_postgresql = bool(json.loads((source / NOTE).read_text())["postgresql"])
    except (OSError, ValueError, LookupError, TypeError):
        raise BackupFailed(reason=f"{source} is no back-up") from None
    if is_postgresql != bool(settings.database):
        kind = "a PostgreSQL database: name it in the setting database" if is_postgresql else "SQLite"
        raise BackupFailed(reason=f"this back-up is of {kind}")
    home = settings.home
    if (home / SQLITE).exists() or any((home / "snapshots").glob("[0-9]*")):
        raise BackupFailed(reason=f"{home} holds a store already; move it away first")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The database comes into its place last: a restore that was killed before has left no store, and can be run again.
    if settings.database:
        kept = _keep(source, home)
        try:
            _load(settings.database, source / POSTGRESQL)
        except BackupFailed:
            for path in kept:
                path.unlink()
            raise
    else:
        part = home / f"{SQLITE}.part"
        part.unlink(missing_ok=True)
        try:
            # Nobody writes to a back-up, and it may lie where nobody can.
            _copy_sqlite(source / SQLITE, part, "immutable=1")
            with part.open("rb") as file:
                os.fsync(file.fileno())
            _keep(source, home)
            part.rename(home / SQLITE)
        finally:
            part.unlink(missing_ok=True)
    with Store.of(settings) as store:
        store.snapshots()


def _keep(source: Path, home: Path) -> list[Path]:
    """Put the keys and the checkpoints into a home folder without, or with the same; return what is new."""
    names = [name for name in KEPT if (source / name).exists()]
    for name in KEPT:
        if (home / name).exists() and (name not in names or (home / name).read_bytes() != (source / name).read_bytes()):
            raise BackupFailed(reason=f"{home / name} is another store's; restore into an empty home folder")
    new = [home / name for name in names if not (home / name).exists()]
    for name in names:
        (home / name).parent.mkdir(mode=0o700, exist_ok=True)
        part = home / f"{name}.part"
        shutil.copy2(source / name, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.rename(home / name)
    return new


def _copy_sqlite(source: Path, target: Path, how: str = "mode=ro") -> None:
    if not source.exists():
        raise BackupFailed(reason=f"{source} is not there")
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?{how}", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
            if new.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise BackupFailed(reason=f"{source} is damaged")
    except sqlite3.Error as error:
        raise BackupFailed(reason=str(error)) from None


def _last_row(path: Path) -> int:
    with closing(sqlite3.connect(path)) as copy:
        if not copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit_head'").fetchone():
            return 0  # a store of before there was an audit trail
        return int(copy.execute("SELECT number FROM audit_head").fetchone()[0])


def _leave_out_later(path: Path, last: int) -> None:
    lines = path.read_text(encoding="ascii", errors="replace").splitlines(keepends=True)
    later = {line for line in lines if (number := line.partition(" ")[0]).isdecimal() and int(number) > last}
    path.write_text("".join(line for line in lines if line not in later), encoding="ascii", errors="replace")


def _dump(url: str, target: Path) -> int:
    """Dump a database; return the number of the last row of its audit trail."""
    database = Database(url)
    try:
        # pg_dump takes the very state that this connection sees.
        with database.reading() as connection:
            state = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            there = connection.execute(text("SELECT to_regclass('audit_head')")).scalar_one()
            last = connection.execute(text("SELECT number FROM audit_head")).scalar_one() if there else 0
            _run(["pg_dump", "--format=custom", "--no-owner", f"--snapshot={state}", "--file", str(target)], url)
    finally:
        database.close()
    return int(last)


def _load(url: str, source: Path) -> None:
    _run(["pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", str(source)], url)


def _run(command: list[str], url: str) -> None:
    parts = make_url(url)
    query = {name: str(value) for name, value in parts.query.items()}
    # By the environment: what stands in a command line can be read by everybody on the machine.
    told = {
        "PGHOST": parts.host or query.get("host"),
        "PGPORT": str(parts.port) if parts.port else query.get("port"),
        "PGUSER": parts.username or query.get("user"),
        "PGPASSWORD": parts.password,
        "PGDATABASE": parts.database,
    }
    environment = {**os.environ, **{name: value for name, value in told.items() if value}}
    named = ["--dbname", parts.database or ""] if command[0] == "pg_restore" else []
    try:
        ended = subprocess.run([*command, *named], env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise BackupFailed(reason=f"{command[0]} is not installed (Debian's package postgresql-client)") from None
    if ended.returncode:
        raise BackupFailed(reason=f"{command[0]} ended with {ended.returncode}: {ended.stderr.strip()[-300:]}")
