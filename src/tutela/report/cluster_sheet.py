"""`write_clusters`: clusters as one self-contained page, the largest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tutela.clusters import Group, GroupKind
from tutela.report import cluster_page
from tutela.report.cluster_page import Member
from tutela.report.page import Run
from tutela.report.writing import replacing

#: Clusters that are laid out; all are counted.
MOST_LISTED = 2_000


@dataclass(slots=True)
class ClusterCounts:
    """Numbers over clusters.

    ``hashed`` pictures of ``files`` files were clustered; ``clusters`` by kind; ``gathered`` pictures lie in one;
    ``decisions`` are the groups that one decision may cover, of two pictures or more, and ``covered`` the pictures in
    them.
    """

    hashed: int = 0
    files: int = 0
    clusters: Counter[GroupKind] = field(default_factory=Counter)
    gathered: int = 0
    decisions: int = 0
    covered: int = 0

    def add(self, group: Group) -> None:
        """Count one cluster."""
        self.clusters[group.kind] += 1
        self.gathered += len(group.members)
        for part in leaves(group):
            if part.kind is GroupKind.ONE_DECISION and len(part.members) > 1:
                self.decisions += 1
                self.covered += len(part.members)


def leaves(group: Group) -> Iterator[Group]:
    """Yield the smallest groups that a cluster falls into."""
    if not group.parts:
        yield group
    for part in group.parts:
        yield from leaves(part)


def write_clusters(
    groups: Iterable[Group],
    member: Callable[[int], Member],
    target: Path,
    *,
    title: str,
    run: Run,
    counts: ClusterCounts,
    most_listed: int = MOST_LISTED,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Write the sheet of ``groups`` to ``target``; ``member`` tells what is shown of a row.

    ``counts`` has ``hashed`` and ``files`` filled in, and has counted the groups.  The page needs no network and no
    script; pictures are blurred until each is asked for, and never printed.  It appears whole or not at all, readable
    by its owner only.

    Raises `OSError` if the target's folder cannot be written.
    """
    ordered = sorted(groups, key=lambda group: (-len(group.members), group.cluster))
    with replacing(target) as out:
        out.write(cluster_page.head(title))
        out.write(cluster_page.masthead(title, run, now(), _sentence(counts)))
        out.write(cluster_page.numbers(_numbers(counts)))
        if not ordered:
            out.write(cluster_page.no_clusters())
        for group in ordered[:most_listed]:
            out.write(cluster_page.cluster(group, list(leaves(group)), member))
        if len(ordered) > most_listed:
            out.write(cluster_page.left_out(len(ordered) - most_listed))
        out.write(cluster_page.particulars(run))
        out.write(cluster_page.foot())


def _sentence(counts: ClusterCounts) -> tuple[int, int, int, int]:
    return counts.gathered, counts.clusters.total(), counts.decisions, counts.covered


def _numbers(counts: ClusterCounts) -> list[tuple[str, str, int]]:
    alone = counts.hashed - counts.gathered
    kinds = [(kind.value, cluster_page.HEADINGS[kind], counts.clusters[kind]) for kind in GroupKind]
    return [("all", "Clusters", counts.clusters.total()), *kinds, ("", "Pictures", counts.hashed), ("", "Alone", alone)]
