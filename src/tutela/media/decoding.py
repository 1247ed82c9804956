"""Bytes to frames: the one door to every decoder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import BinaryIO

from tutela.media.allowance import Allowance
from tutela.media.heif import heif_frames
from tutela.media.jpeg import SHORTER_SIDE, jpeg_frames
from tutela.media.sampling import DEFAULT_SAMPLING, Sampling
from tutela.media.sniff import sniff
from tutela.media.stills import still_frames
from tutela.media.video import video_frames
from tutela.model import Frame, Limits, MediaType, Problem, ProblemKind


def frames(
    data: bytes,
    limits: Limits,
    report: Callable[[Problem], None],
    *,
    luma: bool = False,
    sampling: Sampling | None = None,
    shorter_side: int = SHORTER_SIDE,
) -> Iterator[Frame]:
    """Every distinct frame of a picture: the picture itself, the frames of an animation, the pages of a TIFF; or the
    frames of a video that ``sampling`` names.

    ``luma=True`` says that only brightness is needed: a JPEG is then decoded to grey [h, w], and reduced to 1/2, 1/4 or
    1/8 so long as its shorter side stays at least ``shorter_side`` pixels.  Pictures without colour are grey [h, w]
    either way, all others uint8 RGB [h, w, 3].  Pixels may be read-only.

    Never raises for anything in ``data``: problems go to ``report``, and there may be no frame at all.
    """
    allowance = Allowance(limits, report)
    if len(data) > limits.max_bytes and not is_video(data):
        text = f"{len(data)} bytes are more than the limit of {limits.max_bytes}"
        allowance.tell(ProblemKind.LIMIT, "file", text)
        return
    media_type = sniff(data)
    if media_type is None:
        allowance.tell(ProblemKind.UNSUPPORTED, "file", "not a picture or video of a type read here")
    elif media_type.is_video:
        yield from video_frames(BytesIO(data), media_type, allowance, sampling or DEFAULT_SAMPLING, luma=luma)
    elif media_type is MediaType.JPEG:
        yield from jpeg_frames(
            data,
            allowance,
            luma=luma,
            otherwise=lambda: still_frames(data, MediaType.JPEG, allowance),
            shorter_side=shorter_side,
        )
    elif media_type is MediaType.HEIC:
        yield from heif_frames(data, allowance)
    else:
        yield from still_frames(data, media_type, allowance)


def is_video(head: bytes) -> bool:
    """Whether bytes, of which a few thousand are enough, begin a video of a type read here."""
    media_type = sniff(head)
    return media_type is not None and media_type.is_video


def stream_frames(
    stream: BinaryIO,
    head: bytes,
    limits: Limits,
    report: Callable[[Problem], None],
    *,
    luma: bool = False,
    sampling: Sampling | None = None,
) -> Iterator[Frame]:
    """As `frames`, for a video of any size that is read piece by piece; ``head`` are its first bytes."""
    media_type = sniff(head)
    allowance = Allowance(limits, report)
    if media_type is None or not media_type.is_video:
        allowance.tell(ProblemKind.UNSUPPORTED, "file", "not a video of a type read here")
        return
    yield from video_frames(stream, media_type, allowance, sampling or DEFAULT_SAMPLING, luma=luma)
