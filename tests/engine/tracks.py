"""Made-up films: a hash a quarter of a second, so that neighbours differ."""

from __future__ import annotations

import numpy as np

STEP = 0.25


def film(seconds: float, seed: int = 1) -> np.ndarray:
    """Codes uint8 [n, 32], each of which is shown for `STEP` seconds."""
    return np.random.default_rng(seed).integers(0, 256, (int(seconds / STEP), 32), np.uint8)


def noisy(codes: np.ndarray, bits: int, seed: int = 2) -> np.ndarray:
    """The codes with so many bits of each flipped."""
    chance = np.random.default_rng(seed)
    flat = np.unpackbits(codes, axis=1)
    for row in flat:
        row[chance.choice(256, bits, replace=False)] ^= 1
    return np.packbits(flat, axis=1)


def sampled(codes: np.ndarray, start: float, end: float, rate: float, phase: float = 0.0):
    """Times (from 0 at ``start``) and codes of a stretch, sampled so many times a second."""
    times = np.arange(start + phase, end - 1e-9, 1 / rate)
    return times - start, codes[(times / STEP).astype(int)]
