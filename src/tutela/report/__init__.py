"""Self-contained HTML files: what was looked at, what was met and why; and what lies near each other."""

from tutela.report.cluster_page import Member
from tutela.report.cluster_sheet import ClusterCounts, write_clusters
from tutela.report.counts import Counts
from tutela.report.kept_pictures import KeptPictures
from tutela.report.page import Run
from tutela.report.places import Places
from tutela.report.visible import visible
from tutela.report.writing import write_report

__all__ = [
    "ClusterCounts",
    "Counts",
    "KeptPictures",
    "Member",
    "Places",
    "Run",
    "visible",
    "write_clusters",
    "write_report",
]
