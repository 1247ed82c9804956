"""`Counts`: how many of which verdict, counted as findings go by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from tutela.model import Finding
from tutela.model.verdict import VERDICT_NAMES


class Counts:
    """Numbers over a stream of findings.

    ``looked_at`` contents; ``verdicts`` by their JSON name; ``problems`` by kind; ``troubled`` contents with a problem.
    """

    def __init__(self) -> None:
        self.looked_at = 0
        self.verdicts: Counter[str] = Counter()
        self.problems: Counter[str] = Counter()
        self.troubled = 0

    def add(self, finding: Finding) -> None:
        """Count one finding."""
        self.looked_at += 1
        self.verdicts[VERDICT_NAMES[type(finding.verdict)]] += 1
        self.problems.update(problem.kind.value for problem in finding.problems)
        self.troubled += bool(finding.problems)

    def over(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield the findings on, each counted."""
        for finding in findings:
            self.add(finding)
            yield finding

    @property
    def met(self) -> int:
        """How many are known or near."""
        return self.verdicts["known"] + self.verdicts["near"]
