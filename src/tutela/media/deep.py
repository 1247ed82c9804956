"""Pictures of several 16-bit samples a pixel, at full depth.

Pillow keeps only the upper byte of such samples.  The lower one is had by decoding once more as if the bytes of a
sample stood the other way round; that costs a second decode of a rare kind of file.
"""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt
from PIL.ImageFile import ImageFile, _Tile

from tutela.media.tiff import Tiff
from tutela.model import Pixels

_HERE = "L" if sys.byteorder == "little" else "B"
_OTHER = {"L": "B", "B": "L"}
#: Raw modes that exist in both byte orders, without the order.
_BOTH = frozenset({"RGB;16", "RGBX;16", "RGBA;16", "CMYK;16"})
#: PNG's grey with alpha: four bytes a pixel, which an 8-bit RGBA decode gives as they are.
_GREY_ALPHA = "LA;16B"


def deep_mode(image: ImageFile) -> str | None:
    """Tell the raw mode of an opened, not yet loaded frame, if it is one to read at full depth."""
    modes = {_raw_mode(tile) for tile in image.tile}
    if len(modes) != 1 or (isinstance(image, Tiff) and image.separate_planes):
        return None
    mode = modes.pop()
    return mode if mode == _GREY_ALPHA or mode[:-1] in _BOTH else None


def deep_samples(upper: ImageFile, again: ImageFile, mode: str) -> npt.NDArray[np.uint16]:
    """Return the samples [h, w, channels] of a loaded picture; ``again`` is the same one opened anew and not loaded."""
    again.tile = [tile._replace(args=_with_raw_mode(tile, _swapped(mode))) for tile in again.tile]
    again.load()
    lower = np.asarray(again)
    if mode == _GREY_ALPHA:
        return _join(lower[:, :, ::2], lower[:, :, 1::2])
    return _join(np.asarray(upper), lower)


def _join(upper: Pixels, lower: Pixels) -> npt.NDArray[np.uint16]:
    samples = upper.astype(np.uint16)
    samples <<= 8
    samples |= lower
    return samples


def _swapped(mode: str) -> str:
    if mode == _GREY_ALPHA:
        return "RGBA"
    order = mode[-1]
    return mode[:-1] + _OTHER[_HERE if order == "N" else order]


def _raw_mode(tile: _Tile) -> str:
    args = tile.args
    if isinstance(args, tuple) and args:
        args = args[0]
    return args if isinstance(args, str) else ""


def _with_raw_mode(tile: _Tile, mode: str) -> tuple[object, ...] | str:
    return (mode, *tile.args[1:]) if isinstance(tile.args, tuple) else mode
