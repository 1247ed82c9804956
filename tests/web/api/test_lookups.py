import pytest

from web.conftest import KNOWN, PDQ


@pytest.fixture
def client(as_role):
    return as_role("matcher")


def near(bits, value=PDQ):
    """A value that differs in this many bits."""
    return (int.from_bytes(value) ^ ((1 << bits) - 1)).to_bytes(32)


def test_a_value_that_is_listed_is_told_with_its_provenance(client):
    told = client.get("/v1/lookup", params={"kind": "md5", "value": KNOWN.hex()}).json()
    assert told["verdict"]["name"] == "known"
    (hit,) = told["hits"]
    assert (hit["list"], hit["list_version"], hit["entry"], hit["distance"]) == ("known", 1, "one", 0)
    assert (hit["grades"], hit["source"], hit["orientation"]) == (
        [{"scheme": "demo", "code": "A"}],
        "desk 3",
        "original",
    )
    assert told["versions"] == {"known": 1}


def test_a_value_that_is_not_is_told_so(client):
    told = client.get("/v1/lookup", params={"kind": "md5", "value": "00" * 16}).json()
    assert (told["verdict"]["name"], told["hits"]) == ("nothing-found", [])


@pytest.mark.parametrize(("bits", "met"), [(0, True), (31, True), (32, False)])
def test_near_values_meet_within_the_threshold(client, bits, met):
    told = client.get("/v1/lookup", params={"kind": "pdq", "value": near(bits).hex()}).json()
    assert [hit["distance"] for hit in told["hits"]] == ([bits] if met else [])


def test_a_value_of_poor_quality_is_not_asked(client, services):
    from tutela.model import Threshold

    services.store.create_list("strict", thresholds={"pdq": Threshold(31, 50)})
    services.matching.refresh()
    asked = {"kind": "pdq", "value": PDQ.hex(), "quality": 49, "lists": "strict"}
    assert client.get("/v1/lookup", params=asked).json()["hits"] == []


def test_many_at_once_each_for_itself(client):
    signals = [
        {"kind": "md5", "value": KNOWN.hex()},
        {"kind": "pdq", "value": near(3).hex()},
        {"kind": "md5", "value": "00" * 16},
    ]
    told = client.post("/v1/lookup", json={"signals": signals}).json()
    assert [[hit["entry"] for hit in one["hits"]] for one in told["results"]] == [["one"], ["two"], []]


def test_many_of_one_kind_in_a_row(client):
    values = [near(bits).hex() for bits in range(0, 100, 10)] * 20
    told = client.post("/v1/lookup", json={"kind": "pdq", "values": values, "lists": ["known"]}).json()
    assert [len(one["hits"]) for one in told["results"]] == [1, 1, 1, 1, 0, 0, 0, 0, 0, 0] * 20


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"kind": "md5"},
        {"value": "00" * 16},
        {"kind": "colour", "value": "00"},
        {"kind": "md5", "value": "00"},
        {"kind": "md5", "value": "zz" * 16},
        {"kind": "pdq", "value": "00" * 32, "quality": "best"},
        {"kind": "pdq", "value": "00" * 32, "quality": "101"},
        {"kind": "pdq", "value": "00" * 32, "quality": "00100"},
    ],
)
def test_a_request_that_cannot_be_is_told_what_is_wrong(client, query):
    answer = client.get("/v1/lookup", params=query)
    assert answer.status_code == 400
    assert answer.json()["type"].startswith("urn:tutela:problem:")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"signals": []}',
        b'{"signals": 7}',
        b'{"signals": [7]}',
        b'{"signals": [{"kind": "md5", "value": 7}]}',
        b'{"signals": [{"kind": "md5", "value": "00000000000000000000000000000000", "quality": true}]}',
        b'{"kind": "md5", "values": [7]}',
        b'{"kind": "md5", "values": ["00"], "lists": "known"}',
        b'{"kind": "md5", "values": ["00000000000000000000000000000000"], "lists": [7]}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_body_that_cannot_be_is_told_what_is_wrong(client, body):
    assert client.post("/v1/lookup", content=body).status_code == 400


def test_too_many_at_once_are_refused(client):
    assert client.post("/v1/lookup", json={"kind": "md5", "values": ["00" * 16] * 10_001}).status_code == 400


def test_a_list_that_is_not_there_is_told(client):
    for answer in (
        client.get("/v1/lookup", params={"kind": "md5", "value": "00" * 16, "lists": "nothing"}),
        client.post("/v1/lookup", json={"kind": "md5", "values": ["00" * 16], "lists": ["nothing"]}),
    ):
        assert answer.status_code == 404
        assert "nothing" in answer.json()["detail"]


def test_what_hit_is_in_the_audit_trail_before_it_is_told_and_without_its_value(client, services):
    answer = client.get("/v1/lookup", params={"kind": "md5", "value": KNOWN.hex()})
    (row,) = services.audit.rows(action="match.hit")
    assert row.request == answer.headers["x-request-id"]
    assert (row.target, row.after["distance"], row.after["version"]) == ("list:known", 0, 1)
    assert services.store.entry("known", "one").number == row.after["entry"]
    assert KNOWN.hex() not in str(row)


def test_what_missed_is_counted_and_not_written_down(client, services, people):
    client.get("/v1/lookup", params={"kind": "md5", "value": "00" * 16})
    assert services.audit.rows(action="match.") == ()
    services.usage.write()
    assert [(one.what, one.count) for one in services.usage.since(0, people["matcher"].id)] == [("lookups", 1)]


def test_a_change_is_seen_at_once_in_the_process_that_made_it(client, services):
    from tutela.model import Entry, Signal

    value = bytes(range(100, 116))
    services.store.add_entry("known", Entry("fresh", (Signal("md5", value),)))
    told = {"hits": []}
    for _ in range(200):  # a look at the files is at most a moment old
        told = client.get("/v1/lookup", params={"kind": "md5", "value": value.hex()}).json()
        if told["hits"]:
            break
    assert told["versions"] == {"known": 2}
    assert told["hits"][0]["entry"] == "fresh"


def test_both_ways_to_a_look_up_answer_alike(app, client):
    """The framework's own routes, which describe the API, are what the direct way answers by."""
    direct = app.middleware_stack
    asked = {"kind": "md5", "value": KNOWN.hex()}
    fast = client.get("/v1/lookup", params=asked).json()
    slow = client.get("/v1/lookup?", params=asked, headers={"x-other": "way"}).json()
    assert direct is not None
    assert fast == slow


def test_lists_can_be_asked_as_they_were(client, services):
    import time
    from datetime import UTC, datetime

    from tutela.store.audit import By

    time.sleep(1.1)  # versions are told apart by the second
    before = datetime.now(UTC)
    time.sleep(1.1)
    services.store.withdraw("known", ["one"], by=By("a test", "an error"))
    asked = {"kind": "md5", "value": KNOWN.hex()}
    for _ in range(2):
        then = client.get("/v1/lookup", params=asked | {"at": before.isoformat()}).json()
        assert ([hit["entry"] for hit in then["hits"]], then["versions"]) == (["one"], {"known": 1})
    now = client.get("/v1/lookup", params=asked | {"at": datetime.now(UTC).isoformat()}).json()
    assert (now["hits"], now["versions"]) == ([], {"known": 2})
    assert client.get("/v1/lookup", params=asked | {"at": "yesterday"}).status_code == 400
