"""Exact clusters against scikit-learn; a million and ten million codes; dense codes; codes that come and go.

`clusters.py COUNT` is what a measurement runs in a process of its own, for the peak of its memory: it prints one JSON
object.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from measure import Table, in_turn, readable
from tutela.clusters import Clusters, dbscan, groups

Codes = npt.NDArray[np.uint8]

EPS, MIN_PTS = 31, 3


def realistic(count: int, random: np.random.Generator, share: float = 0.5) -> Codes:
    """Return codes of which a share are edited copies and the rest strangers.

    Clusters have 2 to some hundreds of members (Zipf); a copy is up to 14 bits off, every tenth none at all.
    """
    codes = random.integers(0, 256, (count, 32), dtype=np.uint8)
    copies = int(count * share)
    sizes = np.minimum(1 + random.zipf(1.8, copies), 500)
    sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), copies)) + 1]
    origin = np.repeat(np.arange(len(sizes)), sizes)[:copies]
    codes[:copies] = random.integers(0, 256, (len(sizes), 32), dtype=np.uint8)[origin]
    bits = random.integers(0, 15, copies) * (random.random(copies) < 0.9)
    for turn in range(14):
        rows = np.flatnonzero(bits > turn)
        at = random.integers(0, 256, len(rows))
        codes[rows, at // 8] ^= (1 << (at % 8)).astype(np.uint8)
    return codes[random.permutation(count)]


def against_sklearn(count: int = 20_000) -> Table:
    """Measure both on the same codes in one run, and compare their labels."""
    from sklearn.cluster import DBSCAN  # noqa: PLC0415 - only this benchmark needs it, and it takes seconds to load

    codes = realistic(count, np.random.default_rng(1))
    bits = np.unpackbits(codes, axis=1).astype(np.bool_)
    begun = time.perf_counter()
    theirs = DBSCAN(eps=(EPS + 0.5) / 256, min_samples=MIN_PTS, metric="hamming", algorithm="brute").fit(bits)
    slow = time.perf_counter() - begun
    ours = in_turn({"tutela": lambda: dbscan(codes, EPS, MIN_PTS)})["tutela"]
    table = Table(
        f"DBSCAN: {count:,} codes, eps {EPS}, min_pts {MIN_PTS}, one thread",
        "Half edited copies in clusters of 2 to 500, half strangers. scikit-learn: `DBSCAN(metric='hamming', "
        "algorithm='brute')` on the bits as booleans, once; tutela: median of seven.",
        ("what", "measured", "against scikit-learn"),
    )
    table.rows.append(("tutela", readable(ours), f"{slow / ours:,.0f} x"))
    table.rows.append(("scikit-learn", readable(slow), "1 x"))
    table.remarks.append(compared(dbscan(codes, EPS, MIN_PTS), theirs.labels_, theirs.core_sample_indices_))
    return table


def compared(ours: npt.NDArray[np.int64], theirs: npt.NDArray[np.int64], cores: npt.NDArray[np.int64]) -> str:
    """Return a sentence on how two labellings agree; the numbering is the same, so no renaming is needed."""
    differ = int((ours != theirs).sum())
    same = bool((ours[cores] == theirs[cores]).all()) and bool(((ours < 0) == (theirs < 0)).all())
    clusters = int(theirs.max()) + 1
    verdict = (
        "equal" if differ == 0 else f"equal but for {differ} border codes beside two clusters" if same else "NOT equal"
    )
    return f"labels, numbering included: {verdict} ({clusters:,} clusters, {int((theirs < 0).sum()):,} noise)"


def at_sizes() -> Table:
    """Measure a realistic mix at growing sizes and a dense set, each in a process of its own."""
    table = Table(
        f"Clusters by size: eps {EPS}, min_pts {MIN_PTS}, one thread",
        "The realistic mix of above; dense: all within reach of each other. The groups are the second level, over all "
        "clusters. Memory is the peak of the whole process, making the codes included.",
        ("codes", "dbscan", "groups", "clusters", "peak memory"),
    )
    for arguments in (["100000"], ["100000", "dense"], ["1000000"], ["10000000"]):
        ended = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, check=True, text=True)
        found = json.loads(ended.stdout)
        table.rows.append(
            (
                f"{int(arguments[0]):,}{' dense' if len(arguments) > 1 else ''}",
                readable(found["dbscan"]),
                readable(found["groups"]) if "groups" in found else "",
                f"{found['clusters']:,}",
                f"{found['peak'] / 1e6:.0f} MB",
            )
        )
    return table


def coming_and_going(count: int = 100_000) -> Table:
    """Measure inserts and removals, one at a time and by the thousand."""
    random = np.random.default_rng(3)
    codes = realistic(count + 5000, random)
    clusters = Clusters(EPS, MIN_PTS)
    table = Table(
        f"Clusters that come and go: {count:,} codes",
        "`Clusters.insert` and `remove`, then the labels.",
        ("what", "measured"),
    )

    def timed(what: str, each: int, work: npt.NDArray[np.uint64], *, insert: bool) -> None:
        begun = time.perf_counter()
        for at in range(0, len(work), each):
            ids = work[at : at + each]
            if insert:
                clusters.insert(codes[ids.astype(np.int64)], ids)
            else:
                clusters.remove(ids)
        table.rows.append((what, readable((time.perf_counter() - begun) * each / len(work))))

    every = np.arange(count + 5000, dtype=np.uint64)
    timed(f"the first {count:,} at once", count, every[:count], insert=True)
    timed("a thousand more", 1000, every[count : count + 4000], insert=True)
    timed("one more", 1, every[count + 4000 : count + 4500], insert=True)
    timed("a thousand removed", 1000, every[:4000], insert=False)
    timed("one removed", 1, every[4000:4500], insert=False)
    begun = time.perf_counter()
    ids, labels = clusters.labels()
    table.rows.append(("all labels", readable(time.perf_counter() - begun)))
    same = np.array_equal(labels, dbscan(codes[ids.astype(np.int64)], EPS, MIN_PTS))
    table.remarks.append(f"labels equal to the batch's: {'yes' if same else 'NO'}")
    return table


def alone(count: int, *, dense: bool) -> dict[str, float]:
    """Measure one size in this process."""
    random = np.random.default_rng(2)
    if dense:
        codes = np.repeat(random.integers(0, 256, (1, 32), dtype=np.uint8), count, axis=0)
        for _ in range(10):
            at = random.integers(0, 256, count)
            codes[np.arange(count), at // 8] ^= (1 << (at % 8)).astype(np.uint8)
    else:
        codes = realistic(count, random)
    begun = time.perf_counter()
    labels = dbscan(codes, EPS, MIN_PTS)
    found = {"dbscan": time.perf_counter() - begun, "clusters": float(labels.max() + 1)}
    # The peak of clustering; what the groups are made of is held a cluster at a time.
    if count <= 1_000_000:
        begun = time.perf_counter()
        for _ in groups(codes, labels):
            pass
        found["groups"] = time.perf_counter() - begun
    found["clusters"] = int(labels.max() + 1)
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return found


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    print(json.dumps(alone(int(sys.argv[1]), dense="dense" in sys.argv[2:])))
