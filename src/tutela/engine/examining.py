"""Looking at one content: digests of its bytes, frames, signals of the frames.

The same functions run within the caller's process, for bytes it trusts, and inside a sandboxed worker.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tutela.engine.sheets import SHORTER_SIDE, Sheet, Sheets, cell_signals
from tutela.engine.source import Source, unreadable
from tutela.media import DEFAULT_SAMPLING, REDUCED_SIDE, Sampling, frames, is_video, sniff, stream_frames, thumbnail
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
    picture of the first frame, which costs a decode in colour; ``sampling`` says which frames of a video to take.
    """

    kinds: frozenset[str] = COMPUTED
    orientations: bool = False
    thumbnail: bool = False
    sampling: Sampling = DEFAULT_SAMPLING
    cells: bool = True

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
    try:
        head = source.head()
    except OSError as error:
        return lost(unreadable(error), wanted)
    if is_video(head):
        return _Look(source, head, limits, wanted).result()
    if source.size > limits.max_bytes:
        text = f"{source.size} bytes are more than the limit of {limits.max_bytes}; it was not decoded"
        return lost(Problem(ProblemKind.LIMIT, "file", text), wanted)
    try:
        return _Look(source, source.whole(), limits, wanted).result()
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
    """One pass over the frames of a file: ``data`` are its bytes, of a video the first ones."""

    def __init__(self, source: Source, data: bytes, limits: Limits, wanted: Wanted) -> None:
        self._source = source
        self._data = data
        self._video = is_video(data)
        self._limits = limits
        self._wanted = wanted
        self._until = time.monotonic() + (limits.max_video_seconds if self._video else limits.max_seconds)
        self._infos: list[FrameInfo] = []
        self._signals: list[Signal] = []
        self._unhashable: list[Unhashable] = []
        self._problems: list[Problem] = []
        self._thumbnail: bytes | None = None
        self._sheets = Sheets(self._problems.append, limits.max_pixels)

    def result(self) -> Examined:
        """Go through the frames; what earlier ones told is kept if memory runs out at a later one."""
        try:
            for frame in self._frames(self._limits, self._problems.append, luma=True):
                self._take(frame)
            for cell in self._sheets.cells(max((info.number for info in self._infos), default=-1) + 1):
                if self._late(cell.parent):
                    break
                self._cell(cell)
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

    def _frames(self, limits: Limits, report: Callable[[Problem], None], *, luma: bool) -> Iterator[Frame]:
        if not self._video:
            least = SHORTER_SIDE if self._wanted.cells else REDUCED_SIDE
            return frames(self._data, limits, report, luma=luma, shorter_side=least)
        stream, sampling = self._source.stream(), self._wanted.sampling
        return stream_frames(stream, self._data, limits, report, luma=luma, sampling=sampling)

    def _take(self, frame: Frame) -> None:
        # A video's frames are too many to look for cells in each, and hardly ever sheets.
        sheet = self._sheet(frame) if self._wanted.cells and not self._video else None
        if PDQ.name in self._wanted.kinds:
            found = frame_signals(frame, orientations=self._wanted.orientations)
            self._keep(found, None if sheet is None else sheet.unfit)
        if self._wanted.thumbnail and not self._infos and frame.pixels.ndim == 3:
            self._thumbnail = thumbnail(frame)
        if frame.parent is None:  # else the same frame of a video once more, without its black bars
            layout, sure = (None, None) if sheet is None else (sheet.layout, sheet.confidence)
            info = FrameInfo(frame.number, frame.width, frame.height, frame.time, layout, confidence=sure)
            self._infos.append(info)

    def _sheet(self, frame: Frame) -> Sheet | None:
        """Look for cells; whatever that costs, the frame itself is still to be hashed."""
        if self._late(frame.number):
            return None
        try:
            return self._sheets.look(frame)
        except MemoryError:
            text = "looking for cells wanted more memory than it may have; the picture was taken as a whole"
            self._problems.append(Problem(ProblemKind.MEMORY, f"frame {frame.number}", text))
            return None

    def _late(self, number: int | None) -> bool:
        """Whether no time is left for cells; told once.  Were it not asked, the worker and all it found were lost."""
        if time.monotonic() <= self._until:
            return False
        text = f"it took more than {self._limits.max_seconds:g} s; cells of contact sheets were left out"
        problem = Problem(ProblemKind.TIMEOUT, f"frame {number}", text)
        if all(told.message != text for told in self._problems):
            self._problems.append(problem)
        return True

    def _cell(self, cell: Frame) -> None:
        if PDQ.name in self._wanted.kinds:
            self._keep(cell_signals(cell, orientations=self._wanted.orientations), None)
        place = (None, cell.parent, cell.cell, cell.confidence)
        self._infos.append(FrameInfo(cell.number, cell.width, cell.height, cell.time, *place))

    def _keep(self, found: list[Signal | Unhashable], unfit: str | None) -> None:
        for signal in found:
            if isinstance(signal, Unhashable):
                self._unhashable.append(signal)
            else:
                self._signals.append(signal if unfit is None else replace(signal, unfit=signal.unfit or unfit))

    def _colour(self) -> None:
        """Decode the first frame once more, with its colours: a JPEG was decoded to grey for its signals."""
        left = max(0.0, self._until - time.monotonic())
        limits = replace(self._limits, max_frames=1, max_seconds=left, max_video_frames=1, max_video_seconds=left)
        first = next(iter(self._frames(limits, _deaf, luma=False)), None)
        self._thumbnail = None if first is None else thumbnail(first)


def _deaf(problem: Problem) -> None:
    """Pass over a problem: the first look at the same file has reported it."""
    del problem
