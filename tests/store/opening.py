"""What processes do that start at once; run by test_migrate and test_kill in processes of their own."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from store.made_up_entries import entry
from tutela.model import Removed
from tutela.store import Store, importing

#: Entries of the list that is killed: enough for several batches.
ENTRIES = 900


#: Processes start from one that has the slow imports behind it.
context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["tutela.store", "sqlalchemy.dialects.sqlite"])


def open_at_once(home: Path, barrier) -> None:
    barrier.wait(60)
    Store.open(home).close()


def changes(number: int):
    """The file of round ``number``: a third of the entries said anew, some of the rest withdrawn, some pieces apart."""
    for place in range(ENTRIES):
        if place % 3 == number % 3:
            yield entry(place, "md5", "pdq", grade=str(number), source=f"round {number}")
        elif place % 9 == number % 9:
            yield Removed(f"entry-{place}")
    for place in range(number % 3, ENTRIES, 30):
        yield entry(place, "sha1", grade=str(number), source=f"round {number}")


def import_round(home: Path, number: int, begun) -> None:
    importing.BATCH = 100
    with Store.open(home) as store:
        begun.send(None)
        store.import_entries("a", changes(number))
        begun.send(None)
