"""Exact search against FAISS: queries at 4 M codes; size, opening and growth at 10 M."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import faiss
import numpy as np
import numpy.typing as npt

from measure import Table, in_turn, readable
from pictures import real_hashes
from tutela.index import HammingIndex

Codes = npt.NDArray[np.uint8]


def perturbed(codes: Codes, random: np.random.Generator, most: int = 30) -> Codes:
    """Return the codes with up to ``most`` random bits turned."""
    bits = np.unpackbits(codes, axis=1)
    for row in bits:
        row[random.integers(0, 256, random.integers(0, most + 1))] ^= 1
    return np.packbits(bits, axis=1)


def corpus(count: int, real: Codes, random: np.random.Generator) -> Codes:
    """Return ``count`` codes: the real ones among random ones."""
    codes = random.integers(0, 256, (count, 32), dtype=np.uint8)
    codes[: len(real)] = real
    return codes


def against_faiss(count: int) -> Table:
    """Measure a query at radius 31, one thread, one query a call and a thousand a call."""
    random = np.random.default_rng(1)
    real, origin = real_hashes(10_000)
    codes = corpus(count, real, random)
    queries = perturbed(codes[random.integers(0, len(real), 1000)], random)
    ids = np.arange(count, dtype=np.uint64)
    faiss.omp_set_num_threads(1)
    flat = faiss.IndexBinaryFlat(256)
    flat.add(codes)
    multi = faiss.IndexBinaryMultiHash(256, 16, 16)
    multi.nflip = 1
    multi.add(codes)
    table = Table(
        f"Search: {count:,} codes, radius 31, one thread",
        f"{len(real):,} real PDQ codes ({origin}) among random ones; queries are real codes with up to 30 bits turned. "
        "FAISS flat: `IndexBinaryFlat.range_search(x, 32)` (its radius is exclusive); FAISS multi-hash: "
        "`IndexBinaryMultiHash(256, 16, 16)`, nflip 1, what HMA uses.",
        ("index", "median a query", "against FAISS flat", "against FAISS multi-hash"),
    )
    with TemporaryDirectory() as folder:
        memory = HammingIndex.build(codes, ids)
        mapped = HammingIndex.build(codes, ids, Path(folder) / "index")
        mapped.verify()
        few = 8  # of the slow ones; the fast ones answer all thousand each round
        medians = in_turn(
            {
                "flat": lambda: flat.range_search(queries[:few], 32),
                "multi": lambda: multi.range_search(queries[:few], 32),
                "memory": lambda: memory.search(queries, 31),
                "mapped": lambda: mapped.search(queries, 31),
                "single": lambda: [memory.search(queries[i : i + 1], 31) for i in range(300)],
                "single mapped": lambda: [mapped.search(queries[i : i + 1], 31) for i in range(300)],
            }
        )
        each = {"flat": few, "multi": few, "memory": 1000, "mapped": 1000, "single": 300, "single mapped": 300}
        query = {name: seconds / each[name] for name, seconds in medians.items()}
        for name, label in (
            ("memory", "tutela, built in memory, 1,000 queries a call"),
            ("single", "tutela, built in memory, one query a call"),
            ("mapped", "tutela, memory-mapped file, 1,000 queries a call"),
            ("single mapped", "tutela, memory-mapped file, one query a call"),
            ("flat", "FAISS flat"),
            ("multi", "FAISS multi-hash"),
        ):
            ratios = (f"{query['flat'] / query[name]:.0f} x", f"{query['multi'] / query[name]:.0f} x")
            table.rows.append((label, readable(query[name]), *ratios))
        offsets, _, _ = memory.search(queries, 31)
        limits, _, _ = flat.range_search(queries[:200], 32)
        same = np.array_equal(np.diff(offsets)[:200], np.diff(limits.astype(np.int64)))
        table.remarks.append(f"number of hits of 200 queries equal to FAISS flat's: {'yes' if same else 'NO'}")
    return table


def at_size(count: int) -> Table:
    """Measure the file's size, opening, the first query, and adding 100,000 entries."""
    random = np.random.default_rng(2)
    codes = random.integers(0, 256, (count, 32), dtype=np.uint8)
    table = Table(f"Index file: {count:,} entries", "Built, closed, opened, searched, grown.", ("what", "measured"))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        start = time.perf_counter()
        HammingIndex.build(codes, np.arange(count, dtype=np.uint64), path)
        table.rows.append(("building and writing", readable(time.perf_counter() - start)))
        size = sum(file.stat().st_size for file in path.iterdir())
        table.rows.append(("size on disk", f"{size / 1e9:.3f} GB, {size / count:.1f} bytes an entry"))
        opened: list[HammingIndex] = []
        opening = in_turn({"open": lambda: opened.append(HammingIndex.open(path))})["open"]
        table.rows.append(("opening", readable(opening)))
        index = opened[-1]
        queries = perturbed(codes[random.integers(0, count, 1000)], random)
        start = time.perf_counter()
        index.search(queries[:1], 31)
        table.rows.append(("first query (its blocks are checked)", readable(time.perf_counter() - start)))
        start = time.perf_counter()
        index.verify()
        table.rows.append(("checking every block", readable(time.perf_counter() - start)))
        query = in_turn({"query": lambda: index.search(queries, 31)})["query"] / 1000
        table.rows.append(("a query, radius 31, 1,000 a call", readable(query)))
        more = random.integers(0, 256, (100_000, 32), dtype=np.uint8)
        reader = HammingIndex.open(path)
        start = time.perf_counter()
        index.add(more, np.arange(100_000, dtype=np.uint64) + count)
        added = time.perf_counter() - start
        while len(reader) == count:
            time.sleep(0.001)
        seen = time.perf_counter() - start - added
        table.rows.append(("adding 100,000 entries", readable(added)))
        table.rows.append(("until another reader of the file sees them", readable(max(seen, 0.0))))
        start = time.perf_counter()
        index.remove(np.arange(10_000, dtype=np.uint64) * 7)
        table.rows.append(("removing 10,000 entries", readable(time.perf_counter() - start)))
    return table


def radii(count: int) -> Table:
    """Measure a query at several radii, by the planner's choice."""
    random = np.random.default_rng(3)
    codes = random.integers(0, 256, (count, 32), dtype=np.uint8)
    index = HammingIndex.build(codes, np.arange(count, dtype=np.uint64))
    queries = perturbed(codes[:64], random)
    rows: list[tuple[str, ...]] = []
    for radius in (0, 15, 31, 40, 47, 63, 79, 96, 128):
        few = queries if radius < 64 else queries[:8]
        seconds = in_turn(
            {
                "auto": partial(index.search, few, radius),
                "scan": partial(index.search, few, radius, method="scan"),
            },
            rounds=3,
        )
        rows.append((str(radius), readable(seconds["auto"] / len(few)), readable(seconds["scan"] / len(few))))
    return Table(
        f"Search by radius: {count:,} codes, one thread",
        "The planner probes bands or scans, whichever it expects to be faster; beside it, always scanning.",
        ("radius", "a query", "a query by scanning"),
        list(rows),
    )
