"""`HitLog`: every match that hit is a row of the audit trail, written before it is told.

Rows of requests that come at the same time share a transaction: a commit waits for the disk, and thousands of small
ones would hold up each other and every other writer.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future

from tutela.model import Hit
from tutela.model.errors import StoreBusy
from tutela.store.audit import AuditRow, By, record_many
from tutela.store.database import Database

#: Rows that are written in one transaction at most.
TOGETHER = 2_000


def rows_of(by: By, what: str, hits: Sequence[Hit]) -> list[AuditRow]:
    """Return the rows for a content or value that met entries, one a list: its best hit, and how many there were.

    An entry is told by its number, not by its key, which may be made of a hash.
    """
    best: dict[str, Hit] = {}
    counts: dict[str, int] = {}
    for hit in hits:  # best first
        best.setdefault(hit.list_name, hit)
        counts[hit.list_name] = counts.get(hit.list_name, 0) + 1
    return [
        AuditRow(
            by,
            "match.hit",
            f"list:{name}",
            after={
                "asked": what,
                "version": hit.list_version,
                "entry": hit.number,
                "purpose": hit.purpose.value,
                "kind": hit.kind,
                "distance": hit.distance,
                "orientation": hit.orientation.value,
                "hits": counts[name],
            },
        )
        for name, hit in best.items()
    ]


class HitLog:
    """Writes rows, several requests' in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: queue.SimpleQueue[tuple[Sequence[AuditRow], Future[None]] | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._write, name="tutela-hits", daemon=True)
        self._thread.start()

    def write(self, rows: Sequence[AuditRow]) -> Future[None]:
        """Have rows written; the future is done once they outlive a power cut, or tells why they could not be."""
        future: Future[None] = Future()
        if self._closed:
            future.set_exception(StoreBusy(path="the audit trail"))
        else:
            self._waiting.put((rows, future))
        return future

    def close(self) -> None:
        """Write what waits."""
        self._closed = True
        self._waiting.put(None)
        self._thread.join(60)

    def _write(self) -> None:
        ended = False
        while not ended:
            taken = [self._waiting.get()]
            while len(taken) < TOGETHER and not self._waiting.empty():
                taken.append(self._waiting.get())
            ended = None in taken
            asked = [each for each in taken if each is not None]
            if not asked:
                continue
            try:
                with self._database.writing() as connection:
                    record_many(connection, [row for rows, _ in asked for row in rows])
            except Exception as error:  # noqa: BLE001 - whoever waits for it has to be told, whatever it is
                for _, future in asked:
                    future.set_exception(error)
            else:
                for _, future in asked:
                    future.set_result(None)
