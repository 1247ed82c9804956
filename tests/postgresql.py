"""A PostgreSQL server of the tests' own: Debian's package, on a unix socket in a temporary folder, one for the run.

`server()` starts it, or says why there is none; `fresh_database()` gives an empty database in it.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_USER = "tutela"


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def _as_somebody(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root, so the package's own user runs it then."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--", *command]


@functools.lru_cache(maxsize=1)
def server() -> Path | str:
    """Return the folder of the server's socket, or the reason why there is none."""
    programs = _programs()
    if programs is None:
        return "PostgreSQL is not installed (Debian's package postgresql)"
    folder = Path(tempfile.mkdtemp(prefix="tutela-pg-"))
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
    data = folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    init = [
        str(programs / "initdb"),
        "-D",
        str(data),
        "-U",
        _USER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "-N",
    ]
    subprocess.run(_as_somebody(init), check=True, **quiet)
    settings = f"-k {folder} -c listen_addresses= -c fsync=off -c max_connections=200"
    start = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-s", "-l", str(folder / "log"), "-o", settings, "start"]
    subprocess.run(_as_somebody(start), check=True, **quiet)

    def end() -> None:
        stop = [str(programs / "pg_ctl"), "-D", str(data), "-s", "-m", "immediate", "stop"]
        subprocess.run(_as_somebody(stop), cwd="/", check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return folder


def _administrator(folder: Path) -> Any:
    import psycopg  # an optional part

    return psycopg.connect(host=str(folder), user=_USER, dbname="postgres", autocommit=True)


@contextlib.contextmanager
def fresh_database() -> Iterator[str]:
    """Give the URL of an empty database; skips the test where PostgreSQL is not installed."""
    folder = server()
    if isinstance(folder, str):
        pytest.skip(folder)
    name = f"test_{secrets.token_hex(8)}"
    with _administrator(folder) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    # It is not dropped: that takes a second, and all of them go with the server.
    yield f"postgresql://{_USER}@/{name}?host={folder}"
