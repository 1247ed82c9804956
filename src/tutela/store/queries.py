"""The named statements of ``queries.sql``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

from sqlalchemy import Connection, CursorResult, TextClause, bindparam, text

_HEADING = re.compile(r"^-- ([a-z_]+) --$", re.MULTILINE)
_REMARK = re.compile(r"^--.*\n", re.MULTILINE)
_PARAMETER = re.compile(r"(?<!:):([a-z_]+)")
#: Parameters that stand for a sequence of values.
_EXPANDING = frozenset({"keys", "ids"})


@lru_cache(maxsize=1)
def _statements() -> dict[str, str]:
    source = files("tutela.store").joinpath("queries.sql").read_text(encoding="utf-8")
    pieces = _HEADING.split(source)[1:]
    return {name: _REMARK.sub("", text).strip() for name, text in zip(pieces[::2], pieces[1::2], strict=True)}


@lru_cache(maxsize=64)
def query(name: str) -> TextClause:
    """Return the statement of this name, ready to execute; `KeyError` if there is none."""
    statement = _statements()[name]
    expanding = [p for p in dict.fromkeys(_PARAMETER.findall(statement)) if p in _EXPANDING]
    return text(statement).bindparams(*(bindparam(p, expanding=True) for p in expanding))


@lru_cache(maxsize=64)
def _positional(name: str) -> tuple[str, tuple[str, ...]]:
    statement = _statements()[name]
    return _PARAMETER.sub("?", statement), tuple(_PARAMETER.findall(statement))


def bulk(connection: Connection, name: str, rows: Iterable[Sequence[object]]) -> None:
    """Run a statement once for each row of values, given in the order in which its parameters stand in it.

    Where the driver takes positional parameters the rows go to it as they are: making a dictionary of each costs more
    than SQLite needs to insert it.
    """
    statement, names = _positional(name)
    listed = list(rows)
    if not listed:
        return
    if connection.dialect.paramstyle == "qmark":
        connection.exec_driver_sql(statement, listed)
    else:
        connection.execute(query(name), [dict(zip(names, row, strict=True)) for row in listed])


def look_up(
    connection: Connection, name: str, scope: Mapping[str, object], wanted: Sequence[object]
) -> CursorResult[Any]:
    """Run a statement with its expanding parameter, ``keys`` or ``ids``, set to ``wanted``.

    Naming each of thousands of parameters takes longer than looking them up, so here too a driver that can gets them
    by position.
    """
    statement, names = _positional(name)
    (expanding,) = _EXPANDING & set(names)
    if connection.dialect.paramstyle != "qmark":
        return connection.execute(query(name), {**scope, expanding: wanted})
    pieces = statement.split("?")
    marks = (f"({','.join('?' * len(wanted))})" if parameter == expanding else "?" for parameter in names)
    positional = "".join(piece + mark for piece, mark in zip(pieces, [*marks, ""], strict=True))
    values: list[object] = []
    for parameter in names:
        values.extend(wanted if parameter == expanding else (scope[parameter],))
    return connection.exec_driver_sql(positional, tuple(values))
