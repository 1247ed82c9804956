import pytest


@pytest.fixture
def client(as_role):
    return as_role("curator")


def test_an_import_is_a_job_and_its_file_waits_whole(client, settings):
    lines = b"md5 " + b"ab" * 16 + b"\n"
    job = client.post("/v1/lists/known/imports?why=weekly&accept_torn=1", content=lines)
    assert job.status_code == 202
    told = job.json()
    assert (told["kind"], told["state"]) == ("import", "waiting")
    (upload,) = (settings.home / "uploads").iterdir()
    assert upload.read_bytes() == lines
    assert client.get(f"/v1/jobs/{told['id']}").json()["id"] == told["id"]
    assert [one["id"] for one in client.get("/v1/jobs?kind=import&state=waiting").json()["jobs"]] == [told["id"]]
    assert client.post(f"/v1/jobs/{told['id']}/cancel").json()["state"] == "cancelled"


def test_an_import_may_be_larger_than_any_other_body(client, settings):
    assert client.post("/v1/lists/known/imports", content=bytes(6 << 20)).status_code == 202
    assert [path.stat().st_size for path in (settings.home / "uploads").iterdir()] == [6 << 20]


def test_nothing_is_kept_of_an_upload_for_no_list_or_without_bytes(client, settings):
    assert client.post("/v1/lists/nothing/imports", content=b"x").status_code == 404
    assert client.post("/v1/lists/known/imports", content=b"").status_code == 400
    assert list((settings.home / "uploads").glob("*")) == []


def test_an_export_is_a_job(client):
    told = client.post("/v1/lists/known/exports?format=csv").json()
    assert told["kind"] == "export"
    assert client.get(f"/v1/jobs/{told['id']}/file").status_code == 404


def test_what_is_not_there(client):
    assert client.get("/v1/jobs/nothing").status_code == 404
    assert client.post("/v1/jobs/nothing/cancel").status_code == 404
    assert client.get("/v1/jobs?before=nothing").status_code == 404


def test_what_is_asked_again_with_its_key_is_one_job(client, as_role, settings, services):
    lines = b"md5 " + b"ab" * 16 + b"\n"
    same = {"Idempotency-Key": "a key of the client's"}
    first = client.post("/v1/lists/known/imports", content=lines, headers=same)
    again = client.post("/v1/lists/known/imports", content=lines, headers=same)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert len(list((settings.home / "uploads").iterdir())) == 1
    assert client.post("/v1/lists/known/exports", headers=same).status_code == 400
    mine = {"Idempotency-Key": "another"}
    other = client.post("/v1/lists/known/exports", headers=mine).json()["id"]
    assert client.post("/v1/lists/known/exports", headers=mine).json()["id"] == other
    assert client.post("/v1/lists/known/exports").json()["id"] != other
    assert as_role("administrator").post("/v1/lists/known/exports", headers=mine).status_code in {202, 403}
    assert len([job for job in services.jobs.list() if job.id == other]) == 1
