"""DBSCAN and distances as they are defined, without any cleverness; and codes to try them on."""

import numpy as np


def flipped(code, bits):
    """Return the code with these bits turned."""
    turned = np.unpackbits(code)
    for bit in bits:
        turned[bit] ^= 1
    return np.packbits(turned)


def mixed(count, seed, centres=4, most=24):
    """Return codes of which half lie around a few centres, some equal to others."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, 256, (count, 32), np.uint8)
    middle = random.integers(0, 256, (centres, 32), np.uint8)
    for row in range(0, count, 2):
        codes[row] = flipped(middle[random.integers(centres)], random.integers(0, 256, random.integers(most + 1)))
    copies = np.flatnonzero(random.random(count) < 0.1)
    codes[copies] = codes[random.integers(0, count, len(copies))]
    return codes


def all_distances(codes):
    words = np.ascontiguousarray(codes).view(np.uint64)
    return np.stack([np.bitwise_count(words ^ one).sum(axis=1) for one in words]) if len(codes) else np.zeros((0, 0))


def labels_by_definition(codes, eps, min_pts, core=None):
    apart = all_distances(codes)
    near = apart <= eps
    is_core = near.sum(axis=1) >= min_pts
    if core is not None:
        is_core &= core
    labels = np.full(len(codes), -1)
    number = 0
    for seed in np.flatnonzero(is_core):
        if labels[seed] >= 0:
            continue
        waiting = [seed]
        labels[seed] = number
        while waiting:
            reached = np.flatnonzero(near[waiting.pop()] & is_core & (labels < 0))
            labels[reached] = number
            waiting += reached.tolist()
        number += 1
    for border in np.flatnonzero(~is_core):
        cores = np.flatnonzero(near[border] & is_core)
        if len(cores):
            labels[border] = labels[cores[np.argmin(apart[border, cores])]]
    return labels
