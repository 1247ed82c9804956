"""Complete linkage under a cap: groups in which no two codes are farther apart than the cap."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tutela.clusters.measures import SMALL, Words, bit_sums, distances, matrix, middle

Ints = npt.NDArray[np.int64]
_FAR = np.iinfo(np.int16).max
#: Codes that the middle of a ball is made of.
_SAMPLE = 4096


def complete_link(words: Words, cap: int, small: int = SMALL) -> Ints:
    """Return the group of each code, uint64 [n, 4]: int64 [n], numbered from 0.

    Up to ``small`` codes are merged by agglomerative complete linkage until no two groups fit within ``cap`` bits
    (n² memory); of more, balls of half the cap are taken one after another (memory by the code).
    """
    if len(words) == 0:
        return np.zeros(0, np.int64)
    return _agglomerated(matrix(words), cap) if len(words) <= small else _balls(words, cap)


def _agglomerated(apart: npt.NDArray[np.int16], cap: int) -> Ints:
    """Merge the two groups whose farthest members are nearest, again and again.

    By nearest-neighbour chains (Benzécri 1982), which reach the same groups in time n²; they make merges out of order,
    but complete linkage is monotone, so leaving out each that exceeds the cap cuts the tree at it.
    """
    count = len(apart)
    if int(apart.max()) <= cap:
        return np.zeros(count, np.int64)
    np.fill_diagonal(apart, _FAR)
    group = np.arange(count)
    alive = count
    chain: list[int] = []
    finished = np.zeros(count, np.bool_)
    while alive > 1:
        if not chain:
            chain.append(int(np.argmin(finished)))
        last = chain[-1]
        nearest = int(np.argmin(apart[last]))
        if len(chain) > 1 and apart[last, chain[-2]] <= apart[last, nearest]:
            nearest = chain[-2]
        if apart[last, nearest] > cap:
            # Nothing fits here any more, nor will it: groups only grow.
            finished[last] = True
            apart[last, :] = apart[:, last] = _FAR
            alive -= 1
            chain.pop()
            continue
        if len(chain) > 1 and nearest == chain[-2]:
            del chain[-2:]
            kept, gone = min(last, nearest), max(last, nearest)
            joined = np.maximum(apart[kept], apart[gone])
            apart[kept, :] = apart[:, kept] = joined
            apart[kept, kept] = _FAR
            apart[gone, :] = apart[:, gone] = _FAR
            finished[gone] = True
            group[group == gone] = kept
            alive -= 1
        else:
            chain.append(nearest)
    return _renumbered(group)


def _balls(words: Words, cap: int) -> Ints:
    """Take balls of half the cap out of the set until nothing is left.

    Any two codes of a ball are within the cap by the triangle inequality, so none are compared: a ball costs one pass
    over what is left.  Its middle is what most codes around the first one left have in each bit, if the first lies in
    that ball, else the first itself.
    """
    group = np.full(len(words), -1, np.int64)
    left = np.arange(len(words))
    number = 0
    while len(left):
        around = distances(words[left], words[left[0]])
        sample = left[around <= cap][:_SAMPLE]
        ones = bit_sums(words[sample], np.ones(len(sample), np.int64))
        away = distances(words[left], middle(ones, len(sample)))
        inside = (away if away[0] <= cap // 2 else around) <= cap // 2
        group[left[inside]] = number
        left = left[~inside]
        number += 1
    return group


def _renumbered(group: Ints) -> Ints:
    return np.unique(group, return_inverse=True)[1].reshape(-1)
