"""What `tutela cluster` shows of each picture, and the JSON form of a group."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from typing import Any

from tutela.clusters import Gathered, Group
from tutela.model import Finding
from tutela.report import KeptPictures, Member

SCHEMA_VERSION = 1


class Clustered(Gathered):
    """The PDQ hashes of findings, and their thumbnails.

    ``quality`` is what a hash needs for a decision to rest on it; ``kept`` takes the thumbnails.
    """

    def __init__(self, quality: int, kept: KeptPictures | None = None) -> None:
        super().__init__(quality)
        self._kept = kept

    def add(self, finding: Finding) -> int | None:
        """Take the finding's hashes, and set its thumbnail aside."""
        file = super().add(finding)
        if file is not None and self._kept is not None and finding.thumbnail is not None:
            self._kept.keep(file, finding.thumbnail)
        return file

    def member(self, row: int) -> Member:
        """Return what is shown of a row."""
        place = self.place(row)
        thumbnail = self._kept.get(place.file) if place.first and self._kept is not None else None
        return Member(place.name, place.frame, place.time, place.unfit, thumbnail, place.cell)

    def place_to_json(self, row: int) -> dict[str, Any]:
        """Return name, frame and time of a row, and why no decision may rest on it if so."""
        place = self.place(row)
        name = place.name
        record: dict[str, Any] = {"name": name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")}
        if not name.isascii():
            own = os.fsencode(name)
            if own != name.encode("utf-8", "replace"):
                record["name_bytes"] = base64.b64encode(own).decode("ascii")
        record |= {"frame": place.frame, "time": place.time}
        if place.unfit is not None:
            record["unfit"] = place.unfit
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
