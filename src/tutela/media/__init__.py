"""Bytes to frames, inside limits.

The type of a file is found from its bytes and never from its name (`sniff`).  `frames` gives every distinct frame as
8-bit grey or RGB pixels, by these rules, in every format alike:

Colour profiles (ICC) are ignored.
    The PDQ reference hashers ignore them, and a list's hashes were made that way.  CMYK is turned to RGB by
    R = (255 - C)(255 - K) / 255, likewise G and B; YCCK and the inverted CMYK that Adobe writes in JPEG are undone
    first; YCbCr by BT.601; only LAB, which means nothing without one, goes through a colour engine (D50 to sRGB).
Deep samples are scaled.
    16 bits to 8 by v * 255 / 65535, rounded, neither cut nor clipped; 12 bits likewise by 4095.  Float and 32-bit
    samples, whose range no header tells: within 0 to 1 (floats) times 255, within 0 to 255 as they are, within 0 to
    65535 as 16-bit ones, else stretched from the least to the greatest.
Transparency lies over white.
    Straight alpha, in 8 bits: c * a / 255 + 255 - a, rounded.  Palette and colour-key transparency (GIF, PNG tRNS) is
    the same with alpha 0, or as the file says; premultiplied alpha is undone first.
Orientation is recorded, not applied.
    Pixels stay as stored and `Frame.exif_orientation` says how to turn them; where the decoder has turned them already
    (TIFF, HEIC) it is 1.  `Frame.upright` equals what Pillow's ``ImageOps.exif_transpose`` gives.
Damage gives what can be decoded, and a `Problem`.
    Nothing in the bytes raises or warns.  A frame of which nothing was decoded is left out.
Limits come first.
    Bytes before anything, pixels from the header before any of them are decoded (all frames together may have four
    times as many), distinct frames and time between frames.  Memory and time within one frame are the worker pool's
    to hold.
"""

from tutela.media.decoding import frames, is_video, stream_frames
from tutela.media.jpeg import SHORTER_SIDE as REDUCED_SIDE
from tutela.media.sampling import DEFAULT_SAMPLING, Sampling
from tutela.media.sniff import sniff
from tutela.media.thumbnail import thumbnail
from tutela.media.video import warm_up_videos

__all__ = [
    "DEFAULT_SAMPLING",
    "REDUCED_SIDE",
    "Sampling",
    "frames",
    "is_video",
    "sniff",
    "stream_frames",
    "thumbnail",
    "warm_up_videos",
]
