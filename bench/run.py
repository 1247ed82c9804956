"""Runs every benchmark in one go on one machine and writes bench/RESULTS.md.  `run.py NAME...` runs some and prints
only.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import clusters
import decode
import files
import search
from measure import Table, machine
from tutela import _kernel

BENCHMARKS: dict[str, Callable[[], Table]] = {
    "search": lambda: search.against_faiss(4_000_000),
    "radii": lambda: search.radii(1_000_000),
    "size": lambda: search.at_size(10_000_000),
    "bytes": decode.from_bytes,
    "kernel": decode.kernel,
    "agreement": decode.agreement,
    "files": files.folder,
    "dbscan": clusters.against_sklearn,
    "clusters": clusters.at_sizes,
    "changing": clusters.coming_and_going,
}

PACKAGES = ("tutela", "numpy", "pillow", "simplejpeg", "faiss-cpu", "threatexchange", "pdqhash", "scikit-learn")


def main() -> None:
    """Run the benchmarks named on the command line, or all."""
    wanted = sys.argv[1:] or list(BENCHMARKS)
    tables = []
    for name in wanted:
        print(f"{name} ...", file=sys.stderr, flush=True)
        table = BENCHMARKS[name]()
        print(table.markdown(), flush=True)
        tables.append(table)
    if sys.argv[1:]:
        return
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    head = [
        "# Measured",
        "",
        "Written by `make bench`: every contestant in turn, in one run, on one machine; medians. Quote the ratios.",
        "",
        *(f"- {line}" for line in [*machine(), f"kernel path: {_kernel.path()}", versions]),
        "",
    ]
    text = "\n".join(head) + "\n".join(table.markdown() for table in tables)
    (Path(__file__).resolve().parent / "RESULTS.md").write_text(text.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
