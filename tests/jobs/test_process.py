"""Killed at any moment, the job process loses nothing and does nothing twice."""

import http.server
import random
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from jobs.conftest import ME, ended, lines, until, upload
from tutela import exchange
from tutela.access.trail import AuditTrail
from tutela.exchange.guarded import GuardedClient
from tutela.jobs import Webhooks, run_jobs
from tutela.jobs.process import job_process_alive
from tutela.jobs.webhooks import signature
from tutela.model.errors import JobsRunning


def importing(settings, jobs, number, *, live, name="a file"):
    arguments = {"list": "known", "upload": upload(settings, lines(number), name), "format": None, "live": live}
    return jobs.enqueue("import", arguments, ME)


def test_an_import_an_export_and_a_clean_end(settings, store, jobs, process):
    job = importing(settings, jobs, 3000, live=False)
    process.start()
    done = ended(jobs, job)
    assert (done.state, done.error) == ("done", None)
    assert (done.result["added"], done.result["version"], done.done) == (3000, 1, 3000)
    assert store.show("known").entries == 3000
    export = ended(jobs, jobs.enqueue("export", {"list": "known", "format": "csv"}, ME))
    assert jobs.file(export.id).read_text().count("\n") >= 3000
    assert job_process_alive(settings.home)
    with pytest.raises(JobsRunning):
        run_jobs(settings)
    process.end()
    assert not job_process_alive(settings.home)
    assert AuditTrail(store.database, settings.home).verify().sound


@pytest.mark.slow
@pytest.mark.parametrize("live", [True, False])
def test_killed_again_and_again_during_an_import(settings, store, jobs, process, live):
    chance = random.Random(11 + live)
    job = importing(settings, jobs, 40_000, live=live)
    for _ in range(8):
        process.start()
        time.sleep(chance.uniform(0.8, 2.2))
        process.kill()
        entries = store.show("known").entries
        assert entries in {0, 40_000} if not live else entries % 2000 == 0
    process.start()
    done = ended(jobs, job)
    assert done.state == "done", done.error
    assert done.result["added"] == 40_000
    assert store.show("known").entries == 40_000
    rows = list(AuditTrail(store.database, settings.home).rows(action="list.import", limit=1000))
    assert sum(row.after["added"] for row in rows) == 40_000
    assert len(rows) == (20 if live else 1)
    assert len(AuditTrail(store.database, settings.home).rows(action="job.done")) == 1
    process.end()
    assert AuditTrail(store.database, settings.home).verify().sound


def test_a_job_can_be_cancelled_while_it_waits_and_while_it_runs(settings, store, jobs, process):
    waiting = importing(settings, jobs, 10, live=False)
    assert jobs.cancel(waiting.id, ME).state == "cancelled"
    running = importing(settings, jobs, 400_000, live=False, name="a large file")
    process.start()
    until(lambda: jobs.get(running.id).done > 0)
    jobs.cancel(running.id, ME)
    assert ended(jobs, running).state == "cancelled"
    assert store.show("known").entries == 0
    assert store.info("known").version == 0


@pytest.mark.parametrize(
    ("text", "words"), [("no list at all", "The file is of no list format"), ("", "The file is of no list format")]
)
def test_a_file_that_cannot_be_imported(settings, jobs, process, text, words):
    job = jobs.enqueue("import", {"list": "known", "upload": upload(settings, text), "format": None}, ME)
    gone = jobs.enqueue("import", {"list": "known", "upload": "gone", "format": None}, ME)
    process.start()
    failed = ended(jobs, job)
    assert failed.state == "failed"
    assert words in failed.error
    assert str(settings.home) not in failed.error
    assert "upload it again" in ended(jobs, gone).error


def test_what_is_switched_off_comes_back_by_itself(settings, store, process):
    store.import_entries("known", exchange.read(settings.home / "uploads" / upload(settings, lines(2))))
    key = store.page("known").entries[0].entry.key
    store.disable_entry("known", key, datetime.now(UTC) + timedelta(seconds=1), by=ME)
    assert store.show("known").entries == 1
    process.start()
    until(lambda: store.show("known").entries == 2)


class Receiver:
    """A server that takes deliveries; the first ``failures`` of them it refuses."""

    def __init__(self, failures=0):
        self.taken, self.refused, self._failures = [], 0, failures
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                if outer.refused < outer._failures:
                    outer.refused += 1
                    self.send_response(503)
                else:
                    outer.taken.append((dict(self.headers), body))
                    self.send_response(204)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def end(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver(process):
    made = Receiver(failures=2)
    process.ports.add(made.port)
    yield made
    made.end()


def test_a_webhook_is_told_until_it_listens_and_can_tell_that_it_is_us(settings, store, jobs, process, receiver):
    client = GuardedClient(allowed=frozenset({"127.0.0.1"}), ports=frozenset({receiver.port}))
    hooks = Webhooks(store.database, client)
    hook, secret = hooks.register(f"http://127.0.0.1:{receiver.port}/told", ["job.done"], ME)
    process.start()
    ended(jobs, importing(settings, jobs, 10, live=False))
    until(lambda: receiver.taken)
    headers, body = receiver.taken[0]
    number, moment = headers["webhook-id"], int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == signature(secret, number, moment, body)
    assert b'"type":"job.done"' in body
    assert b'"state":"done"' in body
    assert receiver.refused == 2
    until(lambda: hooks.get(hook.id).waiting == 0)
    assert (len(receiver.taken), hooks.get(hook.id).failed) == (1, 0)


@pytest.mark.slow
def test_a_kill_while_webhooks_are_told_loses_none(settings, store, jobs, process, receiver):
    client = GuardedClient(allowed=frozenset({"127.0.0.1"}), ports=frozenset({receiver.port}))
    Webhooks(store.database, client).register(f"http://127.0.0.1:{receiver.port}/", ["list.changed"], ME)
    chance = random.Random(3)
    for number in range(6):
        store.change_list("known", owner=f"owner {number}")
        process.start()
        time.sleep(chance.uniform(0.6, 2.0))
        process.kill()
    process.start()
    wanted = {f'"version":{number + 1}' for number in range(6)}
    until(lambda: {word for word in wanted for _, body in receiver.taken if word.encode() in body} == wanted)
    told = {}
    for headers, body in receiver.taken:  # what is sent twice has one id
        told.setdefault(body.split(b'"data"')[1], set()).add(headers["webhook-id"])
    assert all(len(ids) == 1 for ids in told.values())
