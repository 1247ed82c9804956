"""Looking at one content: digests of its bytes, frames, signals of the frames.

The same functions run within the caller's process, for bytes it trusts, and inside a sandboxed worker.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from tutela.engine.source import Source, unreadable
from tutela.media import frames, sniff, thumbnail
from tutela.model import Frame, FrameInfo, Limits, MediaType, Problem, ProblemKind, Signal, Unhashable
from tutela.signals import PDQ, frame_signals, kinds
from tutela.signals import Source as KindSource

_BYTE_KINDS = frozenset(kind.name for kind in kinds() if kind.source is KindSource.BYTES)
_FRAME_KINDS = frozenset(kind.name for kind in kinds() if kind.source is KindSource.FRAME)

#: Every kind that can be computed here.
COMPUTED = _BYTE_KINDS | _FRAME_KINDS


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be learned of a content.

    ``kinds`` names the signals; ``orientations`` asks for all eight ways to lay each frame; ``thumbnail`` for a small
    picture of the first frame, which costs a decode in colour.
    """

    kinds: frozenset[str] = COMPUTED
    orientations: bool = False
    thumbnail: bool = False

    @property
    def digests(self) -> bool:
        """Whether any digest of the bytes is wanted."""
        return not self.kinds.isdisjoint(_BYTE_KINDS)

    @property
    def pixels(self) -> bool:
        """Whether anything is wanted that only pixels can tell."""
        return self.thumbnail or not self.kinds.isdisjoint(_FRAME_KINDS)


@dataclass(frozen=True, slots=True)
class Examined:
    """What was learned of a content without asking any list.  ``size`` is in bytes, ``None`` if that is not known."""

    size: int | None = None
    media_type: MediaType | None = None
    frames: tuple[FrameInfo, ...] = ()
    signals: tuple[Signal, ...] = ()
    unhashable: tuple[Unhashable, ...] = ()
    problems: tuple[Problem, ...] = ()
    thumbnail: bytes | None = None

    def joined(self, later: Examined) -> Examined:
        """Return this together with what a later look at the same content found."""
        return Examined(
            size=self.size if later.size is None else later.size,
            media_type=self.media_type or later.media_type,
            frames=self.frames + later.frames,
            signals=self.signals + later.signals,
            unhashable=self.unhashable + later.unhashable,
            problems=self.problems + later.problems,
            thumbnail=self.thumbnail or later.thumbnail,
        )


def examine(content: bytes, limits: Limits, wanted: Wanted | None = None) -> Examined:
    """Return everything wanted of the bytes of a file.  Nothing in them raises: damage is in ``problems``."""
    with Source(content) as source:
        return examine_source(source, limits, wanted or Wanted())


def examine_source(source: Source, limits: Limits, wanted: Wanted) -> Examined:
    """Return everything wanted of a source; never raises for what is in it."""
    found = examine_bytes(source, wanted)
    if not wanted.pixels or _failed(found):
        return found
    return found.joined(examine_pixels(source, limits, wanted))


def examine_bytes(source: Source, wanted: Wanted) -> Examined:
    """Return the size, the type and the wanted digests of a source; memory stays flat whatever its size."""
    try:
        if not wanted.digests:
            return Examined(source.size, sniff(source.head()))
        signals, head = source.digests()
    except OSError as error:
        return Examined(problems=(unreadable(error),))
    kept = tuple(signal for signal in signals if signal.kind in wanted.kinds)
    return Examined(source.size, sniff(head), signals=kept)


def examine_pixels(source: Source, limits: Limits, wanted: Wanted) -> Examined:
    """Return what the frames of a source tell: signals, particulars, a thumbnail.  Size and type are left out."""
    if source.size > limits.max_bytes:
        text = f"{source.size} bytes are more than the limit of {limits.max_bytes}; it was not decoded"
        return lost(Problem(ProblemKind.LIMIT, "file", text), wanted)
    try:
        return _Look(source.whole(), limits, wanted).result()
    except OSError as error:
        return lost(unreadable(error), wanted)
    except MemoryError:
        return lost(out_of_memory(), wanted)


def out_of_memory() -> Problem:
    """Return the problem of a file that wanted more memory than a worker may have."""
    return Problem(ProblemKind.MEMORY, "file", "decoding wanted more memory than it may have")


def lost(problem: Problem, wanted: Wanted) -> Examined:
    """Return what is known of the pixels of a content whose decoding was lost to ``problem``."""
    return Examined(unhashable=_no_frame(problem.message, wanted), problems=(problem,))


def _failed(found: Examined) -> bool:
    return any(problem.kind is ProblemKind.UNREADABLE for problem in found.problems)


def _no_frame(reason: str, wanted: Wanted) -> tuple[Unhashable, ...]:
    return tuple(Unhashable(kind, reason) for kind in sorted(wanted.kinds & _FRAME_KINDS))


class _Look:
    """One pass over the frames of a file."""

    def __init__(self, data: bytes, limits: Limits, wanted: Wanted) -> None:
        self._data = data
        self._limits = limits
        self._wanted = wanted
        self._until = time.monotonic() + limits.max_seconds
        self._infos: list[FrameInfo] = []
        self._signals: list[Signal] = []
        self._unhashable: list[Unhashable] = []
        self._problems: list[Problem] = []
        self._thumbnail: bytes | None = None

    def result(self) -> Examined:
        """Go through the frames; what earlier ones told is kept if memory runs out at a later one."""
        try:
            for frame in frames(self._data, self._limits, self._problems.append, luma=True):
                self._take(frame)
            if self._wanted.thumbnail and self._infos and self._thumbnail is None:
                self._colour()
        except MemoryError:
            self._problems.append(out_of_memory())
        if not self._infos:
            reason = self._problems[0].message if self._problems else "there is no picture in it"
            self._unhashable.extend(_no_frame(reason, self._wanted))
        return Examined(
            frames=tuple(self._infos),
            signals=tuple(self._signals),
            unhashable=tuple(self._unhashable),
            problems=tuple(self._problems),
            thumbnail=self._thumbnail,
        )

    def _take(self, frame: Frame) -> None:
        if PDQ.name in self._wanted.kinds:
            for signal in frame_signals(frame, orientations=self._wanted.orientations):
                if isinstance(signal, Signal):
                    self._signals.append(signal)
                else:
                    self._unhashable.append(signal)
        if self._wanted.thumbnail and not self._infos and frame.pixels.ndim == 3:
            self._thumbnail = thumbnail(frame)
        self._infos.append(FrameInfo(frame.number, frame.width, frame.height, frame.time))

    def _colour(self) -> None:
        """Decode the first frame once more, with its colours: a JPEG was decoded to grey for its signals."""
        left = max(0.0, self._until - time.monotonic())
        limits = replace(self._limits, max_frames=1, max_seconds=left)
        first = next(iter(frames(self._data, limits, _deaf)), None)
        self._thumbnail = None if first is None else thumbnail(first)


def _deaf(problem: Problem) -> None:
    """Pass over a problem: the first look at the same file has reported it."""
    del problem
