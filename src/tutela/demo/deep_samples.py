"""Write pictures with 16 bits a sample, which Pillow reads but, in colour, does not write.

PNG after its specification (third edition): signature, IHDR, one IDAT of unfiltered rows, IEND; samples big-endian.
TIFF after revision 6.0: little-endian, one uncompressed strip, chunky samples.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

Deep = npt.NDArray[np.uint16]


def png_16(samples: Deep) -> bytes:
    """Return a PNG of samples [h, w] (grey) or [h, w, 3] (RGB)."""
    height, width = samples.shape[:2]
    colour = 0 if samples.ndim == 2 else 2
    rows = samples.astype(">u2").reshape(height, -1).view(np.uint8)
    unfiltered = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(unfiltered.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def tiff_16(samples: Deep) -> bytes:
    """Return a TIFF of samples [h, w] (grey) or [h, w, 3] (RGB)."""
    height, width = samples.shape[:2]
    planes = 1 if samples.ndim == 2 else samples.shape[2]
    pixels = samples.astype("<u2").tobytes()
    depths_at = 8 + len(pixels)
    fields = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, planes, 16 if planes == 1 else depths_at),
        (259, 3, 1, 1),
        (262, 3, 1, 1 if planes == 1 else 2),
        (273, 4, 1, 8),
        (277, 3, 1, planes),
        (278, 4, 1, height),
        (279, 4, 1, len(pixels)),
    ]
    depths = struct.pack(f"<{planes}H", *[16] * planes) + b"\0" * (planes % 2 * 2)
    directory = struct.pack("<H", len(fields)) + b"".join(struct.pack("<HHII", *field) for field in fields)
    start = struct.pack("<2sHI", b"II", 42, depths_at + len(depths))
    return start + pixels + depths + directory + struct.pack("<I", 0)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
