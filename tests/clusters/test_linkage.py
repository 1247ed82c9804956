import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.plain import all_distances, mixed
from tutela.clusters import linkage
from tutela.clusters.linkage import complete_link
from tutela.clusters.measures import words_of


def by_definition(apart, cap):
    """Merge the two nearest groups by their farthest members until none fit."""
    groups = [{row} for row in range(len(apart))]
    while len(groups) > 1:
        far, one, other = min(
            (max(apart[a, b] for a in groups[i] for b in groups[j]), i, j) for i in range(len(groups)) for j in range(i)
        )
        if far > cap:
            break
        groups[other] |= groups.pop(one)
    return {frozenset(group) for group in groups}


def as_sets(numbers):
    return {frozenset(np.flatnonzero(numbers == number).tolist()) for number in np.unique(numbers)}


@pytest.mark.parametrize("small", [0, 1024])
@pytest.mark.parametrize("cap", [0, 15, 31, 62])
def test_no_group_is_wider_than_the_cap(small, cap):
    codes = mixed(120, seed=cap, most=40)
    apart = all_distances(codes)
    for group in as_sets(complete_link(words_of(codes), cap, small)):
        rows = sorted(group)
        assert apart[np.ix_(rows, rows)].max() <= cap


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(1, 67)), st.integers(0, 66))
def test_small_sets_are_merged_as_complete_linkage_is_defined(distances, cap):
    # All distances differ: of ties, either could be merged first.
    apart = np.zeros((12, 12), np.int16)
    apart[np.triu_indices(12, 1)] = distances
    apart += apart.T
    assert as_sets(linkage._agglomerated(apart.copy(), cap)) == by_definition(apart, cap)


def test_nothing_falls_into_nothing():
    assert complete_link(np.zeros((0, 4), np.uint64), 31).tolist() == []
