"""What entries said in earlier versions of their list.

A row of `entry_history` is written when an entry changes: what it said from one version on, and until which.  The
present stands in `entries`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from tutela.model import Entry
from tutela.store.entry_rows import entries_of
from tutela.store.queries import bulk, look_up, query

_LARGEST = 10_000


def keep_former(connection: Connection, list_id: int, version: int, ids: list[int]) -> None:
    """Write down what entries say, which ``version`` of their list is about to change."""
    for start in range(0, len(ids), _LARGEST):
        found = look_up(connection, "former_rows", {}, ids[start : start + _LARGEST])
        bulk(connection, "insert_history", list(_packed(found, list_id, version)))


def _packed(rows: Iterable[Any], list_id: int, version: int) -> Iterator[tuple[object, ...]]:
    for number, group in groupby(rows, key=itemgetter(0)):
        pieces = list(group)
        _, since, state, grades, labels, source, added, updated, *_ = pieces[0]
        signals = [[kind, bytes(value).hex(), quality] for *_, kind, value, quality in pieces if kind is not None]
        packed = json.dumps(signals, separators=(",", ":")).encode()
        yield number, version, list_id, since, state, grades, labels, source, added, updated, packed


def former_entry(number: int, key: str, row: Any) -> Entry:  # noqa: ANN401 - a row of the table or of `past_rows`
    """Return the entry that a row of the history holds."""
    head = (number, key, row.grades, row.labels, row.source, row.added, row.updated)
    signals = [(kind, bytes.fromhex(value), quality) for kind, value, quality in json.loads(bytes(row.signals))]
    pieces: list[Any] = [(*head, *signal) for signal in signals] or [(*head, None, None, None)]
    ((_, entry),) = entries_of(pieces)
    return entry


def past_entries(connection: Connection, list_id: int, version: int) -> Iterator[tuple[int, Entry]]:
    """Yield (id, entry) as a list had it in a version, of the entries that have changed since."""
    rows = connection.execute(query("past_rows"), {"list": list_id, "version": version}).all()
    for start in range(0, len(rows), _LARGEST):
        some = rows[start : start + _LARGEST]
        keys = dict(tuple(pair) for pair in look_up(connection, "keys_of_ids", {}, [row.entry for row in some]))
        for row in some:
            yield row.entry, former_entry(row.entry, keys[row.entry], row)
