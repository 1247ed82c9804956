"""Load on a running `tutela serve`: look-ups one by one and in batches, bytes, and what changes do to them.

python bench/load_server.py make HOME --entries 10000000     a store of random PDQ values, and a token in HOME/token
python bench/load_server.py single URL HOME                  needs wrk (Debian's package of that name)
python bench/load_server.py batch URL HOME
python bench/load_server.py bytes URL HOME
python bench/load_server.py change URL HOME                  look-ups beside 100,000 added and 10,000 withdrawn entries

Prints a JSON object a line.  The client shares the machine with the server, and its share of the processors is told.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from tutela.access.people import People
from tutela.access.permissions import Role
from tutela.access.tokens import Tokens
from tutela.demo.originals import opened, originals
from tutela.model import Entry, Signal, read_settings
from tutela.store import Store
from tutela.store.audit import By

LIST = "load"
SEED = 20
_LOOKUPS = """
local file = io.open("{values}", "r")
local values = {{}}
for line in file:lines() do values[#values + 1] = line end
file:close()
local headers = {{ {header} }}
local at = math.random(#values)
function request()
  at = at % #values + 1
  return wrk.format("GET", "{path}" .. values[at], headers)
end
local threads = {{}}
function setup(thread) table.insert(threads, thread) end
function response(status) if status ~= 200 then errors = (errors or 0) + 1 end end
function done(summary, latency, requests)
  local failed = 0
  for _, thread in ipairs(threads) do failed = failed + (thread:get("errors") or 0) end
  io.write(string.format('{{"requests": %d, "microseconds": %d, "failed": %d, "p50": %d, "p99": %d, "most": %d}}\\n',
    summary.requests, summary.duration, failed + summary.errors.connect + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
"""


def main() -> int:
    """Run one of the loads."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["make", "single", "batch", "bytes", "change"])
    parser.add_argument("places", nargs="+", metavar="URL|HOME")
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--connections", type=int, default=16)
    asked = parser.parse_args()
    if asked.what == "make":
        make(Path(asked.places[0]), asked.entries)
        return 0
    url, home = asked.places[0], Path(asked.places[1])
    token = (home / "token").read_text().strip()
    loads: dict[str, Callable[..., dict[str, Any]]] = {
        "single": single,
        "batch": batch,
        "bytes": pictures,
        "change": change,
    }
    told = loads[asked.what](url, token, asked.seconds, asked.connections)
    used = resource.getrusage(resource.RUSAGE_CHILDREN), resource.getrusage(resource.RUSAGE_SELF)
    told["client_cpu_seconds"] = round(sum(each.ru_utime + each.ru_stime for each in used), 1)
    print(json.dumps({"load": asked.what} | told))
    return 0


# ------------------------------------------------------------------------------------------------------- the store
def make(home: Path, entries: int) -> None:
    """Make a store with one list of random values and an account with a token."""
    settings = read_settings({"TUTELA_HOME": str(home)})
    with Store.open(home) as store:
        store.create_list(LIST)
        since = time.perf_counter()
        store.import_entries(LIST, random_entries(entries), lambda done: print(f"\r{done:,}", end="", file=sys.stderr))
        print(f" entries imported in {time.perf_counter() - since:.0f} s", file=sys.stderr)
        people = People(store.database, settings)
        link = people.first_link()
        if link is None:
            raise SystemExit("This home has an account already; give an empty folder.")
        account = people.create_first(link, "load", "nine swift herons over grey water")
        secret, _ = Tokens(store.database).make(account.id, "load", None, 30, By("load test"))
        people.set_roles(account.id, frozenset(Role), By("load test"))
    (home / "token").write_text(secret)


def random_entries(number: int, seed: int = SEED, prefix: str = "e") -> Iterator[Entry]:
    """Yield entries with random PDQ values, made in blocks so that memory stays flat."""
    generator = np.random.default_rng(seed)
    for start in range(0, number, 100_000):
        block = generator.integers(0, 256, (min(100_000, number - start), 32), np.uint8)
        for at, row in enumerate(block):
            yield Entry(f"{prefix}{start + at:09d}", (Signal("pdq", row.tobytes(), 100),))


def random_values(number: int, seed: int) -> list[str]:
    """Return random PDQ values in hexadecimal: on no list, as nearly all of what is asked is on none."""
    generator = np.random.default_rng(seed)
    return [row.tobytes().hex() for row in generator.integers(0, 256, (number, 32), np.uint8)]


# ------------------------------------------------------------------------------------------------------- the loads
def single(
    url: str, token: str | None, seconds: float, connections: int, path: str = "/v1/lookup?kind=pdq&value="
) -> dict[str, Any]:
    """Look up one value a request, over connections that are kept."""
    with tempfile.TemporaryDirectory() as folder:
        values = Path(folder) / "values"
        values.write_text("\n".join(random_values(20_000, 1)))
        script = Path(folder) / "lookups.lua"
        header = "" if token is None else f'["Authorization"] = "Bearer {token}"'
        script.write_text(_LOOKUPS.format(values=values, header=header, path=path))
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "-s", str(script), url]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    told: dict[str, Any] = json.loads(next(line for line in printed.splitlines() if line.startswith("{")))
    return {
        "connections": connections,
        "a_second": round(told["requests"] / told["microseconds"] * 1e6),
        "p50_ms": told["p50"] / 1000,
        "p99_ms": told["p99"] / 1000,
        "most_ms": told["most"] / 1000,
        "failed": told["failed"],
    }


def batch(url: str, token: str, seconds: float, connections: int) -> dict[str, Any]:
    """Look up 1,000 values a request."""
    bodies = [json.dumps({"kind": "pdq", "values": random_values(1000, 100 + number)}).encode() for number in range(16)]
    times = _together(url, token, "/v1/lookup", bodies, "application/json", seconds, min(connections, 4))
    return _told(times, seconds) | {"values_a_second": round(1000 * len(times) / seconds)}


def pictures(url: str, token: str, seconds: float, connections: int) -> dict[str, Any]:
    """Send pictures of 1280x960 as JPEG, and read their findings."""
    times = _together(url, token, "/v1/match", list(_pictures()), "image/jpeg", seconds, min(connections, 8))
    return _told(times, seconds) | {"pictures_a_second": round(len(times) / seconds, 1)}


def change(url: str, token: str, seconds: float, connections: int) -> dict[str, Any]:
    """Look up beside an import of 100,000 entries and 10,000 withdrawals; say when each change was seen."""
    before = single(url, token, seconds, connections)
    lines = "".join(f"pdq {value}\n" for value in random_values(100_000, 77)).encode()
    seen: list[float] = []
    state: dict[str, Any] = {}

    def work() -> None:
        state.update(_change(url, token, lines, seen))

    thread = threading.Thread(target=work)
    thread.start()
    during = []
    while thread.is_alive():
        during.append(single(url, token, 5, connections))
    thread.join()
    return {
        "before": before,
        "during_p50_ms": median(one["p50_ms"] for one in during),
        "during_p99_ms": median(one["p99_ms"] for one in during),
        "during_most_ms": max(one["most_ms"] for one in during),
        "during_a_second": median(one["a_second"] for one in during),
        "failed": sum(one["failed"] for one in during),
        "seen_after_seconds": {"median": median(seen), "most": max(seen), "changes": len(seen)},
    } | state


def _change(url: str, token: str, lines: bytes, seen: list[float]) -> dict[str, Any]:
    connection = _Connection(url, token)
    since = time.perf_counter()
    job = connection.ask("POST", f"/v1/lists/{LIST}/imports?format=text", lines, "text/plain")
    while (job := connection.ask("GET", f"/v1/jobs/{job['id']}"))["state"] in {"waiting", "running"}:
        _see(connection, seen)
        time.sleep(0.5)
    imported = time.perf_counter() - since
    for start in range(0, 10_000, 500):
        keys = [f"e{at:09d}" for at in range(start, start + 500)]
        connection.ask("POST", f"/v1/lists/{LIST}/entries/withdraw", json.dumps({"keys": keys, "why": "load"}).encode())
        _see(connection, seen)
    return {"job": job["state"], "import_seconds": round(imported, 1)}


def _see(connection: _Connection, seen: list[float]) -> None:
    """Add an entry, and wait until every process has answered with it several times."""
    value = np.random.default_rng(time.monotonic_ns()).integers(0, 256, 32, np.uint8).tobytes().hex()
    entry = {"key": f"seen-{value[:16]}", "signals": [{"kind": "pdq", "value": value, "quality": 100}], "why": "load"}
    connection.ask("POST", f"/v1/lists/{LIST}/entries", json.dumps(entry).encode())
    since = time.perf_counter()
    others = [_Connection(connection.url, connection.token) for _ in range(6)]
    for other in others:  # each a connection of its own: they fall to different processes
        while not other.ask("GET", f"/v1/lookup?kind=pdq&value={value}")["hits"]:
            if time.perf_counter() - since > 10:
                raise SystemExit("a change was not seen within ten seconds")
    seen.append(round(time.perf_counter() - since, 3))


class _Connection:
    """A connection that is kept."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> dict[str, Any]:
        """Send a request and return the JSON of its answer; end the program for an answer that is an error."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path.partition('?')[0]}: {answer.status} {data[:300]!r}")
        told: dict[str, Any] = json.loads(data)
        return told


def _together(
    url: str, token: str, path: str, bodies: list[bytes], kind: str, seconds: float, connections: int
) -> list[float]:
    """Send bodies over several connections for a while; return the seconds that each answer took."""
    times: list[float] = []
    last = time.perf_counter() + seconds

    def work(first: int) -> None:
        connection, at = _Connection(url, token), first
        while time.perf_counter() < last:
            since = time.perf_counter()
            connection.ask("POST", path, bodies[at % len(bodies)], kind)
            times.append(time.perf_counter() - since)
            at += 1

    threads = [threading.Thread(target=work, args=(5 * number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def _told(times: list[float], seconds: float) -> dict[str, Any]:
    ordered = sorted(times)
    return {
        "requests": len(times),
        "seconds": seconds,
        "p50_ms": round(ordered[len(ordered) // 2] * 1000, 2),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 2),
    }


def _pictures() -> Iterator[bytes]:
    """Yield the demo's photographs as JPEGs of 1280x960."""
    for path in originals()[:24]:
        out = io.BytesIO()
        opened(path.stem).resize((1280, 960), Image.Resampling.BICUBIC).save(out, "JPEG", quality=80)
        yield out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
