"""What kind of file these bytes are, by looking at them and never at a name."""

from __future__ import annotations

from tutela.model import MediaType

_PREFIXES: tuple[tuple[bytes, MediaType], ...] = (
    (b"\xff\xd8\xff", MediaType.JPEG),
    (b"\x89PNG\r\n\x1a\n", MediaType.PNG),
    (b"GIF87a", MediaType.GIF),
    (b"GIF89a", MediaType.GIF),
    (b"II\x2a\x00", MediaType.TIFF),
    (b"MM\x00\x2a", MediaType.TIFF),
    (b"II\x2b\x00", MediaType.TIFF),  # BigTIFF
    (b"MM\x00\x2b", MediaType.TIFF),
    (b"MM\x2a\x00", MediaType.TIFF),  # byte order mark and number at odds: written in the wild, read everywhere
    (b"II\x00\x2a", MediaType.TIFF),
)

#: Sizes of the second BMP header: OS/2 1 and 2, Windows 3 to 5 and the two in between.
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_HEIF_BRANDS = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})

#: Brands beyond this many bytes of the first box are not looked at; real files have fewer than ten.
_BRANDS_READ = 256


def sniff(data: bytes) -> MediaType | None:
    """Tell the media type of ``data``, or ``None`` if it is no picture of a type read here.

    Only the first bytes are looked at, so a file may still turn out to be damaged or unreadable.
    """
    for prefix, media_type in _PREFIXES:
        if data.startswith(prefix):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return MediaType.WEBP
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return MediaType.BMP
    if data[4:8] == b"ftyp":
        return _brand(data)
    return None


def _brand(data: bytes) -> MediaType | None:
    """Tell the type by the brands of an ISO base media file (ISO/IEC 14496-12, 4.3): the major one rules."""
    end = min(int.from_bytes(data[:4], "big"), _BRANDS_READ)
    major = bytes(data[8:12])
    brands = {bytes(data[at : at + 4]) for at in range(16, end - 3, 4)}
    if major in _AVIF_BRANDS:
        return MediaType.AVIF
    if major in _HEIC_BRANDS:
        return MediaType.HEIC
    if major not in _HEIF_BRANDS:
        return None
    return MediaType.AVIF if brands & _AVIF_BRANDS else MediaType.HEIC
