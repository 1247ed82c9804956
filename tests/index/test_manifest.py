import pytest

from tutela.index.manifest import NAME, Manifest, SegmentEntry, read_manifest, read_removed, write_manifest
from tutela.model.errors import IndexDamaged

STATE = Manifest(
    3,
    {"list": "demo"},
    {"pdq": (SegmentEntry("a.seg", 10, 5), SegmentEntry("b.seg", 9, 6, "b.removed", 7))},
    ("c.seg",),
)


def test_comes_back(tmp_path):
    write_manifest(tmp_path, STATE)
    assert read_manifest(tmp_path) == STATE
    assert STATE.files() == {"a.seg", "b.seg", "b.removed"}


def test_every_changed_byte_is_found(tmp_path):
    write_manifest(tmp_path, STATE)
    whole = bytearray((tmp_path / NAME).read_bytes())
    for place in range(len(whole)):
        whole[place] ^= 1
        (tmp_path / NAME).write_bytes(whole)
        with pytest.raises(IndexDamaged):
            read_manifest(tmp_path)
        whole[place] ^= 1


def test_every_cut_is_found(tmp_path):
    write_manifest(tmp_path, STATE)
    whole = (tmp_path / NAME).read_bytes()
    for length in range(len(whole)):
        (tmp_path / NAME).write_bytes(whole[:length])
        with pytest.raises(IndexDamaged):
            read_manifest(tmp_path)


def test_a_changed_or_missing_bitmap_is_found(tmp_path):
    entry = STATE.parts["pdq"][1]
    with pytest.raises(IndexDamaged, match=r"b\.removed"):
        read_removed(tmp_path, entry)
    (tmp_path / "b.removed").write_bytes(b"\0\0")
    with pytest.raises(IndexDamaged, match="checksum"):
        read_removed(tmp_path, entry)
    assert read_removed(tmp_path, STATE.parts["pdq"][0]) is None


def test_another_format_says_so(tmp_path):
    write_manifest(tmp_path, STATE)
    line = (tmp_path / NAME).read_bytes().split(b"\n")[0].replace(b'"version":1', b'"version":2')
    from tutela.index.manifest import crc

    (tmp_path / NAME).write_bytes(line + b"\n%08x\n" % crc(line))
    with pytest.raises(IndexDamaged, match="another format"):
        read_manifest(tmp_path)
