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
    (b"FLV\x01", MediaType.FLV),
    (b"OggS\x00", MediaType.OGG),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", MediaType.ASF),
    (b"\x00\x00\x01\xba", MediaType.MPEG),  # a pack of an MPEG program stream
    (b"\x00\x00\x01\xb3", MediaType.MPEG),  # a sequence header: MPEG-1 or MPEG-2 video without a container
)

#: Sizes of the second BMP header: OS/2 1 and 2, Windows 3 to 5 and the two in between.
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_HEIF_BRANDS = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})

#: First boxes of QuickTime files that have no ``ftyp`` (QuickTime File Format, "Movie Files"); each says its length.
_QUICKTIME_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})

#: EBML magic (RFC 8794), and how far into its header the kind of document is looked for.
_EBML = b"\x1a\x45\xdf\xa3"
_EBML_HEADER = 64

#: An MPEG transport stream is made of packets of 188 bytes that begin with this one; in the M2TS form four bytes of
#: time go before each.
_TS_SYNC, _TS_PACKET = 0x47, 188

#: Brands beyond this many bytes of the first box are not looked at; real files have fewer than ten.
_BRANDS_READ = 256


def sniff(data: bytes) -> MediaType | None:
    """Tell the media type of ``data``, or ``None`` if it is no picture or video of a type read here.

    Only the first bytes are looked at, so a file may still turn out to be damaged or unreadable.
    """
    for prefix, media_type in _PREFIXES:
        if data.startswith(prefix):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return MediaType.WEBP
    if data[:4] in (b"RIFF", b"ON2 ") and data[8:12] in (b"AVI ", b"ON2f"):
        return MediaType.AVI
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return MediaType.BMP
    if data[4:8] == b"ftyp":
        return _brand(data)
    return _stream(data)


def _stream(data: bytes) -> MediaType | None:
    """Tell the videos that more than a fixed beginning is needed for."""
    if data.startswith(_EBML):
        return MediaType.WEBM if b"webm" in data[:_EBML_HEADER] else MediaType.MATROSKA
    if data[4:8] in _QUICKTIME_BOXES:
        return MediaType.QUICKTIME
    for start, step in ((0, _TS_PACKET), (4, _TS_PACKET + 4)):
        marks = data[start : start + 4 * step : step]
        if len(marks) >= 3 and all(mark == _TS_SYNC for mark in marks):
            return MediaType.MPEG_TS
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
        return MediaType.QUICKTIME if major == b"qt  " else MediaType.MP4
    return MediaType.AVIF if brands & _AVIF_BRANDS else MediaType.HEIC
