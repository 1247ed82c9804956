"""Plain numpy references that the kernel is compared with: slow, short, and written from the published descriptions."""

from __future__ import annotations

import numpy as np


def box(line, window):
    """One pass of the reference's box filter, along the first axis: mean over [i - before, i + after], cut at the
    ends."""
    half = (window + 2) // 2
    before, after = window - half, half - 1
    sums = np.vstack([np.zeros((1, line.shape[1])), np.cumsum(line, axis=0, dtype=np.float64)])
    index = np.arange(len(line))
    left, right = np.maximum(index - before, 0), np.minimum(index + after, len(line) - 1)
    return (sums[right + 1] - sums[left]) / (right - left + 1)[:, None]


def pdq(pixels):
    """PDQ of grey [h, w] or RGB [h, w, 3]: (value, quality, how many coefficients tie with the median)."""
    luma = pixels.astype(np.float64)
    if luma.ndim == 3:
        luma = luma @ np.array([0.299, 0.587, 0.114])
    for _ in range(2):
        luma = box(luma, (luma.shape[0] + 127) // 128)
        luma = box(luma.T, (luma.shape[1] + 127) // 128).T
    rows = ((np.arange(64) + 0.5) * luma.shape[0] / 64).astype(int)
    columns = ((np.arange(64) + 0.5) * luma.shape[1] / 64).astype(int)
    grid = luma[np.ix_(rows, columns)]
    steps = [np.trunc(np.diff(grid, axis=axis) * 100 / 255).astype(int) for axis in (0, 1)]
    quality = min(sum(int(np.abs(step).sum()) for step in steps) // 90, 100)
    frequency, position = np.mgrid[1:17, 0:64]
    matrix = np.sqrt(2 / 64) * np.cos(np.pi / 128 * frequency * (2 * position + 1))
    coefficients = (matrix @ grid @ matrix.T).reshape(-1)
    ordered = np.sort(coefficients)
    bits = (coefficients > ordered[127])[::-1]
    near = int((np.abs(coefficients - ordered[127]) < 0.01).sum()) - 1
    return np.packbits(bits).tobytes(), quality, near


def distance(left, right):
    """Bits in which two byte strings differ."""
    return (int.from_bytes(left) ^ int.from_bytes(right)).bit_count()


def brute_force(codes, ids, queries, radius):
    """All (distance, id) within the radius of each query, sorted."""
    words, wanted = codes.view(np.uint64), queries.view(np.uint64)
    found = []
    for query in wanted:
        bits = np.bitwise_count(words ^ query).sum(axis=1)
        rows = np.flatnonzero(bits <= radius)
        found.append(sorted(zip(bits[rows].tolist(), ids[rows].tolist(), strict=True)))
    return found


def picture(seed, height, width, channels=3):
    """A smooth random picture with some grain: unlike noise, its hash has a meaning."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (random.integers(3, 24), random.integers(3, 24), channels)).astype(float)
    rows = np.linspace(0, coarse.shape[0] - 1, height)
    columns = np.linspace(0, coarse.shape[1] - 1, width)
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    below, beside = np.minimum(top + 1, coarse.shape[0] - 1), np.minimum(left + 1, coarse.shape[1] - 1)
    down, across = (rows - top)[:, None, None], (columns - left)[None, :, None]
    upper = coarse[top][:, left] * (1 - across) + coarse[top][:, beside] * across
    lower = coarse[below][:, left] * (1 - across) + coarse[below][:, beside] * across
    grain = random.integers(-6, 7, (height, width, channels))
    pixels = np.clip(upper * (1 - down) + lower * down + grain, 0, 255).astype(np.uint8)
    return np.ascontiguousarray(pixels if channels == 3 else pixels[:, :, 0])


def clustered_codes(random, count, centres=20):
    """Random codes, half of them within some dozens of bits of a few centres, as lists of real pictures are."""
    codes = random.integers(0, 256, (count, 32), dtype=np.uint8)
    for row in range(count // 2):
        bits = np.unpackbits(codes[-1 - row % centres])
        bits[random.integers(0, 256, random.integers(0, 90))] ^= 1
        codes[row] = np.packbits(bits)
    return codes
