"""`tutela serve`, killed at any moment, keeps what it acknowledged, once; and files of an index that are damaged."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import httpx
import pytest

from cli.running import PROGRAM, environment, run
from cli.test_serve import free_port
from tutela.access.permissions import Role
from tutela.engine.snapshot import UnaskedList
from tutela.jobs import Jobs
from tutela.model import Entry, Signal, read_settings
from tutela.store import Store
from tutela.store.audit import By
from tutela.web.serving import close_services, make_services
from web.conftest import KNOWN, PASSWORD

ME = By("a test", "to see what is left")
LINES = 4000


class Server:
    """The real server: a parent, two web processes and a job process, in a process group of its own."""

    def __init__(self, home, token):
        self._home, self._port = home, free_port()
        self._running = None
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self._port}", timeout=20)
        self.client.headers["authorization"] = f"Bearer {token}"

    def start(self):
        log = (self._home / "server.log").open("ab")
        words = [*PROGRAM, "serve", "--port", str(self._port), "--processes", "2"]
        self._running = subprocess.Popen(
            words, env=environment(self._home), stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        until(lambda: self.ask("GET", "/health/ready"))

    def children(self):
        """Return the ids of the parent's web processes and its job process."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self._running.pid and b"spawn_main" in (place / "cmdline").read_bytes():
                    found.append(int(place.name))
        return sorted(found)

    def kill(self, number, *, whole):
        if whole:
            os.killpg(self._running.pid, signal.SIGKILL)
            self._running.wait(20)
        else:
            children = until(self.children)
            with contextlib.suppress(ProcessLookupError):
                os.kill(children[number % len(children)], signal.SIGKILL)

    def ask(self, method, path, **more):
        """Return the answer of something that succeeded; ``None`` if nothing was acknowledged."""
        with contextlib.suppress(httpx.TransportError):
            answer = self.client.request(method, path, **more)
            assert answer.status_code < 500 or answer.status_code == 503, answer.text
            return answer if answer.is_success else None
        return None

    def end(self):
        if self._running is not None and self._running.poll() is None:
            os.killpg(self._running.pid, signal.SIGKILL)
            self._running.wait(20)
        self.client.close()


def until(condition, seconds=90):
    last = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < last, "it did not come about"
        time.sleep(0.05)
    return found


@pytest.fixture
def server(tmp_path):
    home = tmp_path / "home"
    settings = read_settings({"TUTELA_HOME": str(home), "TUTELA_WORKERS": "1"})
    services = make_services(settings)
    first = services.people.create_first(services.people.first_link(), "root", PASSWORD)
    services.people.set_roles(first.id, set(Role), ME)
    token, _ = services.tokens.make(first.id, "a test", None, 1, ME)
    for name in ("edited", "imported"):
        services.store.create_list(name)
    close_services(services)
    made = Server(home, token)
    made.start()
    yield made
    made.end()


def value(number):
    return f"{number + 1:032x}"


class Editor:
    """Adds and withdraws entries, one after the other, and keeps in mind what was acknowledged."""

    def __init__(self, server):
        self.added, self.withdrawn, self.unsure, self.tried = set(), set(), set(), 0
        self._server, self._ended = server, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._ended.is_set():
            self.tried += 1
            key = f"k{self.tried}"
            entry = {"key": key, "signals": [{"kind": "md5", "value": value(self.tried)}], "why": "new"}
            if not self._server.ask("POST", "/v1/lists/edited/entries", json=entry):
                time.sleep(0.02)
                continue
            self.added.add(key)
            if self.tried % 3 == 0:
                self.unsure.add(key)
                path = f"/v1/lists/edited/entries/{key}/withdraw"
                if self._server.ask("POST", path, json={"why": "an error"}):
                    self.withdrawn.add(key)

    def end(self):
        self._ended.set()
        self._thread.join()


def begin_jobs(server, number, begun):
    """Import a further file and export what is there; whatever was not acknowledged is asked for again."""
    lines = "".join(f"md5 {value(10**6 * (number + 1) + at)}\n" for at in range(LINES))
    for kind, body in (("imports", lines), ("exports", "")):
        headers = {"idempotency-key": f"{kind}-{number}"}
        path = f"/v1/lists/imported/{kind}"
        for _ in range(2):
            answer = server.ask("POST", path, content=body.encode(), headers=headers)
            if answer:
                begun.setdefault(kind, {})[number] = answer.json()["id"]


@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.parametrize("whole", [False, True], ids=["one process", "all of them"])
def test_killed_while_lists_change_and_jobs_run(server, tmp_path, whole):
    chance, begun, editor = random.Random(5 + whole), {}, Editor(server)
    for number in range(5):
        begin_jobs(server, number, begun)
        time.sleep(chance.uniform(0.1, 1.5))
        server.kill(number, whole=whole)
        if whole:
            server.start()
    editor.end()
    for jobs in begun.values():
        for job in jobs.values():
            until(lambda job=job: (told := server.ask("GET", f"/v1/jobs/{job}")) and told.json()["state"] == "done")
    assert len(editor.added) > 10
    assert editor.withdrawn
    check_edits(server, editor)
    server.end()
    check_store(tmp_path / "home", begun)
    ended = run(tmp_path / "home", "audit", "verify")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def check_edits(server, editor):
    """Every edit that was acknowledged is there and matched; none that was not is there by half."""
    asked = {"kind": "md5", "values": [value(number) for number in range(1, editor.tried + 1)]}
    results = server.ask("POST", "/v1/lookup", json=asked).json()["results"]
    met = {f"k{number}" for number, one in enumerate(results, 1) if one["hits"]}
    assert editor.added - editor.unsure - met == set()
    assert editor.withdrawn & met == set()
    assert all(len(one["hits"]) <= 1 for one in results)
    for number in range(1, editor.tried + 1):
        told = server.ask("GET", f"/v1/lists/edited/entries/k{number}")
        assert told or f"k{number}" not in editor.added
        if told:
            away = told.json()["state"] == "removed"
            assert away is (f"k{number}" not in met)
            assert away or f"k{number}" not in editor.withdrawn


def check_store(home, begun):
    """What was imported is there once, the audit trail tells of each change once, and exports are whole files."""
    with Store.open(home) as store:
        imported, exported = begun["imports"], begun["exports"]
        jobs = Jobs(store.database, home)
        kinds = [job.kind for job in jobs.list(limit=1000)]
        assert kinds.count("import") <= 5
        assert kinds.count("export") <= 5
        assert store.show("imported").entries == LINES * kinds.count("import")
        assert len(imported) <= kinds.count("import")
        for job in exported.values():
            lines = jobs.file(job).read_text().splitlines()
            assert len(lines) % 2000 <= 1  # steps of an import, and a line of headings
            assert len(set(lines)) == len(lines)
        edited = store.show("edited")
    rows = [json.loads(line) for line in run(home, "audit", "show", "--limit", 100_000).stdout.splitlines()]
    assert sum(row["after"]["added"] for row in rows if row["action"] == "list.import") == LINES * kinds.count("import")
    actions = [row["action"] for row in rows]
    assert actions.count("entry.add") == edited.entries + edited.removed
    assert actions.count("entry.withdraw") == edited.removed
    for action in ("job.import", "job.export", "job.done"):
        targets = [row["target"] for row in rows if row["action"] == action]
        assert len(set(targets)) == len(targets), action


# ---------------------------------------------------------------------------------------------------- damaged files
OTHER = bytes(range(1, 17))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.stat().st_size}  # but for the lock


def put(folder, files):
    """Have a folder hold these files, each a new one, what names the others last."""
    shutil.rmtree(folder)
    folder.mkdir()
    for name in sorted(files, key=lambda name: (name == "manifest.json", name)):
        (folder / name).write_bytes(files[name])


def flipped(data):
    place = random.Random(len(data)).randrange(len(data))
    return data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :]


@pytest.fixture
def at_once(monkeypatch):
    """A reader looks for a newer state of an index at every look-up, and not once in a moment."""
    monkeypatch.setattr("tutela.index.folder.REFRESH", 0.0)


def two_states(services):
    """Return the files of a list before and after a change."""
    path = services.store.snapshot_path("known")
    services.store.publish("known")
    before = contents(path)
    many = [Entry(f"m{number}", (Signal("md5", bytes.fromhex(value(number))),)) for number in range(5000)]
    services.store.import_entries("known", [Entry("three", (Signal("md5", OTHER),)), *many], by=ME)
    services.store.withdraw("known", ["two"], by=ME)
    services.store.publish("known")
    return path, before, contents(path)


def test_a_byte_that_fell_over_is_named_and_the_last_good_state_stays_in_use(services, as_role, at_once):
    path, before, after = two_states(services)
    client = as_role("analyst")
    parts = json.dumps(json.loads(after["manifest.json"].splitlines()[0])["parts"])
    fresh = [name for name in after if before.get(name) != after[name] and (name in parts or name == "manifest.json")]
    assert len(fresh) >= 3
    for name in fresh:
        put(path, before)
        services.matching._lists = {}
        services.matching.refresh()
        put(path, after | {name: flipped(after[name])})
        told = client.get("/v1/lookup", params={"kind": "md5", "value": KNOWN.hex()}).json()
        assert [hit["entry"] for hit in told["hits"]] == ["one"], name
        assert told["versions"] == {"known": 1}, name
        assert "'known' is damaged" in told["problems"][0]["message"], name
        assert client.get("/health/ready").json()["checks"]["lists"] is False, name
        assert "tutela_list_problems 1" in client.get("/metrics").text, name
    put(path, after)
    told = client.get("/v1/lookup", params={"kind": "md5", "value": OTHER.hex()}).json()
    assert [hit["entry"] for hit in told["hits"]] == ["three"]
    assert client.get("/health/ready").status_code == 200


def test_a_server_that_starts_on_a_damaged_list_says_so_and_never_answers_wrongly(services, as_role, at_once):
    path, _, after = two_states(services)
    client, found = as_role("analyst"), 0
    for name in sorted(after):
        put(path, after | {name: flipped(after[name])})
        services.matching._lists = {}
        services.matching.refresh()
        (asked,) = services.matching.lists()
        told = client.post("/v1/lookup", json={"kind": "md5", "values": [KNOWN.hex(), OTHER.hex(), "f" * 32]}).json()
        met = [[hit["entry"] for hit in one["hits"]] for one in told["results"]]
        named = all("known" in one["problems"][0]["message"] for one in told["results"] if one["problems"])
        problems = [bool(one["problems"]) for one in told["results"]]
        assert named, name
        right = [["one"], ["three"], []]
        assert all(problem or hits == wanted for hits, problem, wanted in zip(met, problems, right, strict=True)), name
        if isinstance(asked, UnaskedList):
            assert client.get("/health/ready").status_code == 503
        found += any(problems)
    assert found >= len(after) // 2
