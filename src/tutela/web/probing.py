"""`Probes`: notices accounts that feel their way around an entry.

An open check tells whether a value lies within a list's threshold of an entry.  Whoever may ask often enough, with
values that differ in a few bits, learns from where the answers change what the entry's value is.  Ordinary copies of
one picture fall on the hit's side and repeat; a probe has many different values around one entry, of which a good part
miss.  So for each account and entry the different values are counted that hit it near, and those that miss while they
lie around a value that had hit.  Above `VALUES` of which `MISSES` missed, or above `HITS` that hit, look-ups near that
entry are refused to the account for `MINUTES` minutes, hits and misses alike, since one refusal beside one answer would
tell as much.

What was seen is kept in memory, by each process for itself; the blocks are in the store, for all of them.  Values are
kept as short keyed digests, but for one a neighbourhood, which is needed to measure from.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, select, text

from tutela.access.permissions import Actor
from tutela.model import Hit, Signal
from tutela.model.errors import Probing
from tutela.signals import Measure, kinds
from tutela.store.audit import By, record
from tutela.store.database import Database
from tutela.store.entry_rows import now
from tutela.store.usage_tables import probe_blocks

VALUES, MISSES, HITS = 24, 8, 512
MINUTES = 60
#: Bits from a value that had hit within which a miss is counted as around the same entry: random values lie at 128.
AROUND = 80
#: Seconds after which a neighbourhood in which nothing happened is forgotten, and how many an account may have.
FORGET = 3600.0
MOST = 64
#: Seconds for which the blocks in the store are gone by without reading them again.
FRESH = 1.0

_NEAR = {kind.name for kind in kinds() if kind.measure is Measure.HAMMING}
_BLOCK = text(
    "INSERT INTO probe_blocks (account, entry, until) VALUES (:account, :entry, :until)"
    " ON CONFLICT (account, entry) DO UPDATE SET until = excluded.until"
)


@dataclass(slots=True)
class _Around:
    """What one account asked around one entry."""

    kind: str
    centre: int
    hits: set[bytes] = field(default_factory=set)
    misses: set[bytes] = field(default_factory=set)
    last: float = 0.0

    @property
    def probed(self) -> bool:
        together = len(self.hits) + len(self.misses)
        return (together >= VALUES and len(self.misses) >= MISSES) or len(self.hits) >= HITS


class Probes:
    """Notices and refuses; to be used by any number of threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._salt = secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._seen: dict[int, OrderedDict[int, _Around]] = {}
        self._blocks: dict[tuple[int, int], int] = {}
        self._read = 0.0

    def check(self, actor: Actor, asked: Sequence[tuple[Sequence[Signal], Sequence[Hit]]], request: str = "") -> None:
        """Take note of what an account asked and what it met, content by content, before it is told.

        Raises `Probing` if look-ups there are refused to it, or are from now on.
        """
        account = actor.account or 0
        if account not in self._seen and not any(hits for _, hits in asked):
            return  # nothing to measure from: the way of nearly every look-up
        blocks = self._known_blocks()
        found: set[int] = set()
        with self._lock:
            around = self._seen.setdefault(account, OrderedDict())
            for signals, hits in asked:
                found |= self._note(around, signals, hits)
            probed = {entry for entry in found if around[entry].probed}
        fresh = {entry for entry in probed if (account, entry) not in blocks}
        if fresh:
            self._block(actor, fresh, request)
        if fresh or any((account, entry) in blocks for entry in found):
            raise Probing(minutes=MINUTES)

    def _note(self, around: OrderedDict[int, _Around], signals: Sequence[Signal], hits: Sequence[Hit]) -> set[int]:
        """Return the entries that a content's values lie around."""
        found: set[int] = set()
        moment = time.monotonic()
        while around and next(iter(around.values())).last < moment - FORGET:
            around.popitem(last=False)
        for signal in signals:
            if signal.kind not in _NEAR:
                continue
            value = int.from_bytes(signal.value)
            key = hashlib.blake2b(signal.value, digest_size=8, key=self._salt).digest()
            met = [
                hit
                for hit in hits
                if hit.kind == signal.kind and hit.frame == signal.frame and hit.orientation == signal.orientation
            ]
            for hit in met:
                if hit.number is None:
                    continue
                place = around.setdefault(hit.number, _Around(signal.kind, value))
                place.hits.add(key)
                self._touch(around, hit.number, moment, found)
            if not met:
                for entry, place in list(around.items()):
                    if place.kind == signal.kind and (place.centre ^ value).bit_count() <= AROUND:
                        place.misses.add(key)
                        self._touch(around, entry, moment, found)
        while len(around) > MOST:
            oldest, _ = around.popitem(last=False)
            found.discard(oldest)
        return found

    @staticmethod
    def _touch(around: OrderedDict[int, _Around], entry: int, moment: float, found: set[int]) -> None:
        around[entry].last = moment
        around.move_to_end(entry)
        found.add(entry)

    def _known_blocks(self) -> dict[tuple[int, int], int]:
        if time.monotonic() > self._read + FRESH:
            with self._database.reading() as connection:
                rows = connection.execute(select(probe_blocks).where(probe_blocks.c.until > now())).all()
            self._blocks = {(row.account, row.entry): row.until for row in rows}
            self._read = time.monotonic()
        return self._blocks

    def _block(self, actor: Actor, entries: set[int], request: str) -> None:
        until = now() + MINUTES * 60_000_000
        with self._database.writing() as connection:
            connection.execute(delete(probe_blocks).where(probe_blocks.c.until <= now()))
            for entry in sorted(entries):
                values = {"account": actor.account or 0, "entry": entry, "until": until}
                connection.execute(_BLOCK, values)
                why = "many slightly different values around one entry"
                by = By(actor.who, why, request)
                record(connection, by, "lookup.refuse", f"entry:{entry}", after={"minutes": MINUTES})
        self._read = 0.0
