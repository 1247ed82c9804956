import numpy as np
import pytest

from clusters.plain import all_distances, mixed
from tutela.clusters import measures


@pytest.fixture(params=[1, 2, 90])
def codes(request):
    return mixed(request.param, seed=request.param)


def test_sums_and_means_are_those_of_all_pairs(codes):
    words, apart = measures.words_of(codes), all_distances(codes)
    ones = measures.bit_sums(words, np.ones(len(codes), np.int64))
    assert np.array_equal(measures.sums_of_distances(words, ones, len(codes)), apart.sum(axis=1))
    pairs = apart[np.triu_indices(len(codes), 1)]
    assert measures.mean_distance(ones, len(codes)) == pytest.approx(pairs.mean() if len(pairs) else 0)


def test_the_diameter_is_exact_or_a_bound(codes):
    words, largest = measures.words_of(codes), int(all_distances(codes).max())
    ones = measures.bit_sums(words, np.ones(len(codes), np.int64))
    centre = measures.middle(ones, len(codes))
    assert measures.diameter(words, centre) == (largest, True)
    assert measures.diameter(words, centre, small=0) == (largest, True)
    bound, exact = measures.diameter(words, centre, budget=0, small=0)
    assert bound >= largest
    assert not exact or bound == largest


def test_a_matrix_is_all_distances(codes):
    assert np.array_equal(measures.matrix(measures.words_of(codes)), all_distances(codes))
