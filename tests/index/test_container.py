"""A segment file that was cut or changed anywhere is refused, and never answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela import _kernel
from tutela.index.container import HEADER, SegmentType, open_container, write_container
from tutela.index.segments import HammingSegment
from tutela.model.errors import IndexDamaged


@settings(deadline=None, max_examples=30)
@given(lengths=st.lists(st.integers(0, 40_000), max_size=6), seed=st.integers(0, 99))
def test_sections_come_back(tmp_path_factory, lengths, seed):
    random = np.random.default_rng(seed)
    sections = [random.integers(0, 256, length, np.uint8) for length in lengths]
    path = tmp_path_factory.mktemp("c") / "x.seg"
    total = write_container(path, SegmentType.RECORDS, 3, 7, sections)
    opened = open_container(path)
    assert (opened.type, opened.parameter, opened.rows, opened.header_sum) == (SegmentType.RECORDS, 3, 7, total)
    opened.check_all()
    assert all(np.array_equal(opened.section(number), data) for number, data in enumerate(sections))
    assert all(start % 64 == 0 for start, _ in opened.sections)


@pytest.fixture(scope="module")
def segment_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("segment") / "x.seg"
    codes = np.random.default_rng(1).integers(0, 256, (3000, 32), dtype=np.uint8)
    built = HammingSegment.build(codes, np.arange(3000, dtype=np.uint64))
    write_container(path, built.type, built.parameter(), len(built), built.sections())
    return path, codes


def search(path, codes):
    container = open_container(path)
    segment = HammingSegment.open(container, None)
    offsets, ids, _ = _kernel.search([segment.kernel], codes, 0, 1, "bands")
    _kernel.search([segment.kernel], codes[:20], 0, 1, "scan")
    segment.ids()
    container.check_all()
    return offsets, np.asarray(ids)


def test_every_changed_byte_is_found(segment_file, tmp_path):
    """Flip one byte at 300 places all over the file: header, sections, padding, table."""
    path, codes = segment_file
    whole = bytearray(path.read_bytes())
    assert np.array_equal(search(path, codes)[1], np.arange(3000))
    copy = tmp_path / "x.seg"
    places = (
        np.random.default_rng(4).integers(0, len(whole), 280).tolist() + list(range(0, HEADER, 256)) + [len(whole) - 1]
    )
    for place in places:
        whole[place] ^= 0x10
        copy.write_bytes(whole)
        with pytest.raises((IndexDamaged, _kernel.Damaged)):
            search(copy, codes)
        whole[place] ^= 0x10


@pytest.mark.parametrize("keep", [0, 1, 100, HEADER - 1, HEADER, HEADER + 1, 0.3, 0.9, -4, -1])
def test_a_cut_file_is_refused(segment_file, tmp_path, keep):
    path, _ = segment_file
    whole = path.read_bytes()
    (tmp_path / "x.seg").write_bytes(whole[: int(keep * len(whole)) if isinstance(keep, float) else keep])
    with pytest.raises(IndexDamaged):
        open_container(tmp_path / "x.seg")


def test_a_longer_file_is_refused(segment_file, tmp_path):
    (tmp_path / "x.seg").write_bytes(segment_file[0].read_bytes() + b"\0")
    with pytest.raises(IndexDamaged, match="where its header names"):
        open_container(tmp_path / "x.seg")


def test_another_file_and_no_file(tmp_path):
    (tmp_path / "x.seg").write_bytes(b"PK" + bytes(10_000))
    with pytest.raises(IndexDamaged, match="no tutela segment"):
        open_container(tmp_path / "x.seg")
    with pytest.raises(IndexDamaged, match="No such file"):
        open_container(tmp_path / "y.seg")


def test_a_newer_format_says_so(segment_file, tmp_path):
    whole = bytearray(segment_file[0].read_bytes())
    whole[7] = 2
    (tmp_path / "x.seg").write_bytes(whole)
    with pytest.raises(IndexDamaged, match="format version 2"):
        open_container(tmp_path / "x.seg")


def test_nothing_is_answered_from_a_block_before_it_is_checked(segment_file, tmp_path):
    """Only the block that a query needs is wrong: that query fails, and one that does not need it is answered."""
    path, codes = segment_file
    container = open_container(path)
    start, length = container.sections[0]
    whole = bytearray(path.read_bytes())
    whole[HEADER + start + length - 1] ^= 1  # the last code
    (tmp_path / "x.seg").write_bytes(whole)
    segment = HammingSegment.open(open_container(tmp_path / "x.seg"), None)
    assert np.asarray(_kernel.search([segment.kernel], codes[1500:1501], 0, 1, "bands")[1]).tolist() == [1500]
    with pytest.raises(_kernel.Damaged):
        _kernel.search([segment.kernel], codes[-1:], 0, 1, "bands")


def test_a_file_appears_only_whole(tmp_path):
    def sections():
        yield np.zeros(100, np.uint8)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_container(tmp_path / "x.seg", SegmentType.RECORDS, 0, 0, sections())
    assert not (tmp_path / "x.seg").exists()
