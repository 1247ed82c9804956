"""One self-contained HTML file that says what was looked at, what was met and why."""

from tutela.report.counts import Counts
from tutela.report.page import Run
from tutela.report.visible import visible
from tutela.report.writing import write_report

__all__ = ["Counts", "Run", "visible", "write_report"]
