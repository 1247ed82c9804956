import numpy as np
import pytest

from tutela.clusters.stacks import Stacks


def held(stacks):
    ids, slots = stacks.ids()
    return dict(zip(ids.tolist(), slots.tolist(), strict=True))


def test_equal_codes_share_a_slot_unless_only_one_may_be_core():
    stacks = Stacks()
    codes = np.zeros((4, 32), np.uint8)
    codes[3] = 1
    touched, grown = stacks.add(codes, np.array([9, 4, 7, 1], np.uint64), np.array([True, True, False, True]))
    assert held(stacks) == {1: 2, 4: 0, 7: 1, 9: 0}
    assert dict(zip(touched.tolist(), grown.tolist(), strict=True)) == {0: 2, 1: 1, 2: 1}
    assert stacks.weights.tolist() == [2, 1, 1]
    assert stacks.first.tolist() == [4, 7, 1]


def test_an_empty_slot_waits_for_its_code_until_it_is_dropped():
    stacks = Stacks()
    codes = np.arange(64, dtype=np.uint8).reshape(2, 32)
    able = np.ones(2, np.bool_)
    stacks.add(codes, np.array([5, 3], np.uint64), able)
    stacks.take(np.array([5], np.uint64))
    assert (stacks.live, stacks.slots, len(stacks)) == (1, 2, 1)
    stacks.add(codes[:1], np.array([8], np.uint64), able[:1])
    assert held(stacks) == {3: 1, 8: 0}
    stacks.take(np.array([8], np.uint64))
    stacks.compact()
    assert held(stacks) == {3: 0}
    assert np.array_equal(stacks.codes, codes[1:])
    with pytest.raises(KeyError):
        stacks.take(np.array([8], np.uint64))
