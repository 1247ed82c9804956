"""The kernel's self-test: the path in use before the first match, every path for `tutela doctor`."""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
import numpy.typing as npt

from tutela import _kernel
from tutela.model.errors import KernelBroken

#: PDQ and quality of `picture`, from the reference hasher (pdqhash 0.2.8).
KNOWN_PDQ = bytes.fromhex("8f07fb1008f5070f131b4f061ad3046ffb90fb90e52cb0f9ece4f8f0d70a04ef")
KNOWN_QUALITY = 100

#: CRC-32C of b"123456789", from RFC 3720's check value.
KNOWN_CRC = 0xE3069283

_ROWS, _RADII = 3_000, (0, 20, 31, 90, 128)


def picture() -> npt.NDArray[np.uint8]:
    """Return the test picture, uint8 [512, 512]: 8 x 8 squares whose greys are bytes of SHA-512 of "tutela"."""
    greys = np.frombuffer(hashlib.sha512(b"tutela").digest(), np.uint8).reshape(8, 8)
    return np.ascontiguousarray(greys.repeat(64, 0).repeat(64, 1))


def self_test() -> tuple[str, ...]:
    """Return the names of the paths, all of which gave the right answers; raise `KernelBroken` at the first wrong one.

    The path in use is the same afterwards.  Not for several threads at once, since the path is the process's.
    """
    before = _kernel.path()
    names = tuple(_kernel.paths())
    try:
        for name in names:
            _kernel.use_path(name)
            _check(name)
    finally:
        _kernel.use_path(before)
    return names


@cache
def require_right_answers(name: str) -> None:
    """Check the path of this name, which must be in use, once in the life of the process; raise `KernelBroken`."""
    _check(name)


def _check(name: str) -> None:
    if _kernel.pdq_grey(picture())[:2] != (KNOWN_PDQ, KNOWN_QUALITY):
        raise KernelBroken(reason=f"PDQ, {name}")
    if _kernel.crc32c(np.frombuffer(b"123456789", np.uint8)) != KNOWN_CRC:
        raise KernelBroken(reason=f"CRC-32C, {name}")
    random = np.random.default_rng(20)
    codes = random.integers(0, 256, (_ROWS, 32), np.uint8)
    codes[::7] = codes[0]
    codes[::7, :12] ^= np.uint8(1) << random.integers(0, 8, (len(codes[::7]), 12), np.uint8)
    queries = np.ascontiguousarray(codes[:8])
    segment = _kernel.Segment.build(codes, np.arange(_ROWS, dtype=np.uint64))
    apart = np.bitwise_count(queries[:, None, :] ^ codes[None, :, :]).sum(2)
    for radius in _RADII:
        for method in ("bands", "scan"):
            offsets, ids, distances = _kernel.search([segment], queries, radius, method=method)
            for row, all_distances in enumerate(apart):
                near = np.flatnonzero(all_distances <= radius)
                wanted = near[np.lexsort((near, all_distances[near]))]
                found = slice(int(offsets[row]), int(offsets[row + 1]))
                if not np.array_equal(ids[found], wanted) or not np.array_equal(
                    distances[found], all_distances[wanted]
                ):
                    raise KernelBroken(reason=f"search by {method}, {name}")
