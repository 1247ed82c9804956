"""Frames of a video: opened by its one demuxer, read piece by piece, decoded in one thread.

The container's type was found from its bytes and names the demuxer; codecs are those of `CODECS` and no others, so that
a file cannot choose among FFmpeg's hundreds.  Nothing in it can open another file: data references stay off, and only
the given stream is read.  Declared durations and frame counts are never believed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import BinaryIO, TypeAlias, cast

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from tutela.media.allowance import Allowance
from tutela.media.attempt import Failure, attempt, failure_kind
from tutela.media.moments import Moments
from tutela.media.sampling import Sampling
from tutela.media.video_groups import groups, is_still
from tutela.media.video_pixels import orientation_of, picture_box, pixels_of
from tutela.model import Frame, MediaType, Pixels, ProblemKind

_DEMUXERS = {
    MediaType.MP4: "mov",
    MediaType.QUICKTIME: "mov",
    MediaType.MATROSKA: "matroska",
    MediaType.WEBM: "matroska",
    MediaType.AVI: "avi",
    MediaType.MPEG: "mpeg",
    MediaType.MPEG_TS: "mpegts",
    MediaType.FLV: "flv",
    MediaType.OGG: "ogg",
    MediaType.ASF: "asf",
}

Packet: TypeAlias = "av.Packet[VideoStream]"

#: Names of the decoders that may be used, as FFmpeg calls the codecs.
_CODEC_NAMES = (
    "h264 hevc vp8 vp9 av1 mpeg4 mpeg1video mpeg2video h263 h263i h263p flv1 msmpeg4v1 msmpeg4v2 msmpeg4v3 wmv1 wmv2 "
    "wmv3 vc1 mjpeg mjpegb prores dnxhd dvvideo theora vp3 vp5 vp6 vp6f vp6a svq1 svq3 cinepak indeo3 indeo5 huffyuv "
    "ffvhuff ffv1 utvideo rawvideo qtrle rpza msvideo1 msrle png cavs rv30 rv40"
)
CODECS = frozenset(_CODEC_NAMES.split())

#: Codecs whose every frame stands alone: those between two moments need not be decoded.
_ALONE = frozenset(
    "mjpeg mjpegb prores dnxhd dvvideo huffyuv ffvhuff utvideo rawvideo png".split()  # noqa: SIM905 - as names are told
)

#: Streams of pictures that are looked at in one container; further ones are told of.
MOST_STREAMS = 4

#: Damaged places after which reading goes on.
_MOST_FAULTS = 1000

#: Bytes and microseconds of the stream that are looked at to learn what is in it.
_PROBED = {"probesize": str(5 << 20), "analyzeduration": "5000000"}


def video_frames(
    stream: BinaryIO, media_type: MediaType, allowance: Allowance, sampling: Sampling, *, luma: bool
) -> Iterator[Frame]:
    """Yield frames of a video in the order of their times, as ``sampling`` says.

    ``stream`` is read and seeked in.  With ``luma``, pixels are brightness [h, w].  A frame without its black bars has
    the number of the whole one, which comes before it, as its own and as ``parent``, and lies there at ``cell``.
    Never raises for anything in the stream: problems go to the allowance.
    """
    container = attempt(
        allowance,
        "file",
        lambda: av.open(stream, "r", format=_DEMUXERS[media_type], options=_PROBED, buffer_size=1 << 16),
    )
    if isinstance(container, Failure):
        allowance.tell(container.kind, "file", container.sentence(media_type))
        return
    with container:
        found = [one for one in container.streams.video if not _is_cover(one)]
        if not found:
            allowance.tell(ProblemKind.UNSUPPORTED, "file", "there is no moving picture in it")
        if len(found) > MOST_STREAMS:
            text = f"it has {len(found)} moving pictures; the first {MOST_STREAMS} were looked at"
            allowance.tell(ProblemKind.LIMIT, "file", text)
        number = taken = 0
        for at, one in enumerate(found[:MOST_STREAMS]):
            if at and isinstance(attempt(allowance, "file", lambda: container.seek(0, any_frame=True)), Failure):
                return
            reading = _Reading(container, one, media_type, allowance, sampling, luma=luma, first=number, taken=taken)
            yield from reading.frames()
            number, taken = reading.next, reading.taken
            if reading.over:
                return


def warm_up_videos() -> None:
    """Load what decoding a video may want later, when files can no longer be opened."""
    av.logging.set_level(None)
    for name in ("h264", "hevc", "vp9", "av1"):
        av.Codec(name, "r")
    av.VideoFrame(16, 16, "yuv420p").to_ndarray(format="rgb24")  # the colour converter makes its tables


def _codec_name(stream: VideoStream) -> str:
    """Return what FFmpeg calls the codec; nothing where it has no decoder for it."""
    context = cast("av.VideoCodecContext | None", stream.codec_context)
    return "" if context is None else context.codec.canonical_name


def _is_cover(stream: VideoStream) -> bool:
    """Whether it is the picture on a record's sleeve."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


class _Reading:
    """One stream of pictures on its way through its decoder."""

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        media_type: MediaType,
        allowance: Allowance,
        sampling: Sampling,
        *,
        luma: bool,
        first: int,
        taken: int,
    ) -> None:
        self._container = container
        self._stream = stream
        self._type = media_type
        self._allowance = allowance
        self._sampling = sampling
        self._luma = luma
        self._codec = stream.codec_context
        self._name = _codec_name(stream)
        self._rate = float(stream.average_rate or stream.guessed_rate or 25)
        self._moments = Moments(sampling)
        self._deadline = time.monotonic() + allowance.limits.max_video_seconds
        self._first = first
        self._faults = 0
        self._last_time = -1.0
        self._end_time = -1.0
        self._last: tuple[Pixels, int] | None = None
        self._decoded = 0
        self.next = first
        self.taken = taken
        self.over = False

    def frames(self) -> Iterator[Frame]:
        """Yield the chosen frames."""
        if not self._prepare():
            return
        most = self._allowance.limits.max_video_frames
        for decoded in self._decoded_frames():
            for frame in self._chosen(decoded):
                if self.taken > most:
                    self._stop(ProblemKind.LIMIT, f"more frames than the limit of {most}; the rest was left out")
                    return
                yield frame
            if self.over:
                return
        yield from self._end()
        if not self._decoded and not self._faults and not self.over:
            self._allowance.tell(ProblemKind.TRUNCATED, "file", "no frame is in it, though it says that there is one")

    def _end(self) -> Iterator[Frame]:
        """Yield the last frame of a scene that lasts to the end, so that it is known how long that is."""
        if self._sampling.mode != "scenes" or self._last is None or self.over:
            return
        moment = max(self._last_time, min(self._end_time, 1e8))
        if moment >= self._moments.taken + 1.0 and self.taken < self._allowance.limits.max_video_frames:
            pixels, orientation = self._last
            yield from self._with_parts(pixels, self._number(self._decoded, moment), moment, orientation)

    def _prepare(self) -> bool:
        codec, limits = self._codec, self._allowance.limits
        if self._name not in CODECS:
            text = f"video coded as {self._name or 'something unknown'} is not read here"
            self._allowance.tell(ProblemKind.UNSUPPORTED, "file", text)
            return False
        if codec.width * codec.height > limits.max_pixels:
            self._allowance.picture(codec.width, codec.height, "file")
            return False
        codec.thread_type = "NONE"
        codec.thread_count = 1
        codec.options = {"max_pixels": str(max(1, limits.max_pixels))}
        if self._sampling.mode == "keys":
            codec.skip_frame = "NONKEY"
        elif self._sampling.mode == "scenes":
            # Frames that no other is made from: a third to a half of most streams.
            codec.skip_frame = "NONREF"
        return True

    # ------------------------------------------------------------------------------------------ packets, frames

    def _packets(self) -> Iterator[Packet]:
        """Yield packets, across damage, while there is time."""
        packets = self._container.demux(self._stream)
        while not self.over:
            if time.monotonic() > self._deadline:
                seconds = self._allowance.limits.max_video_seconds
                self._stop(ProblemKind.TIMEOUT, f"decoding took more than {seconds:g} s; the rest was left out")
                return
            try:
                packet = next(packets, None)
            except (av.FFmpegError, ValueError, MemoryError, OSError) as error:
                self._fault(error)
                packets = self._container.demux(self._stream)
                continue
            if packet is None or (packet.dts is None and packet.size == 0):
                return
            self._end_time = max(self._end_time, self._seconds(packet))
            yield packet

    def _decoded_frames(self) -> Iterator[av.VideoFrame]:
        mode = self._sampling.mode
        alone = self._name in _ALONE
        if mode == "scenes" and not alone:
            yield from self._by_groups()
            return
        for packet in self._packets():
            if mode == "keys" and not packet.is_keyframe:
                continue
            if alone and mode != "all" and not self._moments.is_due(self._seconds(packet)):
                continue
            yield from self._decode(packet)
        yield from self._decode(None)

    def _by_groups(self) -> Iterator[av.VideoFrame]:
        """Decode of groups of packets in which nothing changes the key frame only."""
        pixels = self._codec.width * self._codec.height
        for group in groups(self._packets()):
            if is_still(group, pixels):
                yield from self._decode(group[0])
                yield from self._decode(None)
                self._codec.flush_buffers()
            else:
                for packet in group:
                    yield from self._decode(packet)
                    if self.over:
                        return
        yield from self._decode(None)

    def _decode(self, packet: Packet | None) -> Iterable[av.VideoFrame]:
        try:
            return self._codec.decode(packet)
        except EOFError:
            return ()
        except (av.FFmpegError, ValueError, MemoryError) as error:
            self._fault(error)
            return ()

    def _fault(self, error: Exception) -> None:
        """Tell what a demuxer or decoder gave up at; after too many, or without memory, stop."""
        self._faults += 1
        if isinstance(error, MemoryError) or getattr(error, "errno", None) == 12:
            self._stop(ProblemKind.MEMORY, "decoding wanted more memory than there was")
            return
        words = str(getattr(error, "strerror", None) or type(error).__name__)
        failure = Failure(failure_kind(words), words)
        self._allowance.tell(failure.kind, "file", failure.sentence(self._type))
        if self._faults >= _MOST_FAULTS:
            self._stop(ProblemKind.DAMAGED, f"it has more than {_MOST_FAULTS} damaged places; the rest was left out")

    def _stop(self, kind: ProblemKind, text: str) -> None:
        self.over = True
        self._allowance.tell(kind, "file", text)

    # ------------------------------------------------------------------------------------------------ choosing

    def _seconds(self, packet: Packet) -> float:
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is None or packet.time_base is None:
            return self._last_time + 1 / self._rate
        return float((stamp - (self._stream.start_time or 0)) * packet.time_base)

    def _moment(self, frame: av.VideoFrame) -> float:
        """Return a frame's time in seconds since the first; never less than the last one's, whatever the stamps say."""
        base = frame.time_base or self._stream.time_base  # those that come at the end of a stream bring none
        if frame.pts is None or base is None:
            at = max(self._last_time, 0.0) + (1 / self._rate if self._last_time >= 0 else 0.0)
        else:
            at = float((frame.pts - (self._stream.start_time or 0)) * base)
        if not self._last_time <= at < 1e8:
            at = max(self._last_time, 0.0)
        self._last_time = at
        return at

    def _chosen(self, decoded: av.VideoFrame) -> Iterator[Frame]:
        index, moment = self._decoded, self._moment(decoded)
        self._decoded += 1
        if not self._moments.may_take(moment):
            return
        if not self._allowed(decoded):
            return
        try:
            pixels = pixels_of(decoded, luma=self._luma)
            orientation = orientation_of(decoded)
        except (av.FFmpegError, ValueError, MemoryError) as error:
            self._fault(error)
            return
        self._last = pixels, orientation
        if not self._moments.take(moment, pixels):
            return
        number = self._number(index, moment)
        yield from self._with_parts(pixels, number, moment, orientation)

    def _allowed(self, decoded: av.VideoFrame) -> bool:
        limit = self._allowance.limits.max_pixels
        if decoded.width * decoded.height <= limit:
            return True
        text = f"{decoded.width} x {decoded.height} pixels are more than the limit of {limit}"
        self._stop(ProblemKind.LIMIT, text)
        return False

    def _number(self, index: int, moment: float) -> int:
        """Count frames where all are decoded, else tell the number from the time."""
        counted = self._sampling.mode in {"all", "rate"} and self._name not in _ALONE
        number = self._first + (index if counted else round(moment * self._rate))
        number = max(number, self.next)
        self.next = number + 1
        self.taken += 1
        return number

    def _with_parts(self, pixels: Pixels, number: int, moment: float, orientation: int) -> Iterator[Frame]:
        height, width = pixels.shape[:2]
        shown = (width, height) if orientation < 5 else (height, width)
        whole = Frame(number, pixels, *shown, orientation, moment)
        yield whole
        box = picture_box(pixels) if self._sampling.letterbox else None
        if box is not None:
            inner = np.ascontiguousarray(pixels[box.y : box.y + box.height, box.x : box.x + box.width])
            shown = (box.width, box.height) if orientation < 5 else (box.height, box.width)
            yield replace(whole, pixels=inner, width=shown[0], height=shown[1], parent=number, cell=box)
