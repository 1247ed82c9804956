"""Containers that end early or hold broken extras: noticing it, and making a copy that a decoder takes.

A mended copy has the same pixels in the same chunks; only what a decoder stumbles over is left out.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from tutela.model import MediaType

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Chunks that carry pixels, colours or the orientation (PNG 3rd edition, section 11).
_PNG_NEEDED = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"acTL", b"fcTL", b"fdAT", b"eXIf"})
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
#: Real files have fewer than ten boxes at the top.
_MOST_BOXES = 10_000
_WEBP_NEEDED = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"EXIF"})


def ends_early(data: bytes, media_type: MediaType) -> bool:
    """Whether the container says that there should be more bytes (PNG, WebP, HEIC and AVIF; others: false)."""
    if media_type is MediaType.PNG:
        return data.rfind(b"IEND") < 0
    if media_type is MediaType.WEBP:
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    if media_type in (MediaType.HEIC, MediaType.AVIF):
        return _boxes_end(data) > len(data)
    return False


def mended(data: bytes, media_type: MediaType) -> bytes | None:
    """Return a copy that may be readable where ``data`` is not; ``None`` where nothing can be done."""
    if media_type is MediaType.PNG:
        return _mended_png(data)
    if media_type is MediaType.WEBP:
        return _mended_webp(data)
    return None


def _mended_png(data: bytes) -> bytes:
    """Only the needed chunks, the last one cut to what is there, with right check sums and an end."""
    parts = [_PNG_SIGNATURE]
    at = len(_PNG_SIGNATURE)
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        if name in _PNG_NEEDED:
            check = zlib.crc32(body, zlib.crc32(name))
            parts += [struct.pack(">I4s", len(body), name), body, struct.pack(">I", check)]
        at += 12 + length
    return b"".join([*parts, _PNG_END])


def _mended_webp(data: bytes) -> bytes | None:
    """Only the needed chunks that are there whole: the frames of an animation before the cut."""
    parts = []
    at = 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        end = at + 8 + length + length % 2
        if name in _WEBP_NEEDED and end <= len(data):
            parts.append(data[at:end])
        at = end
    body = b"".join(parts)
    whole = b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
    return whole if parts and whole != data else None


def _boxes_end(data: bytes) -> int:
    """Where the last box of an ISO base media file says that it ends."""
    end = 0
    for end in _box_ends(data):  # noqa: B007 -- the last one is wanted
        pass
    return end


def _box_ends(data: bytes) -> Iterator[int]:
    at = 0
    for _ in range(_MOST_BOXES):
        if at + 8 > len(data):
            return
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:  # 0: to the end of the file; else no box
            return
        at += size
        yield at
