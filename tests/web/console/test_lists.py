from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from tutela.model import Grade, Purpose, Threshold
from tutela.model.errors import ListUnknown
from web.conftest import KNOWN

NEW = "00112233445566778899aabbccddeeff"


@pytest.fixture
def client(signed_in):
    return signed_in("curator")


def post(client, path, files=None, **fields):
    return client.post(path, data={"csrf": client.csrf} | fields, files=files)


def test_a_list_is_made_changed_and_removed(client, services):
    fields = {"name": "more", "owner": "us", "purpose": "benign", "distance-pdq": "20", "why": "new"}
    assert post(client, "/lists/new", **fields).headers["location"].startswith("/lists/more")
    info = services.store.info("more")
    assert (info.owner, info.purpose, info.thresholds["pdq"].distance) == ("us", Purpose.BENIGN, 20)
    assert post(client, "/lists/more/edit", owner="them", **{"distance-pdq": "25", "why": "better"}).status_code == 303
    assert services.store.info("more").thresholds["pdq"] == Threshold(25, info.thresholds["pdq"].quality)
    assert post(client, "/lists/more/remove", name="mores", why="old").status_code == 400
    assert post(client, "/lists/more/remove", name="more", why="").status_code == 400
    assert post(client, "/lists/more/remove", name="more", why="old").status_code == 303
    with pytest.raises(ListUnknown):
        services.store.info("more")
    assert [row.why for row in services.audit.rows(target="list:more")] == ["old", "better", "new"]


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "known"},
        {"name": ""},
        {"name": "a/b"},
        {"name": "x", "purpose": "evil"},
        {"name": "x", "distance-pdq": "far"},
        {"name": "x", "distance-pdq": "9" * 30},
    ],
)
def test_a_list_that_cannot_be_is_told_and_the_form_keeps_what_was_typed(client, services, fields):
    answer = post(client, "/lists/new", owner="the desk upstairs", **fields)
    assert answer.status_code == 400
    assert "the desk upstairs" in answer.text
    assert [info.name for info in services.store.lists()] == ["known"]


def test_an_entry_is_added_found_changed_switched_off_restored_and_withdrawn(client, services):
    values = f"md5 {NEW}\n\nPDQ {'0f' * 32}"
    answer = post(client, "/lists/known/add", key="new one", values=values, grade="iwf A", labels="a, b", why="sent")
    place = f"/lists/known/entry?key={quote('new one')}"
    assert answer.headers["location"].startswith(place)
    assert "new one" in client.get("/lists/known", params={"q": NEW}).text
    assert "new one" in client.get("/lists/known", params={"q": "new"}).text
    do = f"/lists/known/entry/{{}}?key={quote('new one')}"
    assert post(client, do.format("change"), grade="iwf B", labels="c").status_code == 303
    told = services.store.entry("known", "new one")
    assert (told.entry.grades, told.entry.labels) == ((Grade("iwf", "B"),), ("c",))
    later = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert post(client, do.format("disable"), until=later, why="a doubt").status_code == 303
    assert services.store.entry("known", "new one").state == "disabled"
    assert post(client, do.format("restore"), why="no doubt").status_code == 303
    assert post(client, do.format("withdraw"), why="").status_code == 400
    assert post(client, do.format("withdraw"), why="wrong").status_code == 303
    page = client.get(place).text
    assert services.store.entry("known", "new one").state == "removed"
    assert "a doubt" in page
    assert "wrong" in page


@pytest.mark.parametrize(
    "fields",
    [
        {"key": "x", "values": "md5 short"},
        {"key": "x", "values": "rot13 00"},
        {"key": "x", "values": ""},
        {"key": "", "values": f"md5 {NEW}"},
        {"key": "x", "values": f"md5 {NEW}", "grade": "A"},
        {"key": "x", "values": "md5 d41d8cd98f00b204e9800998ecf8427e"},
    ],
)
def test_an_entry_that_cannot_be_is_told_and_the_form_keeps_what_was_typed(client, services, fields):
    answer = post(client, "/lists/known/add", source="desk 7", **fields)
    assert answer.status_code == 400, answer.headers
    assert "desk 7" in answer.text
    assert services.store.show("known").entries == 2


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("disable", {"until": "2001-01-01", "why": "x"}),
        ("disable", {"until": "tomorrow", "why": "x"}),
        ("praise", {"why": "x"}),
        ("change", {"grade": "A"}),
    ],
)
def test_what_cannot_be_done_to_an_entry_is_told(client, services, action, fields):
    assert post(client, f"/lists/known/entry/{action}?key=one", **fields).status_code == 400
    assert services.store.entry("known", "one").state == "active"


def test_a_file_is_imported_and_a_list_exported_as_jobs(client, services, settings):
    file = {"file": ("../../list.txt", f"md5 {NEW}\n".encode())}
    answer = post(client, "/lists/known/imports", files=file, why="weekly")
    number = answer.headers["location"].removeprefix("/jobs/")
    job = services.jobs.get(number)
    assert (job.kind, job.by.why, job.arguments["live"]) == ("import", "weekly", True)
    assert [path.name for path in (settings.home / "uploads").iterdir()] == [job.arguments["upload"]]
    whole = post(client, "/lists/known/imports", files=file, whole="1").headers["location"]
    assert services.jobs.get(whole.removeprefix("/jobs/")).arguments["live"] is False
    named = post(client, "/lists/known/imports", files=file, format="text").headers["location"]
    assert services.jobs.get(named.removeprefix("/jobs/")).arguments["format"] == "text"
    assert job.arguments["format"] is None
    assert post(client, "/lists/known/imports", files={"file": ("a", b"")}).status_code == 400
    assert post(client, "/lists/none/imports", files=file).status_code == 404
    made = post(client, "/lists/known/export", format="csv").headers["location"]
    assert services.jobs.get(made.removeprefix("/jobs/")).arguments == {"list": "known", "format": "csv"}


def test_pages_follow_each_other(client, services):
    from tutela.model import Entry, Signal

    services.store.import_entries(
        "known", [Entry(f"k{at:03}", (Signal("md5", at.to_bytes(16, "big")),)) for at in range(1, 121)]
    )
    seen, path = [], "/lists/known?q=k"
    while path:
        page = client.get(path).text
        seen += [f"k{at:03}" for at in range(1, 121) if f">k{at:03}<" in page]
        path = page.split('rel="next"')[0].rpartition('href="')[2].split('"')[0] if 'rel="next"' in page else None
        path = path and path.replace("&amp;", "&")
    assert seen == [f"k{at:03}" for at in range(1, 121)]


def test_values_are_shown_to_whoever_may_see_them(signed_in):
    assert KNOWN.hex() in signed_in("curator").get("/lists/known/entry?key=one").text
    assert KNOWN.hex() not in signed_in("reader").get("/lists/known/entry?key=one").text


def test_a_reader_changes_nothing(signed_in, services):
    reader = signed_in("reader")
    assert post(reader, "/lists/known/entry/withdraw?key=one", why="x").status_code == 403
    assert post(reader, "/lists/new", name="x").status_code == 403
    assert services.store.entry("known", "one").state == "active"


def test_without_the_forms_secret_nothing_is_changed(client, services):
    assert client.post("/lists/known/entry/withdraw?key=one", data={"why": "x"}).status_code == 403
    assert client.post("/lists/known/imports", files={"file": ("a", b"md5 x")}).status_code == 403
    assert services.store.entry("known", "one").state == "active"
    assert services.jobs.list() == ()
