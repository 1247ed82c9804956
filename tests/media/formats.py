"""Every kind of picture file that `tutela.media` reads, written from an RGB array.

`VARIANTS` maps a name to a `Variant`; calling it with uint8 [h, w, 3] gives the file's bytes, and ``shows`` gives the
pixels that its first frame should have once laid upright.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO

import numpy as np
import pillow_heif
from PIL import Image, ImageCms

from tutela.model import MediaType


class Loss(StrEnum):
    """What a variant does to a picture's colours."""

    NONE = "lossless"
    LOSSY = "lossy"
    PALETTE = "palette"
    ONE_BIT = "1-bit"


def same(rgb):
    return rgb


def grey(rgb):
    return np.asarray(Image.fromarray(rgb).convert("L"))


def palette(colours):
    def quantised(rgb):
        return np.asarray(_quantised(rgb, colours).convert("RGB"))

    return quantised


def one_bit(rgb):
    return np.asarray(Image.fromarray(rgb).convert("1").convert("L"))


def over_white(rgb):
    """What a picture with the alpha of `_with_alpha` shows."""
    alpha = _alpha(rgb)[..., None].astype(int)
    return ((rgb * alpha + 255 * (255 - alpha)) / 255 + 0.5).astype(np.uint8)


@dataclass(frozen=True)
class Variant:
    """How one kind of file is written, and what it shows."""

    media_type: MediaType
    loss: Loss
    write: Callable[[np.ndarray], bytes]
    shows: Callable[[np.ndarray], np.ndarray] = same
    frames: int = 1

    def __call__(self, rgb: np.ndarray) -> bytes:
        return self.write(rgb)


# --------------------------------------------------------------------------------------------------- parts


def by_pillow(kind: str, mode: str = "RGB", **options) -> Callable[[np.ndarray], bytes]:
    def write(rgb):
        return saved(Image.fromarray(rgb).convert(mode), kind, **options)

    return write


def saved(image: Image.Image, kind: str, **options) -> bytes:
    target = BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x010F] = "maker"
    block[0x0112] = orientation
    return block.tobytes()


#: What must be done to an upright picture so that the orientation's own turn undoes it.
_STORED = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: np.rot90,
    7: lambda p: p.swapaxes(0, 1)[::-1, ::-1],
    8: lambda p: np.rot90(p, -1),
}


def stored(rgb: np.ndarray, orientation: int) -> np.ndarray:
    return np.ascontiguousarray(_STORED[orientation](rgb))


def turned(kind: str, orientation: int, **options) -> Callable[[np.ndarray], bytes]:
    def write(rgb):
        return saved(Image.fromarray(stored(rgb, orientation)), kind, exif=exif(orientation), **options)

    return write


def later_frames(rgb: np.ndarray) -> list[Image.Image]:
    """Two more frames: the same once more, and another."""
    return [Image.fromarray(rgb), Image.fromarray(np.ascontiguousarray(rgb[::-1, ::-1]))]


def animated(kind: str, **options) -> Callable[[np.ndarray], bytes]:
    def write(rgb):
        more = later_frames(rgb)
        return saved(Image.fromarray(rgb), kind, save_all=True, append_images=more, **options)

    return write


def _quantised(rgb, colours):
    return Image.fromarray(rgb).quantize(colours, dither=Image.Dither.NONE)


def _alpha(rgb):
    height, width = rgb.shape[:2]
    ramp = np.linspace(96, 255, width).astype(np.uint8)
    return np.broadcast_to(ramp, (height, width))


def _with_alpha(rgb):
    return np.dstack([rgb, _alpha(rgb)])


def _ink(rgb):
    """Cyan, magenta, yellow and as much black as can be: float [h, w, 4], 0 to 255."""
    light = rgb.max(axis=2, keepdims=True).astype(float)
    inks = 255 - rgb * 255.0 / np.maximum(light, 1)
    return np.dstack([inks, 255 - light])


def _rounded(values):
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


# ---------------------------------------------------------------------------------------------------- JPEG


def jpeg_cmyk(rgb):
    return saved(Image.fromarray(_rounded(_ink(rgb)), "CMYK"), "JPEG", quality=95)


def jpeg_ycck(rgb):
    """Adobe's YCCK: Pillow inverts what it writes, so it gets the inverse of the inks' YCC; the marker is changed."""
    inks = _rounded(_ink(rgb))
    ycc = np.asarray(Image.fromarray(inks[..., :3]).convert("YCbCr"))
    data = bytearray(saved(Image.fromarray(np.dstack([255 - ycc, inks[..., 3]]), "CMYK"), "JPEG", quality=95))
    data[data.index(b"Adobe") + 11] = 2
    return bytes(data)


def multi_picture(rgb):
    other = Image.fromarray(np.ascontiguousarray(rgb[::-1, ::-1]))
    return saved(Image.fromarray(rgb), "MPO", save_all=True, append_images=[other], quality=92)


# ----------------------------------------------------------------------------------------------------- PNG


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_16(samples: np.ndarray, *extra: bytes) -> bytes:
    """A 16-bit PNG of uint16 [h, w] or [h, w, 2 to 4]; ``extra`` chunks stand before the pixels."""
    height, width = samples.shape[:2]
    colour_type = {1: 0, 2: 4, 3: 2, 4: 6}[samples.reshape(height, width, -1).shape[2]]
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    chunks = [png_chunk(b"IHDR", header), *extra, png_chunk(b"IDAT", zlib.compress(rows)), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def deep(values: np.ndarray) -> np.ndarray:
    """16-bit samples that scale to these 8-bit ones, with uneven lower bytes."""
    noise = np.random.default_rng(16).integers(-128, 129, values.shape)
    return np.clip(values.astype(np.int64) * 257 + noise, 0, 65535).astype(np.uint16)


def png_colour_key(rgb):
    """No pixel has the key colour, so the picture shows as it is."""
    return saved(Image.fromarray(rgb | 1), "PNG", transparency=(0, 0, 0))


def png_palette_alpha(rgb):
    """A palette of which every entry has the same alpha."""
    return saved(_quantised(rgb, 200), "PNG", transparency=bytes([128] * 200))


def half_white(rgb):
    shown = palette(200)(rgb).astype(int)
    return ((shown * 128 + 255 * 127) / 255 + 0.5).astype(np.uint8)


def gif_animated(rgb):
    first, *more = [_quantised(np.asarray(image), 256) for image in (Image.fromarray(rgb), *later_frames(rgb))]
    return saved(first, "GIF", save_all=True, append_images=more, duration=100)


# ---------------------------------------------------------------------------------------------------- TIFF

_SHORT, _LONG = 3, 4


def tiff(
    samples: np.ndarray,
    photometric: int,
    *,
    big_endian: bool = False,
    tile: int = 0,
    planes: bool = False,
    tags: Sequence[tuple[int, int, tuple[int, ...]]] = (),
) -> bytes:
    """An uncompressed TIFF (revision 6.0) of [h, w] or [h, w, channels], in one strip, one strip a plane, or tiles."""
    order = ">" if big_endian else "<"
    samples = samples.astype(samples.dtype.newbyteorder(order))
    height, width = samples.shape[:2]
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    bits, number_format = samples.dtype.itemsize * 8, {"u": 1, "i": 2, "f": 3}[samples.dtype.kind]
    layers = [samples[..., channel] for channel in range(channels)] if planes else [samples]
    blocks = [block for layer in layers for block in _blocks(layer, tile)]
    entries = {
        256: (_LONG, (width,)),
        257: (_LONG, (height,)),
        258: (_SHORT, (bits,) * channels),
        259: (_SHORT, (1,)),
        262: (_SHORT, (photometric,)),
        277: (_SHORT, (channels,)),
        284: (_SHORT, (2 if planes else 1,)),
        339: (_SHORT, (number_format,) * channels),
    }
    offsets, place = [], 8
    for block in blocks:
        offsets.append(place)
        place += len(block)
    sizes = tuple(len(block) for block in blocks)
    if tile:
        entries |= {322: (_LONG, (tile,)), 323: (_LONG, (tile,)), 324: (_LONG, tuple(offsets)), 325: (_LONG, sizes)}
    else:
        entries |= {273: (_LONG, tuple(offsets)), 278: (_LONG, (height,)), 279: (_LONG, sizes)}
    entries |= {tag: (kind, values) for tag, kind, values in tags}
    place += place % 2
    head = (b"MM\x00*" if big_endian else b"II*\x00") + struct.pack(order + "I", place)
    body = head + b"".join(blocks)
    return body + bytes(place - len(body)) + _directory(entries, order, place)


def _blocks(layer, tile):
    if not tile:
        return [layer.tobytes()]
    height, width = layer.shape[:2]
    pad = ((0, -height % tile), (0, -width % tile), *[(0, 0)] * (layer.ndim - 2))
    whole = np.pad(layer, pad)
    rows, columns = range(0, whole.shape[0], tile), range(0, whole.shape[1], tile)
    return [whole[y : y + tile, x : x + tile].tobytes() for y in rows for x in columns]


def _directory(entries, order, place):
    """An image file directory at ``place``, with the values that do not fit into it behind it."""
    after = place + 2 + 12 * len(entries) + 4
    rows, outside = [], b""
    for tag, (kind, values) in sorted(entries.items()):
        packed = struct.pack(f"{order}{len(values)}{'H' if kind == _SHORT else 'I'}", *values)
        if len(packed) > 4:
            field = struct.pack(order + "I", after + len(outside))
            outside += packed + bytes(len(packed) % 2)
        else:
            field = packed.ljust(4, b"\x00")
        rows.append(struct.pack(order + "HHI", tag, kind, len(values)) + field)
    return struct.pack(order + "H", len(rows)) + b"".join(rows) + bytes(4) + outside


def tiff_lab(rgb):
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    turn = ImageCms.buildTransform(srgb, lab, "RGB", "LAB")
    return saved(ImageCms.applyTransform(Image.fromarray(rgb), turn), "TIFF")


def tiff_orientation(rgb, orientation=6):
    return tiff(stored(rgb, orientation), 2, tags=[(274, _SHORT, (orientation,))])


# ---------------------------------------------------------------------------------------------------- HEIF


def heic(mode="RGB", orientation=1):
    """The orientation goes into ``irot`` and ``imir`` by way of an EXIF block that is given while saving."""

    def write(rgb):
        data = stored(rgb if mode != "RGBA" else _with_alpha(rgb), orientation)
        image = Image.fromarray(data).convert(mode)
        options = {"exif": exif(orientation)} if orientation > 1 else {}
        target = BytesIO()
        pillow_heif.from_pillow(image).save(target, quality=95, chroma=444, **options)
        return target.getvalue()

    return write


def heic_several(rgb):
    """The first one without loss; the encoder's options do not reach the others, so that all three differ."""
    target = BytesIO()
    file = pillow_heif.from_pillow(Image.fromarray(rgb))
    for more in later_frames(rgb):
        file.add_from_pillow(more)
    file.save(target, quality=-1, chroma=444, matrix_coefficients=0)
    return target.getvalue()


def heic_deep(rgb):
    """Ten bits a sample: pillow-heif writes no more."""
    height, width = rgb.shape[:2]
    target = BytesIO()
    file = pillow_heif.from_bytes("RGB;16" if rgb.ndim == 3 else "I;16", (width, height), deep(rgb).tobytes())
    file.save(target, quality=95, chroma=444)
    return target.getvalue()


def _alpha_by(kind, **options):
    return lambda rgb: saved(Image.fromarray(_with_alpha(rgb)), kind, **options)


_J, _P, _G, _W = MediaType.JPEG, MediaType.PNG, MediaType.GIF, MediaType.WEBP
_T, _B, _H, _A = MediaType.TIFF, MediaType.BMP, MediaType.HEIC, MediaType.AVIF

VARIANTS: dict[str, Variant] = {
    "jpeg": Variant(_J, Loss.LOSSY, by_pillow("JPEG", quality=92)),
    "jpeg-444": Variant(_J, Loss.LOSSY, by_pillow("JPEG", quality=92, subsampling=0)),
    "jpeg-progressive": Variant(_J, Loss.LOSSY, by_pillow("JPEG", quality=92, progressive=True)),
    "jpeg-grey": Variant(_J, Loss.LOSSY, by_pillow("JPEG", "L", quality=92), grey),
    "jpeg-rgb": Variant(_J, Loss.LOSSY, by_pillow("JPEG", quality=95, keep_rgb=True)),
    "jpeg-cmyk": Variant(_J, Loss.LOSSY, jpeg_cmyk),
    "jpeg-ycck": Variant(_J, Loss.LOSSY, jpeg_ycck),
    "jpeg-multi-picture": Variant(_J, Loss.LOSSY, multi_picture, frames=2),
    **{f"jpeg-turned-{n}": Variant(_J, Loss.LOSSY, turned("JPEG", n, quality=92)) for n in range(2, 9)},
    "png": Variant(_P, Loss.NONE, by_pillow("PNG")),
    "png-grey": Variant(_P, Loss.NONE, by_pillow("PNG", "L"), grey),
    "png-1-bit": Variant(_P, Loss.ONE_BIT, by_pillow("PNG", "1"), one_bit),
    "png-palette": Variant(_P, Loss.PALETTE, lambda rgb: saved(_quantised(rgb, 256), "PNG"), palette(256)),
    "png-palette-16": Variant(_P, Loss.PALETTE, lambda rgb: saved(_quantised(rgb, 16), "PNG"), palette(16)),
    "png-palette-alpha": Variant(_P, Loss.PALETTE, png_palette_alpha, half_white),
    "png-16-bit": Variant(_P, Loss.NONE, lambda rgb: png_16(deep(rgb))),
    "png-16-bit-grey": Variant(_P, Loss.NONE, lambda rgb: png_16(deep(grey(rgb))), grey),
    "png-16-bit-alpha": Variant(_P, Loss.NONE, lambda rgb: png_16(deep(_with_alpha(rgb))), over_white),
    "png-alpha": Variant(_P, Loss.NONE, _alpha_by("PNG"), over_white),
    "png-colour-key": Variant(_P, Loss.NONE, png_colour_key, lambda rgb: rgb | 1),
    "png-turned": Variant(_P, Loss.NONE, turned("PNG", 6)),
    "png-animated": Variant(_P, Loss.NONE, animated("PNG", duration=100), frames=2),
    "gif": Variant(_G, Loss.PALETTE, lambda rgb: saved(_quantised(rgb, 256), "GIF"), palette(256)),
    "gif-animated": Variant(_G, Loss.PALETTE, gif_animated, palette(256), frames=2),
    "webp": Variant(_W, Loss.LOSSY, by_pillow("WEBP", quality=92)),
    "webp-lossless": Variant(_W, Loss.NONE, by_pillow("WEBP", lossless=True)),
    "webp-alpha": Variant(_W, Loss.NONE, _alpha_by("WEBP", lossless=True), over_white),
    "webp-turned": Variant(_W, Loss.NONE, turned("WEBP", 8, lossless=True)),
    "webp-animated": Variant(_W, Loss.NONE, animated("WEBP", lossless=True, duration=100), frames=2),
    "tiff": Variant(_T, Loss.NONE, by_pillow("TIFF")),
    "tiff-lzw": Variant(_T, Loss.NONE, by_pillow("TIFF", compression="tiff_lzw")),
    "tiff-jpeg": Variant(_T, Loss.LOSSY, by_pillow("TIFF", compression="jpeg", quality=92)),
    "tiff-grey": Variant(_T, Loss.NONE, by_pillow("TIFF", "L"), grey),
    "tiff-white-is-zero": Variant(_T, Loss.NONE, lambda rgb: tiff(255 - grey(rgb), 0), grey),
    "tiff-1-bit": Variant(_T, Loss.ONE_BIT, by_pillow("TIFF", "1", compression="group4"), one_bit),
    "tiff-palette": Variant(_T, Loss.PALETTE, lambda rgb: saved(_quantised(rgb, 256), "TIFF"), palette(256)),
    "tiff-cmyk": Variant(_T, Loss.NONE, by_pillow("TIFF", "CMYK")),
    "tiff-cmyk-black": Variant(_T, Loss.LOSSY, lambda rgb: tiff(_rounded(_ink(rgb)), 5)),
    "tiff-ycbcr": Variant(_T, Loss.LOSSY, by_pillow("TIFF", "YCbCr")),
    "tiff-lab": Variant(_T, Loss.LOSSY, tiff_lab),
    "tiff-alpha": Variant(_T, Loss.NONE, _alpha_by("TIFF"), over_white),
    "tiff-16-bit": Variant(_T, Loss.NONE, lambda rgb: tiff(deep(rgb), 2)),
    "tiff-16-bit-grey": Variant(_T, Loss.NONE, lambda rgb: tiff(deep(grey(rgb)), 1), grey),
    "tiff-16-bit-big-endian": Variant(_T, Loss.NONE, lambda rgb: tiff(deep(rgb), 2, big_endian=True)),
    "tiff-16-bit-white-is-zero": Variant(
        _T, Loss.NONE, lambda rgb: tiff(65535 - deep(grey(rgb)), 0, big_endian=True), grey
    ),
    "tiff-16-bit-planes": Variant(_T, Loss.LOSSY, lambda rgb: tiff(deep(rgb), 2, planes=True)),
    "tiff-float": Variant(_T, Loss.NONE, lambda rgb: tiff((grey(rgb) / 255).astype(np.float32), 1), grey),
    "tiff-float-255": Variant(_T, Loss.NONE, lambda rgb: tiff(grey(rgb).astype(np.float32), 1), grey),
    "tiff-tiled": Variant(_T, Loss.NONE, lambda rgb: tiff(rgb, 2, tile=64)),
    "tiff-planes": Variant(_T, Loss.NONE, lambda rgb: tiff(rgb, 2, planes=True)),
    "tiff-turned": Variant(_T, Loss.NONE, tiff_orientation),
    "tiff-pages": Variant(_T, Loss.NONE, animated("TIFF"), frames=2),
    "tiff-big": Variant(_T, Loss.NONE, by_pillow("TIFF", big_tiff=True)),
    "bmp": Variant(_B, Loss.NONE, by_pillow("BMP")),
    "bmp-grey": Variant(_B, Loss.NONE, by_pillow("BMP", "L"), grey),
    "bmp-palette": Variant(_B, Loss.PALETTE, lambda rgb: saved(_quantised(rgb, 256), "BMP"), palette(256)),
    "bmp-1-bit": Variant(_B, Loss.ONE_BIT, by_pillow("BMP", "1"), one_bit),
    "heic": Variant(_H, Loss.LOSSY, heic()),
    "heic-grey": Variant(_H, Loss.LOSSY, heic("L"), grey),
    "heic-alpha": Variant(_H, Loss.LOSSY, heic("RGBA"), over_white),
    **{f"heic-turned-{n}": Variant(_H, Loss.LOSSY, heic(orientation=n)) for n in range(2, 9)},
    "heic-10-bit": Variant(_H, Loss.LOSSY, heic_deep),
    "heic-10-bit-grey": Variant(_H, Loss.LOSSY, lambda rgb: heic_deep(grey(rgb)), grey),
    "heic-several": Variant(_H, Loss.LOSSY, heic_several, frames=3),
    "avif": Variant(_A, Loss.LOSSY, by_pillow("AVIF", quality=92)),
    "avif-alpha": Variant(_A, Loss.LOSSY, _alpha_by("AVIF", quality=95), over_white),
    **{f"avif-turned-{n}": Variant(_A, Loss.LOSSY, turned("AVIF", n, quality=92)) for n in range(2, 9)},
    "avif-animated": Variant(_A, Loss.LOSSY, animated("AVIF", quality=92, duration=100), frames=3),
}


def picture(height: int = 120, width: int = 168, seed: int = 7) -> np.ndarray:
    """A colourful, smooth picture with hard edges and no symmetry, uint8 [height, width, 3]."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    rgb = np.array(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))
    rgb[height // 8 : height // 3, width // 6 : width // 2] = (210, 40, 90)
    rgb[height // 2 :, : width // 5] = (20, 200, 240)
    return rgb
