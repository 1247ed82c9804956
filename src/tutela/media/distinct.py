"""Frames of one file that differ."""

from __future__ import annotations

import hashlib

from tutela.model import Pixels


class Distinct:
    """Remembers frames by a digest of their pixels; ``several=False`` says that there is but one and saves the work."""

    def __init__(self, *, several: bool) -> None:
        self._several = several
        self._seen: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, pixels: Pixels) -> bool:
        """Whether these pixels were not met before; remembers them."""
        if not self._several:
            return True
        shape = repr(pixels.shape).encode()
        digest = hashlib.blake2b(pixels.data, digest_size=16, key=shape).digest()
        if digest in self._seen:
            return False
        self._seen.add(digest)
        return True
