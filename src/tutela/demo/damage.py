"""Damaged files, and files that are no pictures: what comes out of a broken disk or a broken upload."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tutela.demo.formats import Picture, formats

_SEEN = ("near", "nothing-found")


@dataclass(frozen=True, slots=True)
class Damage:
    """One kind of damage: ``make`` gives the file's bytes of a picture; the rest is as in `tutela.demo.truth`."""

    name: str
    suffix: str
    make: Callable[[Picture], bytes]
    expected: tuple[str, ...]


def damages() -> tuple[Damage, ...]:
    """Return every kind of damage.  All but a picture's last few lines lost may leave nothing to recognise."""
    return (
        Damage("jpeg-end-lost", ".jpg", _cut("jpeg-q85", 0.95), _SEEN),
        Damage("jpeg-half-lost", ".jpg", _cut("jpeg-q85", 0.5), _SEEN),
        Damage("jpeg-header-only", ".jpg", lambda picture: _in("jpeg-q85", picture)[:150], ("unreadable",)),
        Damage("png-byte-changed", ".png", _changed("png-rgb"), (*_SEEN, "unreadable")),
        Damage("png-end-lost", ".png", _cut("png-rgb", 0.95), _SEEN),
        Damage("gif-half-lost", ".gif", _cut("gif", 0.5), (*_SEEN, "unreadable")),
        Damage("webp-half-lost", ".webp", _cut("webp-q80", 0.5), (*_SEEN, "unreadable")),
        Damage("empty", ".jpg", lambda _: b"", ("unreadable",)),
        Damage("text", ".jpg", lambda _: b"This is a text, whatever its name says.\n" * 40, ("unreadable",)),
        Damage("zeros", ".png", lambda _: bytes(10_000), ("unreadable",)),
        Damage("bomb", ".png", lambda _: _bomb(50_000), ("unreadable",)),
    )


def _in(name: str, picture: Picture) -> bytes:
    (chosen,) = (one for one in formats() if one.name == name)
    return chosen.save(picture, (picture, picture))


def _cut(name: str, share: float) -> Callable[[Picture], bytes]:
    def make(picture: Picture) -> bytes:
        whole = _in(name, picture)
        return whole[: int(len(whole) * share)]

    return make


def _changed(name: str) -> Callable[[Picture], bytes]:
    def make(picture: Picture) -> bytes:
        content = bytearray(_in(name, picture))
        content[len(content) // 2] ^= 0x55
        return bytes(content)

    return make


def _bomb(side: int) -> bytes:
    """Return a PNG of a few hundred kilobytes that claims, and would unpack to, ``side`` x ``side`` black pixels."""
    packed = zlib.compressobj(9)
    # A thousand rows are enough to show that the file means it; the header already says how large it is.
    rows = b"".join(packed.compress(bytes(1 + side // 8)) for _ in range(1_000)) + packed.flush()
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )
