from datetime import UTC, datetime, timedelta

import pytest

from web.conftest import KNOWN

ENTRY = {
    "key": "report/4711 é",
    "signals": [{"kind": "md5", "value": "ab" * 16}],
    "grades": [{"scheme": "iwf", "code": "B"}],
    "labels": ["x", "y"],
    "source": "desk",
    "why": "a report",
}


@pytest.fixture
def client(as_role):
    return as_role("curator")


def asked(client, value):
    """The entries that a value meets, once the process has seen its lists as they are."""
    import time

    time.sleep(0.3)
    return [hit["entry"] for hit in client.get("/v1/lookup", params={"kind": "md5", "value": value}).json()["hits"]]


def test_an_entry_from_beginning_to_end(client):
    assert client.post("/v1/lists/known/entries", json=ENTRY).status_code == 201
    assert asked(client, "ab" * 16) == [ENTRY["key"]]
    place = "/v1/lists/known/entries/report/4711%20%C3%A9"
    graded = client.patch(place, json={"grades": [{"scheme": "iwf", "code": "A"}], "why": "seen again"}).json()
    assert (graded["grades"], graded["labels"]) == ([{"scheme": "iwf", "code": "A"}], ["x", "y"])
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    off = client.post(f"{place}/disable", json={"until": until, "why": "a doubt"}).json()
    assert off["state"] == "disabled"
    assert asked(client, "ab" * 16) == []
    assert client.post(f"{place}/restore", json={"why": "no doubt"}).json()["state"] == "active"
    assert asked(client, "ab" * 16) == [ENTRY["key"]]
    gone = client.post(f"{place}/withdraw", json={"why": "an error"}).json()
    assert (gone["state"], gone["reason"]) == ("removed", "an error")
    assert asked(client, "ab" * 16) == []
    told = client.get(f"{place}/history").json()["history"]
    assert [one["why"] for one in told] == ["an error", "no doubt", "a doubt", "seen again", "a report"]
    assert [one["entry"] is None for one in told] == [True, False, True, False, False]


def test_values_are_shown_only_to_whoever_may_see_them(as_role):
    assert "signals" not in as_role("reader").get("/v1/lists/known/entries/one").json()
    told = as_role("analyst").get("/v1/lists/known/entries/one").json()
    assert told["signals"] == [{"kind": "md5", "value": KNOWN.hex(), "quality": None}]


def test_pages_follow_each_other(client):
    for number in range(5):
        entry = ENTRY | {"key": f"k{number}", "signals": [{"kind": "md5", "value": f"{number + 1:032x}"}]}
        client.post("/v1/lists/known/entries", json=entry)
    seen, after = [], None
    while True:
        query = {"limit": 2, "prefix": "k"} | ({} if after is None else {"after": after})
        page = client.get("/v1/lists/known/entries", params=query).json()
        seen += [one["key"] for one in page["entries"]]
        after = page["next"]
        if after is None:
            break
    assert seen == ["k0", "k1", "k2", "k3", "k4"]


def test_several_are_withdrawn_with_one_reason(client, services):
    assert client.post(
        "/v1/lists/known/entries/withdraw", json={"keys": ["one", "two", "three"], "why": "x"}
    ).json() == {"withdrawn": 2}
    (row,) = services.audit.rows(action="entry.withdraw")
    assert (row.why, row.after["removed"]) == ("x", 2)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "", ENTRY | {"signals": []}, 422),
        ("POST", "", ENTRY | {"signals": [{"kind": "md5", "value": "00"}]}, 400),
        ("POST", "", ENTRY | {"signals": [{"kind": "md5", "value": "d41d8cd98f00b204e9800998ecf8427e"}]}, 400),
        ("POST", "", ENTRY | {"key": ""}, 422),
        ("PATCH", "/one", {}, 400),
        ("PATCH", "/nothing", {"labels": []}, 404),
        ("POST", "/one/withdraw", {"why": ""}, 422),
        ("POST", "/nothing/withdraw", {"why": "x"}, 404),
        ("POST", "/one/disable", {"until": "2020-01-01T00:00:00Z", "why": "x"}, 400),
        ("POST", "/one/disable", {"until": "tomorrow", "why": "x"}, 422),
        ("GET", "/nothing", None, 404),
        ("GET", "/nothing/history", None, 404),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(client, services, method, path, body, status):
    before = services.store.info("known").version
    answer = client.request(method, f"/v1/lists/known/entries{path}", json=body)
    assert answer.status_code == status
    assert services.store.info("known").version == before
