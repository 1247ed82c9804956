"""Bytes to frames: the one door to every decoder."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tutela.media.allowance import Allowance
from tutela.media.heif import heif_frames
from tutela.media.jpeg import jpeg_frames
from tutela.media.sniff import sniff
from tutela.media.stills import still_frames
from tutela.model import Frame, Limits, MediaType, Problem, ProblemKind


def frames(data: bytes, limits: Limits, report: Callable[[Problem], None], *, luma: bool = False) -> Iterator[Frame]:
    """Every distinct frame of a picture: the picture itself, the frames of an animation, the pages of a TIFF.

    ``luma=True`` says that only brightness is needed: a JPEG is then decoded to grey [h, w], and reduced to 1/2, 1/4 or
    1/8 so long as its shorter side stays at least 320 pixels.  Pictures without colour are grey [h, w] either way, all
    others uint8 RGB [h, w, 3].  Pixels may be read-only.

    Never raises for anything in ``data``: problems go to ``report``, and there may be no frame at all.
    """
    allowance = Allowance(limits, report)
    if len(data) > limits.max_bytes:
        text = f"{len(data)} bytes are more than the limit of {limits.max_bytes}"
        allowance.tell(ProblemKind.LIMIT, "file", text)
        return
    media_type = sniff(data)
    if media_type is None:
        allowance.tell(ProblemKind.UNSUPPORTED, "file", "not a picture of a type read here")
    elif media_type is MediaType.JPEG:
        yield from jpeg_frames(
            data, allowance, luma=luma, otherwise=lambda: still_frames(data, MediaType.JPEG, allowance)
        )
    elif media_type is MediaType.HEIC:
        yield from heif_frames(data, allowance)
    else:
        yield from still_frames(data, media_type, allowance)
