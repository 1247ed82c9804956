"""Pillow's TIFF reader with what it lacks."""

from __future__ import annotations

from PIL import Image
from PIL.ImageFile import ImageFile, _Tile
from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    PHOTOMETRIC_INTERPRETATION,
    PLANAR_CONFIGURATION,
    SAMPLEFORMAT,
    TiffImageFile,
)

_WHITE_IS_ZERO = 0
_BLACK_IS_ZERO = 1
_SEPARATE_PLANES = 2
_UNSIGNED = 1

#: libtiff gives samples in this machine's byte order; Pillow turns these big-endian ones round once more.
_NATIVE = {"F;32BF": "F;32NF", "I;16BS": "I;16NS", "I;32BS": "I;32NS"}


class Tiff(TiffImageFile):
    """A TIFF file of which every page of the kinds that Pillow knows is read right.

    Its own bomb check comes too late and obeys a number of the whole process, so it is left out; samples of more than
    8 bits where 0 is white are read as they are, and ``white_is_zero`` tells; separate planes of 16 bits, which Pillow
    reads as if they had 8, go through libtiff (which keeps their upper byte only); compressed big-endian floats and
    signed numbers are not turned round twice.
    """

    white_is_zero: bool = False
    unsigned: bool = False
    bits: int = 8
    separate_planes: bool = False

    def _setup(self) -> None:
        self.bits = max(self.tag_v2.get(BITSPERSAMPLE, (1,)))
        self.unsigned = self.tag_v2.get(SAMPLEFORMAT, (_UNSIGNED,))[0] == _UNSIGNED
        photometric = self.tag_v2.get(PHOTOMETRIC_INTERPRETATION, _WHITE_IS_ZERO)
        self.white_is_zero = photometric == _WHITE_IS_ZERO and self.bits > 8
        if self.white_is_zero:
            self.tag_v2[PHOTOMETRIC_INTERPRETATION] = _BLACK_IS_ZERO
        super()._setup()
        self.separate_planes = self.tag_v2.get(PLANAR_CONFIGURATION) == _SEPARATE_PLANES
        if self.separate_planes and self.bits == 16 and len(self.getbands()) > 1:
            self._through_libtiff(f"{self.mode};16N")
        elif self.use_load_libtiff:
            args = self.tile[0].args
            if isinstance(args, tuple) and args[0] in _NATIVE:
                self._through_libtiff(_NATIVE[args[0]])

    def _through_libtiff(self, raw_mode: str) -> None:
        """Have the page decoded by libtiff with this raw mode."""
        width, height = self._tile_size
        self.tile = [_Tile("libtiff", (0, 0, width, height), 0, (raw_mode, False, self.tag_v2.offset))]
        self.use_load_libtiff = True

    def load_prepare(self) -> None:
        """Make room for the pixels."""
        if self._im is None:
            self.im = Image.core.new(self.mode, self._tile_size)  # type: ignore[attr-defined]  # not in the stubs
        ImageFile.load_prepare(self)
