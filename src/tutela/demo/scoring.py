"""Findings against the truth: recall by what was done to the pictures, false positives, and everything unexpected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tutela.demo.truth import COUNTED, DemoFile, DemoTruth, Group
from tutela.model import Finding, Hit, Known, ListedBenign, Near
from tutela.model.verdict import VERDICT_NAMES

#: Groups of which a picture may be missed; the recall tells.
MISSABLE = (Group.EDIT, Group.COMPOSITE)


@dataclass(slots=True)
class Row:
    """One kind of file: how many there were, how many came out right, and the PDQ distances of those that were met.

    Right is, for a picture of a list, that it was met as the picture that it is; for a stranger, that it was not met.
    """

    group: Group
    what: str
    files: int = 0
    right: int = 0
    distances: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Surprise:
    """A file of which something was said that was not expected."""

    file: DemoFile
    verdict: str
    why: str


@dataclass(slots=True)
class Score:
    """What came of it.  ``false_positives`` names benign and unlisted files with a verdict of known or near."""

    rows: dict[tuple[Group, str], Row] = field(default_factory=dict)
    false_positives: list[str] = field(default_factory=list)
    surprises: list[Surprise] = field(default_factory=list)
    innocent: int = 0
    looked_at: int = 0

    def group(self, *groups: Group) -> tuple[int, int]:
        """Return how many files of these groups there were, and how many came out right."""
        rows = [row for row in self.rows.values() if row.group in groups]
        return sum(row.files for row in rows), sum(row.right for row in rows)

    @property
    def recall(self) -> float:
        """The share of known pictures that were found, over the groups that count (`COUNTED`)."""
        files, right = self.group(*COUNTED)
        return right / files if files else 1.0

    @property
    def sound(self) -> bool:
        """Whether all is as it has to be.

        No false positive, and nothing unexpected but pictures that edits took out of reach, or that were not found
        within others: those lower the recall.
        """
        return not self.false_positives and all(surprise.file.group in MISSABLE for surprise in self.surprises)


def scored(findings: Iterable[Finding], truth: DemoTruth, score: Score) -> Iterator[Finding]:
    """Yield the findings on, each compared with the truth and counted in ``score``.

    A finding's name is the file's name in the truth; raises `KeyError` for any other.
    """
    files = {file.name: file for file in truth.files}
    for finding in findings:
        _count(score, files[finding.name], finding)
        yield finding


def _count(score: Score, file: DemoFile, finding: Finding) -> None:
    verdict = VERDICT_NAMES[type(finding.verdict)]
    row = score.rows.setdefault((file.group, file.what), Row(file.group, file.what))
    row.files += 1
    score.looked_at += 1
    hit = _met(finding)
    why = _complaint(file, finding, verdict, hit)
    if why:
        score.surprises.append(Surprise(file, verdict, why))
    if hit is not None and hit.kind == "pdq":
        row.distances.append(hit.distance)
    row.right += _right(file, finding, verdict, hit)
    if file.group in (Group.BENIGN, Group.STRANGER):
        score.innocent += 1
        if isinstance(finding.verdict, Known | Near):
            score.false_positives.append(file.name)


def _right(file: DemoFile, finding: Finding, verdict: str, hit: Hit | None) -> bool:
    if file.group is Group.DAMAGED:
        return not _complaint(file, finding, verdict, hit)
    if file.source is None:
        return verdict == "nothing-found"
    return hit is not None and hit.entry_key == file.source and verdict in file.expected


def _met(finding: Finding) -> Hit | None:
    verdict = finding.verdict
    return verdict.hit if isinstance(verdict, Known | Near | ListedBenign) else None


def _own(finding: Finding, number: int) -> set[int | None]:
    """Return the numbers of a frame and of the one it was cut from."""
    return {number} | {frame.parent for frame in finding.frames if frame.number == number}


def _complaint(file: DemoFile, finding: Finding, verdict: str, hit: Hit | None) -> str:
    if verdict not in file.expected:
        return f"the verdict is {verdict}, expected was {' or '.join(file.expected)}"
    if hit is not None and hit.entry_key != file.source:
        return "it was taken for another picture"
    elsewhere = hit is not None and hit.frame is not None and file.frame not in _own(finding, hit.frame)
    if hit is not None and elsewhere and file.frame is not None:
        return f"it was met in frame {hit.frame}, not in frame {file.frame}"
    if file.problem and not finding.problems:
        return "no problem was told"
    return ""
