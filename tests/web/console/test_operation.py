import re

import pytest
from sqlalchemy import text

from web.conftest import ME


def post(client, path, **fields):
    return client.post(path, data={"csrf": client.csrf} | fields)


@pytest.fixture
def job(services):
    return services.jobs.enqueue("export", {"list": "known", "format": "csv"}, ME)


def test_a_job_is_shown_watched_and_cancelled(signed_in, services, job):
    client = signed_in("curator")
    assert job.id in client.get("/jobs").text
    assert "hx-get" in client.get(f"/jobs/{job.id}").text
    piece = client.get(f"/jobs/{job.id}/state").text
    assert "<html" not in piece
    assert post(client, f"/jobs/{job.id}/cancel").status_code == 303
    assert services.jobs.get(job.id).state == "cancelled"
    assert "hx-get" not in client.get(f"/jobs/{job.id}/state").text


def test_a_reader_cancels_nothing_and_fetches_nothing(signed_in, services, job):
    client = signed_in("reader")
    assert post(client, f"/jobs/{job.id}/cancel").status_code == 403
    assert services.jobs.get(job.id).state == "waiting"
    assert client.get(f"/jobs/{job.id}/file").status_code == 403


def test_jobs_follow_each_other(signed_in, services):
    made = [services.jobs.enqueue("compact", {"list": "known"}, ME).id for _ in range(60)]
    client = signed_in("reader")
    first = client.get("/jobs").text
    before = re.search(r"/jobs\?before=(\w+)", first).group(1)
    second = client.get(f"/jobs?before={before}").text
    assert {number for number in made if number in first + second} == set(made)
    assert client.get("/jobs?before=nothing").status_code == 404


def test_an_export_that_is_not_done_has_no_file(signed_in, job):
    assert signed_in("curator").get(f"/jobs/{job.id}/file").status_code == 404


def test_a_webhook_is_registered_and_switched_off(signed_in, services):
    client = signed_in("administrator")
    url = "https://93.184.216.34/told"
    page = post(client, "/webhooks", url=url, events=["job.done"]).text
    secret = re.search(r"whsec_[\w+/=]+", page).group()
    assert secret not in client.get("/webhooks").text
    (hook,) = services.webhooks.list()
    assert post(client, f"/webhooks/{hook.id}/disable").status_code == 303
    assert services.webhooks.get(hook.id).state == "disabled"
    assert url not in str(services.audit.rows(limit=20))


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "https://93.184.216.34/"},
        {"url": "http://127.0.0.1/", "events": ["job.done"]},
        {"url": "ftp://93.184.216.34/", "events": ["job.done"]},
        {"url": "https://93.184.216.34/", "events": ["everything"]},
    ],
)
def test_a_webhook_that_cannot_be_is_told(signed_in, services, fields):
    page = post(signed_in("administrator"), "/webhooks", **fields)
    assert "whsec_" not in page.text
    assert "not fetched" not in page.text  # nothing is: the address is only told
    assert f'value="{fields["url"]}"' in page.text
    assert services.webhooks.list() == ()


def test_the_audit_trail_is_read_page_by_page_and_by_what_it_is_about(signed_in, services):
    for _ in range(30):
        services.jobs.enqueue("compact", {"list": "known"}, ME)
    client = signed_in("auditor")
    first = client.get("/audit?action=job.").text
    assert first.count("job.compact") >= 30
    assert "list.create" not in first
    assert "list.create" in client.get("/audit?target=list:").text
    assert client.get("/audit?before=2").status_code == 200
    assert client.get("/audit?before=x").status_code == 200


def test_the_audit_trail_is_verified(signed_in, services):
    client = signed_in("auditor")
    assert "Sound" in post(client, "/audit/verify").text or "sound" in post(client, "/audit/verify").text
    with services.store.database.writing() as connection:
        connection.execute(text("UPDATE audit SET who = 'somebody else' WHERE number = 2"))
    assert "row 2" in post(client, "/audit/verify").text.lower()


def test_settings_are_shown_without_what_may_be_secret(signed_in, app, services):
    from dataclasses import replace

    services.settings = replace(services.settings, database="postgresql://anna:secret@host/x")
    page = signed_in("auditor").get("/settings").text
    assert "secret" not in page.replace("secrets", "")
    assert "lookups_per_minute" in page.lower()
