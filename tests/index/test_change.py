import numpy as np
import pytest

from tutela.index import IndexFolder
from tutela.index.change import Change, commit
from tutela.index.manifest import read_manifest


def codes(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def test_removal_meets_every_part_but_not_what_the_same_change_adds(tmp_path):
    folder = IndexFolder.create(tmp_path / "i")
    with folder.writing() as change:
        change.add_codes("pdq", codes(10), np.arange(10))
        change.add_digests("md5", codes(10)[:, :16], np.arange(10))
        change.add_records(np.arange(10), [b"old"] * 10)
    with folder.writing() as change:
        change.add_codes("pdq", codes(1, 9), np.array([3]))
        change.add_records(np.array([3]), [b"new"])
        change.remove(np.array([3, 4]))
    view = folder.view()
    assert len(view.hamming("pdq")) == 9
    assert view.hamming("pdq").search(codes(1, 9), 0)[1].tolist() == [3]
    assert not len(view.hamming("pdq").search(codes(10)[3:5], 0)[1])
    assert not len(view.digests("md5").search(codes(10)[3:5, :16].copy())[1])
    assert view.record(3) == b"new"
    with pytest.raises(KeyError):
        view.record(4)


def test_small_segments_are_merged_and_their_number_stays_small(tmp_path):
    folder = IndexFolder.create(tmp_path / "i")
    for step in range(60):
        with folder.writing() as change:
            change.add_codes("pdq", codes(20, step), np.arange(20) + 20 * step)
    view = folder.view()
    assert len(view.hamming("pdq")) == 1200
    assert len(view.parts["pdq"]) <= 8
    assert sorted(number for _, ids in view.hamming("pdq").live() for number in ids.tolist()) == list(range(1200))


def test_replacing_again_and_again_keeps_the_bytes_for_an_entry_bounded(tmp_path):
    path, live, daily, limit = tmp_path / "i", 6000, 480, 4096
    folder = IndexFolder.create(path)
    random = np.random.default_rng(3)
    held = np.arange(live)

    def change_by(gone, new):
        base = read_manifest(path)
        change = Change(dict(base.meta))
        change.remove(gone)
        change.add_codes("pdq", random.integers(0, 256, (len(new), 32), dtype=np.uint8), new)
        commit(path, base, change, folder._open_segment, merge_rows=limit)

    change_by(held[:0], held)
    for day in range(60):
        picked = random.permutation(live)
        gone, kept = held[picked[:daily]], held[picked[daily:]]
        new = np.arange(daily) + live + day * daily
        change_by(gone, new)
        held = np.concatenate([kept, new])
        manifest = read_manifest(path)
        size = sum((path / name).stat().st_size for name in manifest.files())
        rows = sum(entry.rows for entry in manifest.parts["pdq"])
        assert rows <= live * 4 / 3 + 1
        assert len(manifest.parts["pdq"]) <= 12
    assert size < 170 * live
    view = IndexFolder.open(path).view().hamming("pdq")
    assert sorted(number for _, ids in view.live() for number in ids.tolist()) == sorted(held.tolist())


def test_one_commit_writes_one_large_segment_anew_and_the_next_one_the_next(tmp_path):
    path, limit = tmp_path / "i", 100
    folder = IndexFolder.create(path)

    def change_by(gone, new):
        base = read_manifest(path)
        change = Change(dict(base.meta))
        change.remove(gone)
        if len(new):
            change.add_codes("pdq", codes(len(new), int(new[0])), new)
        commit(path, base, change, folder._open_segment, merge_rows=limit)
        return [entry.rows for entry in read_manifest(path).parts["pdq"]]

    none = np.zeros(0, np.uint64)
    for first, rows in ((0, 1000), (1000, 900), (2000, 120)):
        found = change_by(none, np.arange(first, first + rows))
    assert found == [1000, 900, 120]
    gone = np.concatenate([np.arange(300), np.arange(1000, 1300), np.arange(2000, 2050)])
    assert change_by(gone, none) == [700, 900, 70], "one large segment, and the small one whatever else is due"
    assert change_by(np.arange(300, 301), none) == [700, 600, 70]
    assert change_by(np.arange(301, 302), none) == [700, 600, 70]
    left = [number for _, ids in IndexFolder.open(path).view().hamming("pdq").live() for number in ids.tolist()]
    assert sorted(left) == sorted({*range(302, 1000), *range(1300, 1900), *range(2050, 2120)})


def test_a_segment_with_nothing_left_goes_away(tmp_path):
    folder = IndexFolder.create(tmp_path / "i")
    with folder.writing() as change:
        change.add_codes("pdq", codes(9), np.arange(9))
    with folder.writing() as change:
        change.remove(np.arange(9))
    assert folder.view().hamming("pdq") is None


def test_files_that_no_state_needs_are_deleted(tmp_path):
    folder = IndexFolder.create(tmp_path / "i")
    (tmp_path / "i" / "left-by-a-crash.seg.part").write_bytes(b"x")
    for step in range(30):
        with folder.writing() as change:
            change.add_codes("pdq", codes(20, step), np.arange(20))
            change.remove(np.arange(5))
    assert len(list((tmp_path / "i").iterdir())) < 25
    assert not list((tmp_path / "i").glob("*.part"))


@pytest.mark.parametrize(
    ("add", "message"),
    [
        (lambda change: change.add_codes("pdq", codes(2), np.arange(3)), "2 values with 3 ids"),
        (lambda change: change.add_digests("md5", np.zeros((2, 4), np.uint8), np.arange(2)), "8 or more"),
        (lambda change: change.add_records(np.arange(2), [b"x"]), "2 ids with 1 records"),
        (lambda change: change.add_records(np.array([1, 1]), [b"x", b"y"]), "unique"),
    ],
)
def test_wrong_arrays_change_nothing(tmp_path, add, message):
    folder = IndexFolder.create(tmp_path / "i")
    with pytest.raises(ValueError, match=message), folder.writing() as change:
        add(change)
    assert folder.view().generation == 0
