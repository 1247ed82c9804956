import numpy as np
import pytest

from tutela.index import IndexFolder
from tutela.index.view import code_array, id_array


def test_a_view_outlives_what_is_written_after_it(tmp_path):
    folder = IndexFolder.create(tmp_path / "i")
    codes = np.random.default_rng(1).integers(0, 256, (3000, 32), dtype=np.uint8)
    with folder.writing() as change:
        change.add_codes("pdq", codes, np.arange(3000))
        change.add_digests("md5", codes[:, :16].copy(), np.arange(3000))
        change.add_records(np.arange(3000), [b"%d" % number for number in range(3000)])
    before = folder.view()
    for _ in range(3):  # enough commits to delete the files that the first state used
        with folder.writing() as change:
            change.clear()
            change.add_codes("pdq", codes[:10], np.arange(10))
    assert len(before.hamming("pdq")) == 3000
    assert before.hamming("pdq").search(codes[2999:], 0)[1].tolist() == [2999]
    assert before.digests("md5").search(codes[5:7, :16].copy())[1].tolist() == [5, 6]
    assert before.record(7) == b"7"
    before.verify()


def test_parts_that_are_not_there(tmp_path):
    view = IndexFolder.create(tmp_path / "i").view()
    assert view.hamming("pdq") is None
    assert view.digests("md5") is None
    with pytest.raises(KeyError):
        view.record(1)


def test_digests_over_several_segments_come_sorted(tmp_path):
    folder = IndexFolder.create(tmp_path / "i")
    values = np.random.default_rng(2).integers(0, 256, (600, 20), dtype=np.uint8)
    for start in (400, 100, 0):  # sizes that are not merged
        with folder.writing() as change:
            end = {400: 600, 100: 400, 0: 100}[start]
            change.add_digests("sha1", values[start:end], np.arange(start, end))
    with folder.writing() as change:
        change.add_digests("sha1", values[:50], np.arange(1000, 1050))
    offsets, ids = folder.view().digests("sha1").search(values[[3, 450, 3]])
    assert offsets.tolist() == [0, 2, 3, 5]
    assert ids.tolist() == [3, 1003, 450, 3, 1003]


def test_arrays_are_taken_only_where_nothing_is_lost():
    assert id_array(np.array([1, 2], np.int32)).dtype == np.uint64
    assert code_array(np.zeros((4, 32), np.uint8)[::2]).flags.c_contiguous
    with pytest.raises(ValueError, match="uint64"):
        id_array([1, 2])
