"""What `tutela cluster` knows of each picture, and the JSON form of a group."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from tutela.clusters import Group
from tutela.model import Finding, Orientation
from tutela.report import KeptPictures, Member
from tutela.signals import PDQ

SCHEMA_VERSION = 1


class Clustered:
    """The PDQ hashes of findings, each with the place it was taken from.

    ``quality`` is what a hash needs for a decision to rest on it; ``kept`` takes the thumbnails.
    """

    def __init__(self, quality: int, kept: KeptPictures | None = None) -> None:
        self._quality = quality
        self._kept = kept
        self._names: list[str] = []
        self._codes = bytearray()
        self._places: list[tuple[int, int | None, float | None]] = []  # file, frame, seconds
        self._unfit: dict[int, str] = {}
        self._pictured: dict[int, int | None] = {}  # file -> the frame that its thumbnail shows

    def __len__(self) -> int:
        return len(self._places)

    def add(self, finding: Finding) -> None:
        """Take the hash of each frame, of the picture as it lies; of several variants of a frame, the first."""
        file = len(self._names)
        times = {frame.number: frame.time for frame in finding.frames}
        for frame in finding.frames:
            if frame.parent is not None:
                times[frame.number] = times.get(frame.parent)
        seen = set()
        for signal in finding.signals:
            if signal.kind != PDQ.name or signal.orientation is not Orientation.ORIGINAL or signal.frame in seen:
                continue
            seen.add(signal.frame)
            if signal.unfit is not None:
                self._unfit[len(self._places)] = signal.unfit
            elif signal.quality is not None and signal.quality < self._quality:
                self._unfit[len(self._places)] = f"quality {signal.quality}"
            time = getattr(signal, "time", None)
            self._places.append((file, signal.frame, times.get(signal.frame or 0) if time is None else time))
            self._codes += signal.value
        self._names.append(finding.name if seen else "")
        if seen and self._kept is not None and finding.thumbnail is not None:
            self._kept.keep(file, finding.thumbnail)
            self._pictured[file] = finding.frames[0].number if finding.frames else None

    def codes(self) -> npt.NDArray[np.uint8]:
        """Return the hashes, uint8 [n, 32]."""
        return np.frombuffer(bytes(self._codes), np.uint8).reshape(-1, 32)

    def good(self) -> npt.NDArray[np.bool_]:
        """Return for each hash whether a decision may rest on it."""
        flags = np.ones(len(self), np.bool_)
        flags[list(self._unfit)] = False
        return flags

    def order(self) -> npt.NDArray[np.int64]:
        """Return each hash's place in time: by file as they came, then by moment, then by frame."""
        keys = [(file, -1.0 if time is None else time, frame or 0) for file, frame, time in self._places]
        place = np.empty(len(keys), np.int64)
        place[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
        return place

    def member(self, row: int) -> Member:
        """Return what is shown of a row."""
        file, frame, time = self._places[row]
        pictured = self._kept is not None and file in self._pictured and self._pictured[file] == (frame or 0)
        thumbnail = self._kept.get(file) if pictured and self._kept is not None else None
        return Member(self._names[file], frame, time, self._unfit.get(row), thumbnail)

    def place_to_json(self, row: int) -> dict[str, Any]:
        """Return name, frame and time of a row, and why no decision may rest on it if so."""
        file, frame, time = self._places[row]
        name = self._names[file]
        record: dict[str, Any] = {"name": name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")}
        if not name.isascii():
            own = os.fsencode(name)
            if own != name.encode("utf-8", "replace"):
                record["name_bytes"] = base64.b64encode(own).decode("ascii")
        record |= {"frame": frame, "time": time}
        if row in self._unfit:
            record["unfit"] = self._unfit[row]
        return record


def group_to_json(group: Group, clustered: Clustered, number: str = "", parent: str | None = None) -> Iterator[Any]:
    """Yield the record of a cluster, then those of its parts."""
    own = number or str(group.cluster)
    parts = [f"{own}.{place}" for place in range(len(group.parts))]
    yield {
        "schema": SCHEMA_VERSION,
        "id": own,
        "parent": parent,
        "cluster": group.cluster,
        "kind": group.kind.value,
        "size": len(group.members),
        "diameter": group.diameter,
        "exact": group.exact,
        "radius": group.radius,
        "spread": round(group.spread, 3),
        "medoid": clustered.place_to_json(group.medoid),
        "members": [clustered.place_to_json(int(row)) for row in group.members],
        "parts": parts,
    }
    for name, part in zip(parts, group.parts, strict=True):
        yield from group_to_json(part, clustered, name, own)
