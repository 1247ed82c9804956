import importlib
import struct
import zlib
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def qt_resource(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    return importlib.import_module("qt_resource")


def resource(version: int) -> bytes:
    """Lay out /a/plain and /a/packed as `rcc --binary` would."""
    names, offsets = b"", {}
    for name in ("a", "plain", "packed"):
        offsets[name] = len(names)
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
    packed = struct.pack(">I", 5) + zlib.compress(b"inner")
    data = struct.pack(">I", 5) + b"outer" + struct.pack(">I", len(packed)) + packed
    rest = b"" if version == 1 else bytes(8)
    tree = (
        struct.pack(">IHII", 0, 2, 1, 1)
        + rest
        + struct.pack(">IHII", offsets["a"], 2, 2, 2)
        + rest
        + struct.pack(">IHII", offsets["plain"], 0, 0, 0)
        + rest
        + struct.pack(">IHII", offsets["packed"], 1, 0, 9)
        + rest
    )
    header = struct.pack(">4s4I", b"qres", version, 20, 20 + len(tree), 20 + len(tree) + len(data))
    return header + tree + data + names


@pytest.mark.parametrize("version", [1, 2, 3])
def test_plain_and_packed_files_are_read(qt_resource, tmp_path, version):
    path = tmp_path / "x.rcc"
    path.write_bytes(resource(version))
    assert qt_resource.read_member(path, "/a/plain") == b"outer"
    assert qt_resource.read_member(path, "/a/packed") == b"inner"


def test_what_is_not_there_is_an_error(qt_resource, tmp_path):
    path = tmp_path / "x.rcc"
    path.write_bytes(resource(2))
    with pytest.raises(qt_resource.QtResourceError, match="has no /a/b"):
        qt_resource.read_member(path, "/a/b")
    with pytest.raises(qt_resource.QtResourceError, match="folder"):
        qt_resource.read_member(path, "/a")


def test_another_file_is_an_error(qt_resource, tmp_path):
    path = tmp_path / "x.rcc"
    path.write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(qt_resource.QtResourceError, match="not a Qt resource"):
        qt_resource.read_member(path, "/a")
