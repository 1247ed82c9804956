"""Sequences of frames: where a video and a known one run together, and whether cells follow a known one's order.

A sampled frame stands for the time until the next one (its *hold*).  Two frames that meet allow every shift between
the two clocks at which their holds overlap; the right shift is the one at which the most seconds overlap, whatever the
rates at which either side was sampled, and whether stills were passed over.  Runs at that shift are taken, and the
search goes on with what is left, so that a clip that is shown thrice is found thrice, and a video whose parts were
shuffled in pieces.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint8]
Seconds = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

#: Bits within which two frames meet: that of ``vpdq``.
DISTANCE = 31

#: Resolution of the shift between two clocks, in seconds.
_TICK = 0.05
#: A run goes on across so many seconds in which no frame meets: a title over the picture, a damaged place.
MOST_GAP = 5.0
#: Seconds that must run together; and frames of either side, unless they stand for `_STILL` seconds.
LEAST_SECONDS = 1.0
LEAST_FRAMES = 2
_STILL = 3.0
#: Shifts that differ by less belong to one run; also how far its frames may lie from its shift, in seconds.
_SLACK = 1.0
#: Seconds that the last frame stands for, at most and where nothing tells: half of what it may be.
_LAST_HOLD = 0.5
#: Runs that are told of one pair of videos.
MOST_RUNS = 256
#: Bits within which frames meet at the edges of a run, whose shift is known, and how far an edge moves at once, in
#: seconds.  Of unrelated pictures one pair in a million lies so near.
_LOOSE = 80
_REACH = 1.5
#: Bits within which a frame looks as the one before.
_ALIKE = 2
#: Pairs of frames that are compared at once, and that may meet in all: two stills of hours meet a million times.
_PAIRS_AT_ONCE = 1 << 22
_MOST_PAIRS = 1 << 21


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch that two videos share: seconds on the one's clock and on the known one's, the frames of the first that
    met, and the mean distance of the nearest meetings, in bits.
    """

    start: float
    end: float
    known_start: float
    known_end: float
    frames: int
    mean_distance: float


@dataclass(frozen=True, slots=True)
class Track:
    """The clock of one side: at what times its frames come, float64 [n] ascending, and for how long each stands."""

    times: Seconds
    holds: Seconds


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Meetings: places of the frames on both sides, and bits between them."""

    own: Places
    known: Places
    distance: Places

    def __len__(self) -> int:
        return len(self.own)

    def rows(self, chosen: npt.NDArray[np.bool_] | Places) -> _Pairs:
        return _Pairs(self.own[chosen], self.known[chosen], self.distance[chosen])


def holds(times: Seconds) -> Seconds:
    """Return for how many seconds each of the frames at these times, float64 [n] ascending, stands; float64 [n]."""
    if not len(times):
        return np.zeros(0)
    steps = np.diff(times)
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else _LAST_HOLD
    found: Seconds = np.append(steps, min(usual, _LAST_HOLD))
    # Several values of one moment (with and without bars) stand for the same time.
    for at in range(len(found) - 2, -1, -1):
        if found[at] <= 0:
            found[at] = found[at + 1]
    return found


def align(
    times: Seconds,
    codes: Codes,
    known_times: Seconds,
    known_codes: Codes,
    *,
    distance: int = DISTANCE,
    hold: Seconds | None = None,
    known_hold: Seconds | None = None,
) -> list[Run]:
    """Return the stretches that two videos share, in the order of the first one's time.

    ``times`` in seconds, float64 [n], ascending, and ``codes`` uint8 [n, 32] are one video's; ``known_times`` [m] and
    ``known_codes`` [m, 32] the other's.  ``hold`` [n] and ``known_hold`` [m] are for how long each frame stands, for
    callers that left frames out (of low quality) after measuring it.
    """
    hold = holds(times) if hold is None else hold
    known_hold = holds(known_times) if known_hold is None else known_hold
    own, codes = _without_stills(Track(times, hold), codes)
    known, known_codes = _without_stills(Track(known_times, known_hold), known_codes)
    pairs = _meetings(codes, known_codes, distance)
    runs: list[Run] = []
    while len(pairs) and len(runs) < MOST_RUNS:
        shift = _shift(pairs, own, known)
        found = list(_runs(pairs, shift, own, known))
        accepted = [_extended(run, shift, (own, codes), (known, known_codes)) for run in found if _holds(run)]
        if not accepted:
            break
        runs += accepted
        taken = np.zeros(len(pairs), np.bool_)
        for run in accepted:
            # What lies within a run is told by it, at whatever shift it may meet otherwise.
            taken |= (own.times[pairs.own] >= run.start - _TICK) & (own.times[pairs.own] < run.end + _TICK)
        pairs = pairs.rows(~taken)
    return _joined(sorted(runs, key=lambda run: (run.start, run.known_start)))


def _without_stills(track: Track, codes: Codes) -> tuple[Track, Codes]:
    """Return the frames without those that show what an earlier one did, which stands for their time too.

    Two stills of an hour would meet in millions of pairs.  Frames with and without black bars come by turns, so a frame
    is compared with the last two that were kept.
    """
    values = [int.from_bytes(code.tobytes()) for code in codes]
    begins, lengths = track.times.tolist(), track.holds.tolist()
    kept: list[int] = []
    ends: list[float] = []
    for at, value in enumerate(values):
        end = begins[at] + lengths[at]
        for place in range(len(kept) - 1, max(-1, len(kept) - 3), -1):
            if (values[kept[place]] ^ value).bit_count() <= _ALIKE and begins[at] <= ends[place] + _TICK:
                ends[place] = max(ends[place], end)
                break
        else:
            kept.append(at)
            ends.append(end)
    chosen = np.array(kept, np.int64)
    starts = track.times[chosen]
    return Track(starts, np.array(ends, np.float64) - starts), codes[chosen]


def _meetings(codes: Codes, known_codes: Codes, distance: int) -> _Pairs:
    """Return every pair of frames within ``distance`` bits; of too many, the nearest."""
    if not len(codes) or not len(known_codes):
        nothing = np.zeros(0, np.int64)
        return _Pairs(nothing, nothing, nothing)
    left = np.ascontiguousarray(codes).view(np.uint64).reshape(len(codes), -1)
    right = np.ascontiguousarray(known_codes).view(np.uint64).reshape(len(known_codes), -1)
    step = max(1, _PAIRS_AT_ONCE // max(1, len(right)))
    found: list[tuple[Places, Places, Places]] = []
    for at in range(0, len(left), step):
        bits = np.zeros((len(left[at : at + step]), len(right)), np.uint16)
        for word in range(left.shape[1]):
            bits += np.bitwise_count(left[at : at + step, word, None] ^ right[None, :, word])
        own, known = np.nonzero(bits <= distance)
        pairs = _Pairs(own + at, known, bits[own, known].astype(np.int64))
        kept = _thinned(pairs, _MOST_PAIRS * len(bits) // len(left) + 1)
        found.append((kept.own, kept.known, kept.distance))
    return _Pairs(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _thinned(pairs: _Pairs, most: int) -> _Pairs:
    """Return the nearest pairs; of those equally near at the edge some, evenly over time."""
    if len(pairs) <= most:
        return pairs
    edge = int(np.partition(pairs.distance, most - 1)[most - 1])
    nearer, equal = np.flatnonzero(pairs.distance < edge), np.flatnonzero(pairs.distance == edge)
    some = equal[np.linspace(0, len(equal) - 1, most - len(nearer)).astype(np.int64)]
    return pairs.rows(np.sort(np.concatenate([nearer, some])))


def _shift(pairs: _Pairs, own: Track, known: Track) -> float:
    """Return the known clock minus the own one at which the most seconds overlap.

    Over all shifts, the overlap of two holds is a trapezoid; so the sum is had from its four corners each, summed up
    twice.  Nearer meetings weigh a little more, and of equally good shifts the middle one is taken.
    """
    start, length = own.times[pairs.own], own.holds[pairs.own]
    known_start, known_length = known.times[pairs.known], known.holds[pairs.known]
    weight = 1.0 + 1.0 / (1.0 + pairs.distance)
    first = known_start - start - length
    low = float(first.min()) - 4 * _TICK
    corners = (first, first + np.minimum(length, known_length), first + np.maximum(length, known_length))
    last = known_start + known_length - start
    bins = int((float(last.max()) - low) / _TICK) + 8
    bends = np.zeros(bins)
    for corner, sign in zip((*corners, last), (1.0, -1.0, -1.0, 1.0), strict=True):
        # A corner between two ticks is shared between them, so that every trapezoid ends where it should.
        place = (corner - low) / _TICK
        whole = place.astype(np.int64)
        part = place - whole
        bends += np.bincount(whole, sign * weight * (1 - part), bins)
        bends += np.bincount(whole + 1, sign * weight * part, bins)
    overlap = np.cumsum(np.cumsum(bends))
    best = np.flatnonzero(overlap >= overlap.max() - 1e-6 * max(1.0, overlap.max()))
    plateau = best[: int(np.argmax(np.diff(best) > 1)) + 1] if (np.diff(best) > 1).any() else best
    return low + _TICK * float(plateau[0] + plateau[-1]) / 2


def _runs(pairs: _Pairs, shift: float, own: Track, known: Track) -> Iterator[Run]:
    """Yield the stretches in which frames meet at a shift."""
    start = np.maximum(own.times[pairs.own], known.times[pairs.known] - shift)
    end = np.minimum((own.times + own.holds)[pairs.own], (known.times + known.holds)[pairs.known] - shift)
    met = end - start > -_TICK
    chosen, start, end = pairs.rows(met), start[met], np.maximum(start[met], end[met])
    order = np.argsort(start, kind="stable")
    chosen, start, end = chosen.rows(order), start[order], end[order]
    reach = np.maximum.accumulate(end) if len(end) else end
    breaks = np.flatnonzero(start[1:] - reach[:-1] > MOST_GAP) + 1
    for rows in np.split(np.arange(len(chosen)), breaks):
        if len(rows):
            yield _run(chosen.rows(rows), start[rows], end[rows], shift)


def _run(pairs: _Pairs, start: Seconds, end: Seconds, shift: float) -> Run:
    nearest: dict[int, int] = {}
    for own, bits in zip(pairs.own.tolist(), pairs.distance.tolist(), strict=True):
        nearest[own] = min(bits, nearest.get(own, bits))
    first, last = float(start.min()), float(end.max())
    frames = min(len(nearest), len(np.unique(pairs.known)))
    return Run(first, last, first + shift, last + shift, frames, sum(nearest.values()) / len(nearest))


def _holds(run: Run) -> bool:
    seconds = run.end - run.start
    return seconds >= LEAST_SECONDS and (run.frames >= LEAST_FRAMES or seconds >= _STILL)


def _extended(run: Run, shift: float, ours: tuple[Track, Codes], theirs: tuple[Track, Codes]) -> Run:
    """Return the run with the frames before and behind it that meet more loosely at its shift.

    Where the picture moves fast, two samples of the same second differ by more than they may where nothing is known;
    here the shift is known, so that only the few frames of the same moment are compared.
    """
    own, codes = ours
    first, last = run.start, run.end
    starts, ends = own.times, own.times + own.holds
    for at in np.flatnonzero(starts < first)[::-1]:
        if first - ends[at] > _REACH:
            break
        met = _loosely(float(starts[at]), float(ends[at]), codes[at], shift, theirs)
        if met is not None:
            first = min(first, met[0])
    for at in np.flatnonzero(ends > last):
        if starts[at] - last > _REACH:
            break
        met = _loosely(float(starts[at]), float(ends[at]), codes[at], shift, theirs)
        if met is not None:
            last = max(last, met[1])
    return Run(first, last, first + shift, last + shift, run.frames, run.mean_distance)


def _loosely(
    start: float, end: float, code: Codes, shift: float, theirs: tuple[Track, Codes]
) -> tuple[float, float] | None:
    """Return from when to when a frame meets known ones of the same moment, within `_LOOSE` bits."""
    known, known_codes = theirs
    begins, lasts = known.times - shift, known.times + known.holds - shift
    for place in np.flatnonzero((begins < end) & (lasts > start)):
        if int(np.bitwise_count(code ^ known_codes[place]).sum()) <= _LOOSE:
            return max(start, float(begins[place])), min(end, float(lasts[place]))
    return None


def _joined(runs: list[Run]) -> list[Run]:
    """Join runs that follow each other on both clocks: a copy that is a little faster drifts from shift to shift."""
    joined: list[Run] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last is not None and _follows(last, run):
            frames = last.frames + run.frames
            mean = (last.frames * last.mean_distance + run.frames * run.mean_distance) / max(1, frames)
            joined[-1] = Run(
                last.start,
                max(last.end, run.end),
                last.known_start,
                max(last.known_end, run.known_end),
                frames,
                mean,
            )
        else:
            joined.append(run)
    return joined


def _follows(last: Run, run: Run) -> bool:
    gap, known_gap = run.start - last.end, run.known_start - last.known_end
    later = run.start >= last.start - _SLACK and run.known_start >= last.known_start - _SLACK
    return later and gap <= MOST_GAP and known_gap <= MOST_GAP and abs(gap - known_gap) <= _SLACK
