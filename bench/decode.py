"""From JPEG bytes to PDQ, and the PDQ kernel, against python-threatexchange, pdqhash and bare JPEG decoding."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pdqhash
import simplejpeg
from PIL import Image
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

import tutela
from measure import Table, in_turn, readable
from pictures import as_found, jpegs, photographs, pixels_of
from tutela import _kernel
from tutela.model import Signal


def on_each(work: Callable[[bytes], object], files: list[bytes]) -> None:
    """Do the work on each file."""
    for data in files:
        work(data)


def to_grey(data: bytes) -> object:
    """Decode a JPEG to whole grey pixels and do nothing else."""
    return simplejpeg.decode_jpeg(data, "GRAY")


def compared(files: list[bytes]) -> tuple[str, ...]:
    """Return mean bytes, the three times and the two ratios for a set of files."""
    medians = in_turn(
        {
            "tutela": partial(on_each, tutela.pdq, files),
            "decode": partial(on_each, to_grey, files),
            "peer": partial(on_each, pdq_from_bytes, files),
        },
        rounds=5,
    )
    own, decode, peer = (medians[name] / len(files) for name in ("tutela", "decode", "peer"))
    mean = f"{sum(map(len, files)) // len(files) // 1024} KiB"
    return (mean, readable(own), readable(peer), readable(decode), f"{peer / own:.1f} x", f"{own / decode:.2f} x")


def from_bytes() -> Table:
    """Measure bytes to hash, one thread, at two sizes."""
    table = Table(
        "JPEG bytes to PDQ, one thread",
        "`tutela.pdq(data)` against `threatexchange`'s `pdq_from_bytes`, and against libjpeg-turbo decoding the whole "
        "picture to grey and nothing else (`simplejpeg.decode_jpeg(data, 'GRAY')`).",
        ("size", "bytes", "tutela", "threatexchange", "grey decode alone", "against threatexchange", "of the decode"),
    )
    shapes = ((1280, 960, 24, 75), (1280, 960, 24, 85), (4000, 3000, 8, 75), (4000, 3000, 8, 85))
    sets = [("the corpus's files of 1.0 to 1.5 megapixels, as they are", as_found(1.0, 1.5))]
    for width, height, count, quality in shapes:
        files, origin = jpegs(count, width, height, quality)
        sets.append((f"{width}x{height}, quality {quality}", files))
        table.remarks = [f"pictures of a given size: {origin}, scaled; 4:2:0; the bytes are the mean of the files"]
    for label, files in sets:
        if files:
            table.rows.append((label, *compared(files)))
    table.remarks.append(
        "what is left of tutela's time is reading the Huffman codes: it grows with the bytes of a file"
    )
    return table


def kernel() -> Table:
    """Measure hashes of 512x512 grey pixels."""
    paths, _ = photographs()
    colour = [pixels_of(path, 512, 512) for path in paths[:20]]
    grey = [np.ascontiguousarray(pixels[:, :, 1]) for pixels in colour]
    alike = [np.repeat(pixels[:, :, None], 3, axis=2) for pixels in grey]
    rows: list[Sequence[str]] = []
    for path in _kernel.paths():
        _kernel.use_path(path)
        medians = in_turn(
            {
                "tutela": lambda: [_kernel.pdq_grey(pixels) for pixels in grey * 10],
                "peer": lambda: [pdqhash.compute(pixels) for pixels in alike[:4]],
            }
        )
        own, peer = medians["tutela"] / len(grey) / 10, medians["peer"] / 4
        rows.append((path, readable(own), f"{1 / own:,.0f}", readable(peer), f"{peer / own:.0f} x"))
    _kernel.use_path("auto")
    return Table(
        "PDQ of 512x512 grey pixels, one thread",
        "The kernel alone against `pdqhash.compute`.",
        ("path", "tutela", "hashes a second", "pdqhash", "ratio"),
        rows,
    )


def agreement(count: int = 1000) -> Table:
    """Compare bits with pdqhash on equal pixels, and from file bytes."""
    random = np.random.default_rng(4)
    paths, origin = photographs()
    loaded = [pixels_of(path, 1200, 900) for path in paths[:: max(1, len(paths) // 50)][:50]]
    pixels_apart: list[int] = []
    bytes_apart: list[int] = []
    while len(pixels_apart) < count:
        whole = loaded[int(random.integers(len(loaded)))]
        high, wide = (int(side * random.uniform(0.3, 1)) for side in whole.shape[:2])
        top, left = (
            int(random.integers(0, side - own + 1)) for side, own in zip(whole.shape[:2], (high, wide), strict=True)
        )
        crop = np.ascontiguousarray(whole[top : top + high, left : left + wide])
        pixels_apart.append(bits_apart(_kernel.pdq_rgb(crop)[0], crop))
        buffer = io.BytesIO()
        Image.fromarray(crop).save(buffer, "JPEG", quality=int(random.integers(60, 96)))
        signal = tutela.pdq(buffer.getvalue())
        if isinstance(signal, Signal) and (signal.quality or 0) >= 50:
            bytes_apart.append(bits_apart(signal.value, np.asarray(Image.open(buffer).convert("RGB"))))
    rows = [
        ("equal pixels", str(len(pixels_apart)), *spread(pixels_apart)),
        ("JPEG bytes, quality >= 50", str(len(bytes_apart)), *spread(bytes_apart)),
    ]
    columns = ("from", "pictures", "0 bits", "largest", "mean")
    return Table("Agreement with pdqhash", f"Random crops of {origin}; bits that differ.", columns, list(rows))


def bits_apart(value: bytes, pixels: np.ndarray) -> int:
    """Return in how many bits ``value`` differs from pdqhash's answer for these RGB pixels."""
    vector, _ = pdqhash.compute(pixels)
    other = np.packbits(np.asarray(vector, np.uint8)).tobytes()
    return (int.from_bytes(value) ^ int.from_bytes(other)).bit_count()


def spread(bits: list[int]) -> tuple[str, str, str]:
    """Return share of zeros, largest, mean."""
    values = np.array(bits)
    return f"{(values == 0).mean():.1%}", str(values.max()), f"{values.mean():.2f}"
