import os
import time
from dataclasses import replace

import pytest
from sqlalchemy import update

from jobs.conftest import ME, lines, upload
from tutela.access.sessions import Sessions
from tutela.access.trail import AuditTrail
from tutela.jobs.work import Context, work
from tutela.model.errors import FormatUnknown, ImportTorn, UsageError
from tutela.store.entry_rows import precise_now
from tutela.store.job_tables import jobs as table


@pytest.fixture
def context(settings, store):
    return Context(settings, store, AuditTrail(store.database, settings.home), Sessions(store.database, settings))


def test_an_import_that_had_committed_is_not_done_again(context, settings, store, jobs):
    job = jobs.enqueue("import", {"list": "known", "upload": upload(settings, lines(5)), "format": None}, ME)
    first = work(context, job)
    again = work(context, jobs.get(job.id))
    assert first["added"] == again["added"] == 5
    assert store.info("known").version == 1
    assert not list((settings.home / "uploads").iterdir())


def test_a_live_import_goes_on_behind_what_it_had_committed(context, settings, store, jobs, monkeypatch):
    monkeypatch.setattr("tutela.jobs.work.LIVE", 4)
    job = jobs.enqueue("import", {"list": "known", "upload": upload(settings, lines(10)), "live": True}, ME)
    real, calls = store.import_entries, []

    def dies_at_the_third(*args, **more):
        calls.append(None)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*args, **more)

    monkeypatch.setattr(store, "import_entries", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        work(context, job)
    assert store.show("known").entries == 8
    monkeypatch.setattr(store, "import_entries", real)
    assert work(context, jobs.get(job.id))["added"] == 10
    assert (store.show("known").entries, store.info("known").version) == (10, 3)


def test_lines_that_are_not_taken_are_told_by_number_and_reason(context, settings, jobs):
    text = lines(2) + "md5 zz\n" + "md5 d41d8cd98f00b204e9800998ecf8427e\n"
    job = jobs.enqueue("import", {"list": "known", "upload": upload(settings, text), "format": "text"}, ME)
    told = work(context, job)
    assert (told["added"], told["rejected"]) == (2, 2)
    assert [one["line"] for one in told["rejected_lines"]] == [3, 4]


def test_a_torn_file_changes_nothing_unless_it_may(context, settings, store, jobs):
    torn = '{"key": "a", "signals": [{"kind": "md5", "value": "' + "ab" * 16 + '"}]}\n{"key": "b", "sig'
    for accept, entries in ((False, 0), (True, None)):
        name = upload(settings, torn, f"torn {accept}")
        job = jobs.enqueue("import", {"list": "known", "upload": name, "format": "jsonl", "accept_torn": accept}, ME)
        try:
            work(context, job)
        except ImportTorn:
            assert not accept
        if entries is not None:
            assert store.show("known").entries == entries


def test_an_export_appears_whole_and_is_for_its_owner_only(context, settings, store, jobs):
    work(context, jobs.enqueue("import", {"list": "known", "upload": upload(settings, lines(3)), "format": None}, ME))
    job = jobs.enqueue("export", {"list": "known", "format": "csv"}, ME)
    told = work(context, job)
    path = settings.home / "exports" / told["file"]
    assert told["entries"] == 3
    assert path.stat().st_size == told["bytes"]
    assert (settings.home / "exports").stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError, match="there are"):
        work(context, jobs.enqueue("export", {"list": "known", "format": "tea"}, ME))
    assert [one.name for one in (settings.home / "exports").iterdir()] == [path.name]
    assert store


def test_a_file_of_no_form_is_told_without_the_servers_paths(context, settings, jobs):
    job = jobs.enqueue("import", {"list": "known", "upload": upload(settings, "tea"), "format": None}, ME)
    with pytest.raises(FormatUnknown) as told:
        work(context, job)
    assert str(settings.home) not in str(told.value)


def test_compaction_changes_no_answer(context, settings, store, jobs):
    for start in range(0, 500, 100):
        name = upload(settings, lines(100, start), f"part {start}")
        work(context, jobs.enqueue("import", {"list": "known", "upload": name, "format": None}, ME))
    value = (250).to_bytes(16)
    before = store.find("known", "md5", value)
    assert work(context, jobs.enqueue("compact", {"list": "known"}, ME))["bytes"] > 0
    assert store.find("known", "md5", value) == before != ()


def test_what_has_had_its_time_goes_and_what_is_wanted_stays(context, settings, jobs):
    old = time.time() - 40 * 86_400
    kept = upload(settings, "x", "wanted")
    jobs.enqueue("import", {"list": "known", "upload": kept, "format": None}, ME)
    gone = upload(settings, "x", "left over")
    fresh = upload(settings, "x", "fresh")
    for name in (kept, gone):
        os.utime(settings.home / "uploads" / name, (old, old))
    told = work(context, jobs.enqueue("retain", {}, ME))
    assert told["uploads"] == 1
    assert {path.name for path in (settings.home / "uploads").iterdir()} == {kept, fresh}


def test_audit_rows_are_cut_only_if_a_setting_says_so(context, settings, jobs):
    work(context, jobs.enqueue("checkpoint", {}, ME))
    assert work(context, jobs.enqueue("retain", {}, ME))["audit_rows"] == 0
    context.settings = replace(settings, server=replace(settings.server, audit_days=30))
    assert work(context, jobs.enqueue("retain", {}, ME))["audit_rows"] == 0  # nothing is as old
    assert context.trail.verify().sound


def test_jobs_that_ended_long_ago_are_named_no_longer(context, store, jobs):
    long_ago, lately, waiting = (jobs.enqueue("compact", {"list": "known"}, ME) for _ in range(3))
    with store.database.writing() as connection:
        for job, days in ((long_ago, 91), (lately, 89)):
            ended = precise_now() - days * 86_400_000_000
            connection.execute(update(table).where(table.c.id == job.id).values(state="done", ended=ended))
    work(context, jobs.enqueue("retain", {}, ME))
    assert {job.id for job in jobs.list(kind="compact")} == {lately.id, waiting.id}
