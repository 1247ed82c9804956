"""Where the further pictures of a multi-picture JPEG lie (CIPA DC-007, Multi-Picture Format)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_ENTRIES = 0xB002
_ENTRY = 16
#: Class of an entry: the upper half of its type. 1 is a "large thumbnail" of the first picture, for screens.
_TYPE = 0x00FFFFFF
_THUMBNAIL = 1
#: An index of more pictures than this is a lie.
_MOST = 1024


def further_pictures(data: bytes, at: int, index: bytes) -> Iterator[bytes]:
    """Find the bytes of every picture after the first that an MPF index names, as far as they are there.

    ``index`` is the body of the segment behind its ``MPF`` mark and ``at`` its place in ``data``, which offsets count
    from.  Thumbnails of the first picture are left out.  Never raises.
    """
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(index[:4])
    if order is None:
        return
    try:
        entries = _entries(index, order)
    except struct.error:
        return
    for attribute, size, offset, _ in struct.iter_unpack(order + "IIII", entries):
        start = at + offset
        if offset and (attribute & _TYPE) >> 16 != _THUMBNAIL and data[start : start + 3] == b"\xff\xd8\xff":
            yield data[start : start + size]


def _entries(index: bytes, order: str) -> bytes:
    """Return the table of entries, 16 bytes each."""
    (table,) = struct.unpack_from(order + "I", index, 4)
    (count,) = struct.unpack_from(order + "H", index, table)
    for row in range(count):
        tag, _, length, offset = struct.unpack_from(order + "HHII", index, table + 2 + 12 * row)
        if tag == _ENTRIES:
            entries = index[offset : offset + min(length, _MOST * _ENTRY)]
            return entries[: len(entries) // _ENTRY * _ENTRY]
    return b""
