"""The rows of lists and of their versions, and what they say."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping

from sqlalchemy import Connection, Row, insert, select, update

from tutela.model import ListInfo, Purpose, Threshold
from tutela.model.errors import ListUnknown, UsageError
from tutela.signals import kind as signal_kind
from tutela.store.audit import By
from tutela.store.tables import list_versions, lists


def list_row(connection: Connection, name: str) -> Row[tuple[object, ...]]:
    """Return a list's row; raise `ListUnknown`."""
    row = connection.execute(select(lists).where(lists.c.name == name)).one_or_none()
    if row is None:
        raise ListUnknown(name=name)
    return row


def list_info(row: Row[tuple[object, ...]]) -> ListInfo:
    """Return the particulars that a list's row tells."""
    limits = {kind: Threshold(*limit) for kind, limit in json.loads(row.thresholds).items()}
    return ListInfo(row.name, row.owner, Purpose(row.purpose), limits, row.version)


def stamp_of(connection: Connection, list_id: int, version: int) -> str | None:
    """Return the stamp of a version, ``None`` if the list never had it."""
    wanted = select(list_versions.c.stamp).where(list_versions.c.list == list_id, list_versions.c.number == version)
    return connection.execute(wanted).scalar_one_or_none()


def new_version(connection: Connection, list_id: int, version: int, time: int, by: By) -> None:
    """Write that a list has a new version, since ``time`` (microseconds)."""
    connection.execute(update(lists).where(lists.c.id == list_id).values(version=version))
    connection.execute(
        insert(list_versions).values(
            list=list_id, number=version, stamp=secrets.token_hex(8), made=time, who=by.who, why=by.why
        )
    )


def thresholds_column(limits: Mapping[str, Threshold]) -> str:
    """Return thresholds as their column holds them; `list_info` reads them back."""
    return json.dumps({kind: [limit.distance, limit.quality] for kind, limit in sorted(limits.items())})


def check_threshold(kind: str, limit: Threshold) -> None:
    """Raise `UsageError` for a threshold that cannot be."""
    known = signal_kind(kind)
    if kind != known.name or not 0 <= limit.distance <= known.furthest or not 0 <= limit.quality <= 100:
        raise UsageError(
            reason=f"The threshold of {kind} cannot be {limit.distance} with quality {limit.quality}:"
            f" a distance is 0 to {known.furthest}, a quality 0 to 100."
        )
