"""The demo's last step: cluster what was hashed, and hold the clusters against the truth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tutela.clusters import Gathered, Group, GroupKind, dbscan, groups
from tutela.clusters.batch import EPS, QUALITY
from tutela.demo import truth as of
from tutela.demo.truth import DemoFile, DemoTruth
from tutela.model import Finding, FrameInfo
from tutela.report import ClusterCounts, KeptPictures, Member, Run, write_clusters

#: How many pictures a cluster needs.
MIN_PTS = 2


@dataclass(slots=True)
class ClusterScore:
    """What came of clustering.

    ``pictures``, ``frames`` (of videos and animations, pages) and ``cells`` are what was clustered, ``counts`` the
    clusters.  ``edits`` are the files with an edit that PDQ is meant to survive, and ``together`` those of them that
    lie in their photograph's cluster: the one that holds most of its copies.  ``mixed`` are the numbers of the clusters
    that hold two photographs, or a sheet as a whole beside anything else; ``mixed_decisions`` counts those groups of
    them of which one decision would be wrong.
    """

    counts: ClusterCounts = field(default_factory=ClusterCounts)
    pictures: int = 0
    frames: int = 0
    cells: int = 0
    edits: int = 0
    together: int = 0
    mixed: list[int] = field(default_factory=list)
    mixed_decisions: int = 0


class DemoClusters:
    """The hashes of the demo's findings, with their thumbnails, and which photograph each shows."""

    def __init__(self, truth: DemoTruth, kept: KeptPictures) -> None:
        self._files = {file.name: file for file in truth.files}
        self._kept = kept
        self._gathered = Gathered()
        self._shown: list[tuple[DemoFile, FrameInfo]] = []
        self._photographs: list[str] = []
        self._score = ClusterScore()

    def over(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield the findings on, each taken in.  A finding's name is the file's in the truth."""
        for finding in findings:
            self._add(finding)
            yield finding

    def write(self, target: Path, run: Run) -> ClusterScore:
        """Cluster as `tutela cluster` does, write the sheet to ``target``, and return what came of it.

        Of ``run``, the settings are replaced by those of the clusters.
        """
        gathered, score = self._gathered, self._score
        score.counts.hashed = len(gathered)
        labels = dbscan(gathered.codes(), EPS, MIN_PTS, core=gathered.good())
        made = list(groups(gathered.codes(), labels, good=gathered.good(), order=gathered.order()))
        for group in made:
            score.counts.add(group)
            if self._mixes(group):
                score.mixed.append(group.cluster)
                score.mixed_decisions += sum(self._mixes(part) for part in _decisions(group))
        self._count_edits(labels.tolist())
        settings = {"Neighbours": f"within {EPS} bits", "Quality": f"{QUALITY} or more for a decision to rest on"}
        title = "Tutela demo: what of it looks alike"
        own = replace(run, settings=settings)
        write_clusters(made, self._member, target, title=title, run=own, counts=score.counts)
        return score

    def _add(self, finding: Finding) -> None:
        self._score.counts.files += 1
        before = len(self._gathered)
        number = self._gathered.add(finding)
        if number is None:
            return
        if finding.thumbnail is not None:
            self._kept.keep(number, finding.thumbnail)
        file, frames = self._files[finding.name], {frame.number: frame for frame in finding.frames}
        several = sum(frame.parent is None for frame in finding.frames) > 1
        for row in range(before, len(self._gathered)):
            frame = frames[self._gathered.place(row).frame or 0]
            parent = None if frame.parent is None else frames[frame.parent]
            photograph = file.shown and file.shown.photograph(frame, parent)
            self._photographs.append(photograph or f"the whole of {file.name}")
            self._shown.append((file, frame))
            self._score.cells += parent is not None
            self._score.frames += parent is None and several
            self._score.pictures += parent is None and not several

    def _mixes(self, group: Group) -> bool:
        return len({self._photographs[int(row)] for row in group.members}) > 1

    def _count_edits(self, labels: Sequence[int]) -> None:
        copies: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for photograph, label in zip(self._photographs, labels, strict=True):
            if label >= 0:
                copies[photograph][label] += 1
        for (file, frame), photograph, label in zip(self._shown, self._photographs, labels, strict=True):
            if file.group is of.Group.EDIT and frame.parent is None:
                self._score.edits += 1
                self._score.together += label >= 0 and label == copies[photograph].most_common(1)[0][0]

    def _member(self, row: int) -> Member:
        place = self._gathered.place(row)
        thumbnail = self._kept.get(place.file) if place.first else None
        return Member(place.name, place.frame, place.time, place.unfit, thumbnail, place.cell)


def _decisions(group: Group) -> Iterator[Group]:
    """Yield the groups, at any depth, that one decision may cover."""
    if group.kind is GroupKind.ONE_DECISION:
        yield group
    for part in group.parts:
        yield from _decisions(part)
