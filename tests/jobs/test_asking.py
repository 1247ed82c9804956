import pytest

from jobs.conftest import ME
from tutela.model.errors import JobUnknown, UsageError


def test_jobs_are_named_newest_first_and_page_by_page(jobs):
    made = [jobs.enqueue("compact", {"list": f"l{number}"}, ME).id for number in range(5)]
    first = jobs.list(limit=2)
    rest = jobs.list(before=first[-1].id)
    assert [job.id for job in (*first, *rest)] == made[::-1]
    assert jobs.list(kind="import") == ()
    assert len(jobs.list(state="waiting", kind="compact")) == 5


def test_a_job_tells_who_wants_it_and_why(jobs, store):
    job = jobs.enqueue("export", {"list": "known", "format": "csv"}, ME)
    assert (job.state, job.who, job.by.why, job.over) == ("waiting", "a test", "to see it work", False)
    from tutela.store.audit import rows

    with store.database.reading() as connection:
        (row,) = rows(connection, action="job.export")
    assert (row.target, row.after) == (f"job:{job.id}", {"list": "known"})


def test_what_waits_is_cancelled_at_once_and_once(jobs, store):
    job = jobs.enqueue("compact", {"list": "known"}, ME)
    assert jobs.cancel(job.id, ME).state == jobs.cancel(job.id, ME).state == "cancelled"
    from tutela.store.audit import rows

    with store.database.reading() as connection:
        assert len(rows(connection, action="job.cancel")) == 1


def test_what_is_not_there(jobs):
    for ask in (
        lambda: jobs.get("x"),
        lambda: jobs.cancel("x", ME),
        lambda: jobs.file("x"),
        lambda: jobs.list(before="x"),
    ):
        with pytest.raises(JobUnknown):
            ask()
    with pytest.raises(UsageError, match="there are import"):
        jobs.enqueue("dance", {}, ME)
    job = jobs.enqueue("compact", {"list": "known"}, ME)
    with pytest.raises(JobUnknown):
        jobs.file(job.id)
