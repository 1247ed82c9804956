"""The orientation of a picture by its EXIF and XMP blocks, as Pillow's ``ImageOps.exif_transpose`` sees it."""

from __future__ import annotations

import re
import struct

from PIL import Image

_TAG = 0x0112
_SHORT = 3
#: Bytes of one value by TIFF type (TIFF 6.0 page 15, and 13, IFD); any other type makes a block odd.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_ODD = 1 << 32
_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(="|>)([0-9])')

#: By lookup and not by comparison, as Pillow does it: 6.0 is 6, a tuple or a text is nothing.
_KNOWN = {value: value for value in range(1, 9)}


def orientation_of(image: Image.Image) -> int:
    """Return the orientation (1 to 8) that a loaded Pillow picture still has to be turned by."""
    return _KNOWN.get(image.getexif().get(_TAG, 1), 1)


def orientation(exif: bytes | None, xmp: bytes | None) -> int:
    """Read the orientation (1 to 8) from a JPEG's EXIF block (from its byte order mark on), else from its XMP block.

    Well-formed blocks are read here, in a few microseconds; odd ones (another type, a damaged table, a lying offset)
    are given to Pillow's own reader, so that both agree.  May raise whatever Pillow raises.
    """
    value: int | None = None
    if exif is not None:
        try:
            value = _fast(exif)
        except (struct.error, ValueError):
            block = Image.Exif()
            block.load(b"Exif\x00\x00" + exif)
            found = block.get(_TAG)
            value = None if found is None else _KNOWN.get(found, 1)
    if value is None and xmp is not None:
        match = _XMP_ORIENTATION.search(xmp)
        value = int(match[2]) if match else None
    return _KNOWN.get(value or 1, 1)


def _fast(exif: bytes) -> int | None:
    """Orientation in the first table of a TIFF block; ``None`` if it has none.  ValueError or struct.error if odd."""
    mark = exif[:4]
    if mark == b"II*\x00":
        order = "<"
    elif mark == b"MM\x00*":
        order = ">"
    else:
        raise ValueError("no TIFF header")
    (offset,) = struct.unpack_from(order + "I", exif, 4)
    (count,) = struct.unpack_from(order + "H", exif, offset)
    end = offset + 2 + 12 * count
    if end > len(exif):
        raise ValueError("the table ends early")
    for tag, kind, number, field in struct.iter_unpack(order + "HHI4s", exif[offset + 2 : end]):
        if tag == _TAG:
            if kind != _SHORT or number != 1:
                raise ValueError("an odd orientation")
            (value,) = struct.unpack_from(order + "H", field)
            return int(value)
        size = _SIZES.get(kind, _ODD) * number
        if size > 4 and struct.unpack(order + "I", field)[0] + size > len(exif):
            raise ValueError("a value outside of the block")  # Pillow reads no further than this
    return None
