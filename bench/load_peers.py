"""The loads of `load_server.py` on peers: threatexchange's index in this process, and a running HMA over HTTP.

python bench/load_peers.py threatexchange --entries 1000000      in bench/.env (bench/setup.py), which has it
python bench/load_peers.py hma URL                               needs wrk; HMA holds as many random values

threatexchange has neither a server nor look-ups of several values: it is asked in the process that holds it, by each of
two threads, which is the most it can do.  HMA has no look-ups of several values either.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import threading
import time
from typing import Any

from load_server import SEED, random_values, single


def main() -> int:
    """Run one of the loads."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["threatexchange", "hma"])
    parser.add_argument("url", nargs="?", default="")
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--connections", type=int, default=16)
    asked = parser.parse_args()
    if asked.what == "hma":
        told = single(asked.url, None, asked.seconds, asked.connections, "/m/lookup?signal_type=pdq&signal=")
    else:
        told = threatexchange(asked.entries, asked.seconds)
    print(json.dumps({"load": asked.what} | told))
    return 0


def threatexchange(entries: int, seconds: float, threads: int = 2) -> dict[str, Any]:
    """Ask threatexchange's PDQ index (FAISS multi-hash) for one value a call."""
    import faiss  # noqa: PLC0415 - peers, which only this load needs
    from threatexchange.signal_type.pdq.pdq_index import PDQIndex  # noqa: PLC0415

    faiss.omp_set_num_threads(1)
    since = time.perf_counter()
    index: Any = PDQIndex()
    for start in range(0, entries, 100_000):
        some = range(start, min(start + 100_000, entries))
        index.add_all([(hashlib.sha256(f"{SEED} {at}".encode()).hexdigest(), at) for at in some])
    built = time.perf_counter() - since
    values, times = random_values(20_000, 1), []
    last = time.perf_counter() + seconds

    def work(at: int) -> None:
        while (now := time.perf_counter()) < last:
            index.query(values[at % len(values)])
            times.append(time.perf_counter() - now)
            at += 1

    running = [threading.Thread(target=work, args=(7919 * number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    ordered = sorted(times)
    return {
        "entries": entries,
        "built_seconds": round(built, 1),
        "a_second": round(len(times) / seconds),
        "p50_ms": round(ordered[len(ordered) // 2] * 1000, 2),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 2),
    }


if __name__ == "__main__":
    sys.exit(main())
