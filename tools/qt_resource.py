"""Read the files out of a Qt binary resource (`.rcc`), as `rcc --binary` writes it.

Format, from Qt's `rcc.cpp` and `qresource.cpp`: the magic ``qres``, then big-endian 32-bit version and the offsets of
tree, data and names.  A tree node has 14 bytes (22 from version 2 on): name offset, flags (1 zlib-compressed, 2 folder,
4 zstd-compressed), then for a folder its number of children and the index of the first, for a file its locale and
data offset.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

_ZLIB, _FOLDER, _ZSTD = 1, 2, 4


class QtResourceError(Exception):
    """The file is not a Qt resource, or uses a compression that is not read here."""


def read_member(path: Path, member: str) -> bytes:
    """Give the bytes of the file ``member`` (its path within the resource, with a leading slash)."""
    blob = path.read_bytes()
    if blob[:4] != b"qres":
        raise QtResourceError(f"{path.name} is not a Qt resource")
    version, tree, data, names = struct.unpack(">4I", blob[4:20])
    node_size = 14 if version == 1 else 22

    def node(index: int) -> tuple[str, int, int, int]:
        at = tree + index * node_size
        name_at, flags = struct.unpack(">IH", blob[at : at + 6])
        first, second = struct.unpack(">II", blob[at + 6 : at + 14])
        return _name(blob, names + name_at), flags, first, second

    _, flags, count, child = node(0)
    for part in member.strip("/").split("/"):
        for index in range(child, child + count):
            name, flags, count_here, child_here = node(index)
            if name == part:
                count, child = count_here, child_here
                break
        else:
            raise QtResourceError(f"{path.name} has no {member}")
    return _content(blob, data + child, flags)


def _name(blob: bytes, at: int) -> str:
    (length,) = struct.unpack(">H", blob[at : at + 2])
    return blob[at + 6 : at + 6 + 2 * length].decode("utf-16-be")


def _content(blob: bytes, at: int, flags: int) -> bytes:
    if flags & (_ZSTD | _FOLDER):
        raise QtResourceError("a folder or a zstd-compressed file")
    (length,) = struct.unpack(">I", blob[at : at + 4])
    content = blob[at + 4 : at + 4 + length]
    return zlib.decompress(content[4:]) if flags & _ZLIB else content
