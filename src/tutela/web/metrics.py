"""`Metrics`: what Prometheus may know.  Counts, times and versions; no values, no URLs, no names of accounts.

Several processes count into one folder of memory-mapped files (`PROMETHEUS_MULTIPROC_DIR`, which `tutela serve` sets
before any process starts); whichever is asked tells of all.
"""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

# Some releases of it have no types.
from prometheus_client.multiprocess import MultiProcessCollector  # type: ignore[no-untyped-call,unused-ignore]

from tutela.engine.snapshot import ListSnapshot
from tutela.web.matching import Matching

#: The folder's environment variable; the library's own name for it.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0)


class Metrics:
    """The counters of a process."""

    def __init__(self) -> None:
        # In a process alone there is no folder, and a registry of its own keeps two apps in one process apart.
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "tutela_requests", "Answered requests.", ("route", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "tutela_request_seconds", "Time to answer.", ("route",), buckets=_BUCKETS, registry=self._registry
        )
        self._lookups = Counter("tutela_lookups", "Values looked up.", registry=self._registry)
        self._contents = Counter("tutela_contents", "Contents looked at.", ("verdict",), registry=self._registry)
        self._hits = Counter("tutela_hits", "Values and contents that met a list.", ("list",), registry=self._registry)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request; ``route`` is its pattern, never its path."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def looked_up(self, number: int) -> None:
        """Count values that were looked up."""
        self._lookups.inc(number)

    def looked_at(self, verdict: str) -> None:
        """Count a content that was looked at."""
        self._contents.labels(verdict).inc()

    def met(self, list_name: str) -> None:
        """Count a value or content that met a list."""
        self._hits.labels(list_name).inc()

    def text(self, matching: Matching) -> bytes:
        """Return everything in Prometheus' text form."""
        if FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call,unused-ignore]  # some releases have no types
            told = generate_latest(registry)
        else:
            told = generate_latest(self._registry)
        lines = [
            "# HELP tutela_list_version Version in which this process asks a list.",
            "# TYPE tutela_list_version gauge",
        ]
        asked = matching.lists()
        lines += [
            f'tutela_list_version{{list="{one.name}"}} {one.info.version}'
            for one in asked
            if isinstance(one, ListSnapshot)
        ]
        lines += [
            "# HELP tutela_list_problems Lists not asked in their newest state.",
            "# TYPE tutela_list_problems gauge",
        ]
        lines += [f"tutela_list_problems {len(matching.problems())}", ""]
        return told + "\n".join(lines).encode()
