import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.index.segments import DigestSegment, RecordSegment, is_removed


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(st.binary(min_size=16, max_size=16), st.integers(0, 50)), max_size=30),
    strangers=st.lists(st.binary(min_size=16, max_size=16), max_size=5),
)
def test_digests_are_found_by_value(rows, strangers):
    # Values that share their first eight bytes are told apart by the rest.
    rows += [(value[:8] + bytes(8), number) for value, number in rows[:3]]
    digests = np.frombuffer(b"".join(value for value, _ in rows), np.uint8).reshape(-1, 16)
    segment = DigestSegment.build(digests, np.array([number for _, number in rows], np.uint64))
    wanted = [value for value, _ in rows] + strangers
    queries, ids = segment.search(np.frombuffer(b"".join(wanted), np.uint8).reshape(-1, 16))
    found = sorted(zip(queries.tolist(), ids.tolist(), strict=True))
    assert found == sorted((q, number) for q, value in enumerate(wanted) for other, number in rows if other == value)


@given(st.dictionaries(st.integers(0, 2**64 - 1), st.binary(max_size=20), max_size=20))
def test_records_are_found_by_id(table):
    segment = RecordSegment.build(np.array(list(table), np.uint64), list(table.values()))
    assert all(segment.find(number) == record for number, record in table.items())
    assert segment.find(max(table, default=0) // 2 + 1 if table else 3) == table.get(max(table, default=0) // 2 + 1)


def test_removed_rows_are_bits_from_the_lowest():
    bits = np.array([0b00000101, 0b1], np.uint8)
    assert is_removed(bits, np.arange(9)).tolist() == [True, False, True, False, False, False, False, False, True]
    assert not is_removed(None, np.arange(3)).any()
