"""Matching: signals to hits, hits to a verdict.

`match_many` asks every list once for many contents: one search for all their values of a kind.  `decide` is the rule
table:

1. An **exact** hit (a digest of the bytes) is about the whole content and counts as nearer than every near hit.
2. A **known** hit stands unless a benign one covers it: an exact benign hit covers all, a near one covers known hits of
   the same frame and kind at an equal or greater distance.  Distances of different kinds cannot be compared, so
   neither covers the other.
3. The verdict is the gravest of what stands: an exact known hit makes `Known`, a near one `Near`.
4. Where none stands: `ListedBenign` if there is a benign hit, else `Unreadable` if no pixels could be had, else
   `NothingFound`.
5. A list that could not be asked is named in the reasons of every verdict.
6. A **joint** hit (of a cell beyond the threshold, that follows a known video together with others of its sheet) is
   covered like any other, and stands only where three hits of its entry do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from tutela.engine.cell_order import LEAST_CELLS
from tutela.engine.moments import moment_reasons
from tutela.engine.snapshot import HeldList, ListSnapshot, ListView, UnaskedList, threshold
from tutela.model import (
    Entry,
    Hit,
    Known,
    ListedBenign,
    Near,
    NothingFound,
    Orientation,
    Problem,
    ProblemKind,
    Purpose,
    Signal,
    Span,
    Unreadable,
    Verdict,
)
from tutela.model.errors import IndexDamaged
from tutela.signals import Measure, SignalKind, kind_title, kinds

Numbers = npt.NDArray[np.int64]
Match = tuple[list[Hit], list[Problem]]

#: Hits of one content in one list that a finding keeps, unless the caller says otherwise.
MOST_HITS = 100

_ORIENTATIONS = tuple(Orientation)
_TURNS = {orientation: number for number, orientation in enumerate(_ORIENTATIONS)}
_NO_FRAME = -1


def match_signals(
    signals: Sequence[Signal],
    lists: Sequence[ListSnapshot | HeldList | UnaskedList],
    *,
    most_hits: int = MOST_HITS,
    threads: int = 1,
) -> Match:
    """Return the hits of one content's signals, best first, and the problems of asking; see `match_many`."""
    return match_many([signals], lists, most_hits=most_hits, threads=threads)[0]


def match_many(
    contents: Sequence[Sequence[Signal]],
    lists: Sequence[ListSnapshot | HeldList | UnaskedList],
    *,
    most_hits: int = MOST_HITS,
    threads: int = 1,
) -> list[Match]:
    """Return, for each content's signals, its hits (best first) and the problems of asking.

    A signal meets an entry within the list's threshold of its kind; one of known quality below the threshold's is not
    asked.  An entry that several orientations or digests of one frame meet is one hit, the nearest.  Of each list at
    most ``most_hits`` hits are kept, the nearest, but always the nearest of every frame, so that leaving out changes
    no verdict; a `Problem` says how many there were.
    """
    found: list[Match] = [([], []) for _ in contents]
    for asked in lists:
        for own, (hits, problems) in zip(found, _match_list(contents, asked, most_hits, threads), strict=True):
            own[0].extend(hits)
            own[1].extend(problems)
    for hits, _ in found:
        hits.sort(key=rank)
    return found


def _match_list(
    contents: Sequence[Sequence[Signal]], asked: ListSnapshot | HeldList | UnaskedList, most_hits: int, threads: int
) -> list[Match]:
    if isinstance(asked, UnaskedList):
        return [([], [asked.problem]) for _ in contents]
    try:
        view = asked.view()
        matches = _match_view(contents, view, most_hits, threads)
    except IndexDamaged as error:
        failed = UnaskedList(asked.name, f"its index is damaged ({error.fields['reason']})")
        return [([], [failed.problem]) for _ in contents]
    if asked.problem is not None:
        for _, problems in matches:
            problems.append(asked.problem)
    return matches


# ---------------------------------------------------------------------------------------------------------- hits
@dataclass(frozen=True, slots=True)
class _Meetings:
    """Meetings of values with entries, one a row."""

    content: Numbers
    place: Numbers  # of the kind; all digests share one, since they all say the same of the bytes
    frame: Numbers
    entry: npt.NDArray[np.uint64]
    distance: Numbers
    kind: Numbers
    orientation: Numbers

    def __len__(self) -> int:
        return len(self.content)

    def rows(self, chosen: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> _Meetings:
        return _Meetings(*(getattr(self, name)[chosen] for name in self.__slots__))


def _match_view(contents: Sequence[Sequence[Signal]], view: ListView, most_hits: int, threads: int) -> list[Match]:
    matches: list[Match] = [([], []) for _ in contents]
    parts = [part for kind in _kind_order() if (part := _meet(contents, view, kind, threads)) is not None]
    if not parts:
        return matches
    meetings = _Meetings(*(np.concatenate([getattr(p, name) for p in parts]) for name in _Meetings.__slots__))
    nearest = _nearest(meetings)
    kept = _capped(nearest, most_hits)
    totals = np.bincount(nearest.content, minlength=len(contents))
    kept_counts = np.bincount(kept.content, minlength=len(contents))
    for number, hit in _hits(kept, view):
        matches[number][0].append(hit)
    for content in np.flatnonzero(totals > kept_counts):
        told = f"List {view.info.name!r} has {totals[content]} hits; {kept_counts[content]} are kept, the nearest."
        matches[content][1].append(Problem(ProblemKind.LIMIT, f"list {view.info.name}", told))
    return matches


def _meet(contents: Sequence[Sequence[Signal]], view: ListView, kind: SignalKind, threads: int) -> _Meetings | None:
    limit = threshold(view.info, kind)
    asked = [
        (number, signal)
        for number, signals in enumerate(contents)
        for signal in signals
        if signal.kind == kind.name and (signal.quality is None or signal.quality >= limit.quality) and not signal.unfit
    ]
    if not asked:
        return None
    values = np.frombuffer(b"".join(kind.check(signal.value) for _, signal in asked), np.uint8).reshape(-1, kind.size)
    offsets, ids, distances = view.search(kind, values, limit.distance, threads=threads)
    if not len(ids):
        return None
    row = np.repeat(np.arange(len(asked)), np.diff(offsets))
    frames = [_NO_FRAME if signal.frame is None else signal.frame for _, signal in asked]
    orientations = [_TURNS[signal.orientation] for _, signal in asked]
    order = _kind_order()
    place = 0 if kind.measure is Measure.EXACT else order.index(kind)
    return _Meetings(
        np.array([number for number, _ in asked], np.int64)[row],
        np.full(len(ids), place, np.int64),
        np.array(frames, np.int64)[row],
        ids,
        distances,
        np.full(len(ids), order.index(kind), np.int64),
        np.array(orientations, np.int64)[row],
    )


def _nearest(meetings: _Meetings) -> _Meetings:
    """Keep of each (content, place, frame, entry) the nearest meeting; of equal ones that of the stronger kind."""
    m = meetings
    sort = np.lexsort((m.orientation, m.kind, m.distance, m.entry, m.frame, m.place, m.content))
    ordered = m.rows(sort)
    same = np.ones(len(ordered), np.bool_)
    same[:1] = False
    for column in (ordered.content, ordered.place, ordered.frame, ordered.entry):
        same[1:] &= column[1:] == column[:-1]
    return ordered.rows(~same)


def _capped(meetings: _Meetings, most_hits: int) -> _Meetings:
    """Keep of each content the nearest of every frame and kind, then the nearest of the rest up to ``most_hits``."""
    m = meetings
    if not len(m) or np.bincount(m.content).max() <= most_hits:
        return m
    m = m.rows(np.lexsort((m.entry, m.distance, m.frame, m.place, m.content)))
    first = np.ones(len(m), np.bool_)
    first[1:] = (np.diff(m.content) != 0) | (np.diff(m.place) != 0) | (np.diff(m.frame) != 0)
    sort = np.lexsort((m.entry, m.frame, m.distance, m.place, ~first, m.content))
    m, first = m.rows(sort), first[sort]
    start = np.searchsorted(m.content, m.content)
    return m.rows(first | (np.arange(len(m)) - start < most_hits))


def _hits(meetings: _Meetings, view: ListView) -> Iterator[tuple[int, Hit]]:
    info, order = view.info, _kind_order()
    entries: dict[int, Entry] = {}
    for row in range(len(meetings)):
        number, frame = int(meetings.entry[row]), int(meetings.frame[row])
        entry = entries.get(number) or entries.setdefault(number, view.entry(number))
        yield (
            int(meetings.content[row]),
            Hit(
                list_name=info.name,
                list_version=info.version,
                purpose=info.purpose,
                entry_key=entry.key,
                kind=order[int(meetings.kind[row])].name,
                distance=int(meetings.distance[row]),
                orientation=_ORIENTATIONS[int(meetings.orientation[row])],
                frame=None if frame == _NO_FRAME else frame,
                grades=entry.grades,
                labels=entry.labels,
                source=entry.source,
                added=entry.added,
                number=number,
            ),
        )


@cache
def _kind_order() -> tuple[SignalKind, ...]:
    """Return the kinds, strongest evidence first: digests, the longest before the others, then near kinds."""
    return tuple(sorted(kinds(), key=lambda kind: (0, -kind.size) if kind.measure is Measure.EXACT else (1, 0)))


@cache
def _kind_places() -> dict[str, int]:
    return {kind.name: place for place, kind in enumerate(_kind_order())}


def _is_exact(hit: Hit) -> bool:
    return _kind_order()[_kind_places()[hit.kind]].measure is Measure.EXACT


def rank(hit: Hit) -> tuple[int, int, int, int, str, str, int]:
    """Return what hits are sorted by, best first: exact before near, then by kind, distance, frame, list and entry."""
    return (
        0 if _is_exact(hit) else _kind_places()[hit.kind],
        hit.distance,
        _kind_places()[hit.kind],
        _NO_FRAME if hit.frame is None else hit.frame,
        hit.list_name,
        hit.entry_key,
        _TURNS[hit.orientation],
    )


# ------------------------------------------------------------------------------------------------------- verdict
def decide(
    hits: Iterable[Hit],
    *,
    readable: bool,
    problems: Iterable[Problem] = (),
    moments: Mapping[int, float] | None = None,
    spans: Sequence[Span] = (),
) -> Verdict:
    """Return the verdict on one content; the module's text has the rules.

    ``readable``: whether at least one frame was decoded, or nothing needed decoding.  ``problems`` are those of the
    content; lists that were not asked are found among them.  The order of the hits does not matter.  ``moments`` are
    the times of a video's frames, in seconds, by number, and ``spans`` its spans: the reasons tell of them.
    """
    ordered = sorted(hits, key=rank)
    known = [hit for hit in ordered if hit.purpose is Purpose.KNOWN]
    benign = [hit for hit in ordered if hit.purpose is Purpose.BENIGN]
    unasked = tuple(sorted({problem.message for problem in problems if problem.kind is ProblemKind.INDEX}))
    standing = _sound([hit for hit in known if _cover(hit, benign) is None])
    if standing:
        hit = standing[0]
        when = moment_reasons(standing, moments or {}, spans)
        variant = Known if _is_exact(hit) else Near
        return variant(hit, (_sentence(hit), *_grading(hit), *when, *_more(known), *unasked))
    # What neither stands nor is covered is joint to covered hits.
    covers = [(hit, cover) for hit in known if (cover := _cover(hit, benign)) is not None]
    if covers:
        covered, cover = covers[0]
        wins = f"The benign list wins, because the known entry is not nearer: {_lowered(_sentence(covered))}"
        return ListedBenign(cover, (_sentence(cover), wins, *unasked))
    if benign:
        return ListedBenign(benign[0], (_sentence(benign[0]), "No known list that was asked has it.", *unasked))
    if not readable:
        return Unreadable(("No list has its bytes, and no picture could be had from them.", *unasked))
    return NothingFound(("No list that was asked has it.", *unasked))


def standing(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """Return the known hits that no benign one covers, best first: those that a verdict is made of."""
    ordered = sorted(hits, key=rank)
    benign = [hit for hit in ordered if hit.purpose is Purpose.BENIGN]
    known = [hit for hit in ordered if hit.purpose is Purpose.KNOWN and _cover(hit, benign) is None]
    return tuple(_sound(known))


def _sound(uncovered: Sequence[Hit]) -> list[Hit]:
    """Return the hits without those of cells that count only with others, where those others are covered."""
    counts = Counter((hit.list_name, hit.entry_key) for hit in uncovered)
    return [hit for hit in uncovered if not hit.joint or counts[hit.list_name, hit.entry_key] >= LEAST_CELLS]


def _cover(known: Hit, benign: Sequence[Hit]) -> Hit | None:
    """Return the best benign hit that covers this known one, if any does."""
    for hit in benign:
        if _is_exact(hit):
            if hit.frame is None or hit.frame == known.frame:
                return hit
        elif hit.frame == known.frame and hit.kind == known.kind and hit.distance <= known.distance:
            return hit
    return None


def _sentence(hit: Hit) -> str:
    where = f"an entry of the {hit.purpose.value} list {hit.list_name!r} (version {hit.list_version})"
    if _is_exact(hit):
        what = "The file's bytes equal" if hit.frame is None else f"The bytes of frame {hit.frame} equal"
        return f"{what} {where}, by {kind_title(hit.kind)}."
    what = "The given value" if hit.frame is None else f"Frame {hit.frame}"
    unit = _UNITS[_kind_order()[_kind_places()[hit.kind]].measure]
    turned = "" if hit.orientation is Orientation.ORIGINAL else f", laid as {hit.orientation.value},"
    near = f"{what}{turned} lies {hit.distance} {unit} of {kind_title(hit.kind)} from {where}"
    if hit.joint:
        return f"{near}, beyond that list's threshold; it counts as one of several cells that follow a video, in order."
    return f"{near}, within that list's threshold."


_UNITS = {Measure.HAMMING: "bits", Measure.SQUARES: "units", Measure.EXACT: "units"}


def _grading(hit: Hit) -> tuple[str, ...]:
    if not hit.grades:
        return ()
    return (f"It is graded {', '.join(f'{grade.code} ({grade.scheme})' for grade in hit.grades)} there.",)


def _more(known: Sequence[Hit]) -> tuple[str, ...]:
    names = sorted({hit.list_name for hit in known})
    others = {(hit.list_name, hit.entry_key) for hit in known}
    if len(others) == 1:
        return ()
    return (f"{len(others)} known entries were met in all, in {', '.join(map(repr, names))}.",)


def _lowered(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
