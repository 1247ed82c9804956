"""`Hit`, `Verdict` and `Finding`: what was learned of one content."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tutela.model.content import MediaType
from tutela.model.entry import Grade, Purpose
from tutela.model.frame import Box
from tutela.model.problem import Problem
from tutela.model.signal import Orientation, Signal, Unhashable


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry met by a signal.

    ``distance`` is in the kind's own measure (bits for ``pdq``, 0 for a digest).  ``frame`` is the frame it was met in,
    ``None`` when the bytes themselves met it.  ``joint``: it lies beyond the list's threshold, and counts only together
    with the other cells of its sheet that follow the same known video (see `Span`).  ``number`` is the entry's own in
    the state of the list that was asked; it is not part of the JSON form.
    """

    list_name: str
    list_version: int
    purpose: Purpose
    entry_key: str
    kind: str
    distance: int
    orientation: Orientation
    frame: int | None
    grades: tuple[Grade, ...] = ()
    labels: tuple[str, ...] = ()
    source: str = ""
    added: datetime | None = None
    joint: bool = False
    number: int | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch that a video, or a sheet of its frames, shares with a known one.

    ``start`` and ``end`` are seconds of the content, ``None`` for a sheet, which has no clock; ``known_start`` and
    ``known_end`` seconds of the known video.  ``frames`` counts those that met; ``mean_distance`` is in bits of PDQ.
    """

    list_name: str
    entry_key: str
    purpose: Purpose
    start: float | None
    end: float | None
    known_start: float
    known_end: float
    frames: int
    mean_distance: float


@dataclass(frozen=True, slots=True)
class Known:
    """The very bytes are on a known list: a digest of the file equals an entry's.

    An equal perceptual hash is `Near` at distance 0, since different files can share one.
    """

    hit: Hit
    reasons: tuple[str, ...]
    rule = "known.exact"


@dataclass(frozen=True, slots=True)
class Near:
    """A frame lies within a known list's threshold of an entry, or the cells of a sheet follow a known video."""

    hit: Hit
    reasons: tuple[str, ...]
    rule = "known.near"


@dataclass(frozen=True, slots=True)
class ListedBenign:
    """A benign entry lies at an equal or smaller distance than every known one."""

    hit: Hit
    reasons: tuple[str, ...]
    rule = "benign.nearer"


@dataclass(frozen=True, slots=True)
class NothingFound:
    """Everything that could be looked at was, and no list has it."""

    reasons: tuple[str, ...] = ()
    rule = "nothing"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """No digest met a list and no pixels could be had: nothing can be said of what the content shows."""

    reasons: tuple[str, ...]
    rule = "unreadable"


Verdict = Known | Near | ListedBenign | NothingFound | Unreadable

#: The verdict's name in JSON, gravest first.
VERDICT_NAMES: dict[type, str] = {
    Known: "known",
    Near: "near",
    Unreadable: "unreadable",
    ListedBenign: "listed-as-benign",
    NothingFound: "nothing-found",
}


@dataclass(frozen=True, slots=True)
class FrameInfo:
    """What a finding keeps of a frame: everything but its pixels.

    ``layout`` says what kind of sheet it is (``"grid"``, ``"mosaic"``, ``"embedded"``), ``None`` for a single picture;
    ``parent`` and ``cell`` say of a sheet's cell which frame it was cut from, and where it lies there.
    ``confidence`` (0 to 1) is that of the picture being a sheet, of a cell that of its edges.
    """

    number: int
    width: int
    height: int
    time: float | None = None
    layout: str | None = None
    parent: int | None = None
    cell: Box | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Everything learned of one content; one shape for library, CLI, report and every tool.

    ``signals`` holds what was computed and ``unhashable`` what could not be; ``thumbnail`` is a small WebP picture
    (bytes) only where a report asked for one, and is not part of the JSON form.
    ``spans`` are the stretches that a video, or a sheet of its frames, shares with known ones.
    """

    name: str
    size: int | None
    media_type: MediaType | None
    frames: tuple[FrameInfo, ...]
    signals: tuple[Signal, ...]
    unhashable: tuple[Unhashable, ...]
    hits: tuple[Hit, ...]
    verdict: Verdict
    problems: tuple[Problem, ...]
    thumbnail: bytes | None = None
    spans: tuple[Span, ...] = ()
