"""Equal codes that may equally be core, held as one slot with all their ids."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tutela.clusters.batch import Codes, Flags
from tutela.index.segments import Ids

Slots = npt.NDArray[np.int64]
_NO_ID = np.iinfo(np.uint64).max


class Stacks:
    """Slots by code, and ids by slot.

    By slot: ``codes`` uint8 [slots, 32], ``able`` bool (may be core), ``weights`` int64 (how many ids; 0 once all are
    gone), ``first`` uint64 (the lowest id).  A code that comes back gets its slot back.
    """

    def __init__(self) -> None:
        self.codes: Codes = np.zeros((0, 32), np.uint8)
        self.able: Flags = np.zeros(0, np.bool_)
        self.weights: Slots = np.zeros(0, np.int64)
        self.first: Ids = np.zeros(0, np.uint64)
        self._slot_of_key: dict[bytes, int] = {}
        self._slot_of_id: dict[int, int] = {}
        self._ids: list[set[int]] = []

    def __len__(self) -> int:
        return len(self._slot_of_id)

    def __contains__(self, one: int) -> bool:
        return one in self._slot_of_id

    @property
    def slots(self) -> int:
        """How many slots there are, empty ones among them."""
        return len(self._ids)

    @property
    def live(self) -> int:
        """How many slots have an id."""
        return int((self.weights > 0).sum())

    def add(self, codes: Codes, ids: Ids, able: Flags) -> tuple[Slots, Slots]:
        """Add ids; return the slots touched and by how much each grew.  Raises `ValueError` for an id that is there."""
        numbers = ids.tolist()
        if len(set(numbers)) != len(numbers) or any(one in self._slot_of_id for one in numbers):
            raise ValueError("an id can be there only once")
        grown: dict[int, int] = {}
        fresh: list[int] = []
        for row, (one, flag) in enumerate(zip(numbers, able.tolist(), strict=True)):
            key = codes[row].tobytes() + (b"\1" if flag else b"\0")
            slot = self._slot_of_key.get(key)
            if slot is None:
                slot = self._slot_of_key[key] = len(self._ids)
                self._ids.append(set())
                fresh.append(row)
            self._ids[slot].add(one)
            self._slot_of_id[one] = slot
            grown[slot] = grown.get(slot, 0) + 1
        self.codes = np.concatenate((self.codes, codes[fresh]))
        self.able = np.concatenate((self.able, able[fresh]))
        self.weights = np.concatenate((self.weights, np.zeros(len(fresh), np.int64)))
        self.first = np.concatenate((self.first, np.full(len(fresh), _NO_ID)))
        return self._changed(grown, 1)

    def take(self, ids: Ids) -> tuple[Slots, Slots]:
        """Take ids away; return the slots touched and by how much each shrank.  Raises `KeyError` if one is not
        there.
        """
        numbers = set(ids.tolist())
        if not all(one in self._slot_of_id for one in numbers):
            raise KeyError("an id to remove is not there")
        shrunk: dict[int, int] = {}
        for one in numbers:
            slot = self._slot_of_id.pop(one)
            self._ids[slot].remove(one)
            shrunk[slot] = shrunk.get(slot, 0) + 1
        return self._changed(shrunk, -1)

    def ids(self) -> tuple[Ids, Slots]:
        """Return all ids, rising, and the slot of each."""
        ids = np.fromiter(self._slot_of_id.keys(), np.uint64, len(self))
        slots = np.fromiter(self._slot_of_id.values(), np.int64, len(self))
        order = np.argsort(ids)
        return ids[order], slots[order]

    def compact(self) -> None:
        """Drop empty slots and number the rest anew, by their lowest ids."""
        kept = np.flatnonzero(self.weights > 0)
        kept = kept[np.argsort(self.first[kept])]
        number = np.full(self.slots, -1)
        number[kept] = np.arange(len(kept))
        self.codes, self.able = self.codes[kept], self.able[kept]
        self.weights, self.first = self.weights[kept], self.first[kept]
        self._ids = [self._ids[slot] for slot in kept.tolist()]
        self._slot_of_id = {one: int(number[slot]) for one, slot in self._slot_of_id.items()}
        self._slot_of_key = {key: int(number[slot]) for key, slot in self._slot_of_key.items() if number[slot] >= 0}

    def _changed(self, by: dict[int, int], sign: int) -> tuple[Slots, Slots]:
        slots = np.fromiter(by.keys(), np.int64, len(by))
        change = np.fromiter(by.values(), np.int64, len(by))
        self.weights[slots] += sign * change
        self.first[slots] = [min(self._ids[slot], default=_NO_ID) for slot in by]
        return slots, change
