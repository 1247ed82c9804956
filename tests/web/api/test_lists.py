from datetime import UTC, datetime, timedelta


def test_a_list_from_beginning_to_end(as_role):
    client = as_role("curator")
    made = client.post(
        "/v1/lists", json={"name": "desk", "owner": "us", "thresholds": {"pdq": {"distance": 20}}, "why": "new"}
    )
    assert made.status_code == 201
    assert made.json()["thresholds"] == {"pdq": {"distance": 20, "quality": 0}}
    changed = client.patch("/v1/lists/desk", json={"owner": "them", "thresholds": {}})
    assert (changed.json()["owner"], changed.json()["version"], changed.json()["thresholds"]) == ("them", 1, {})
    assert [one["name"] for one in client.get("/v1/lists").json()["lists"]] == ["desk", "known"]
    assert client.get("/v1/lookup", params={"kind": "md5", "value": "00" * 16, "lists": "desk"}).status_code == 200
    assert client.request("DELETE", "/v1/lists/desk", json={"why": "over"}).status_code == 204
    assert client.get("/v1/lists/desk").status_code == 404
    assert client.get("/v1/lookup", params={"kind": "md5", "value": "00" * 16, "lists": "desk"}).status_code == 404


def test_every_change_is_told_in_the_audit_trail(as_role, services, people):
    client = as_role("curator")
    answer = client.post("/v1/lists", json={"name": "desk", "why": "a new desk"})
    (row,) = services.audit.rows(action="list.create", target="list:desk")
    assert row.who.startswith(f"account {people['curator'].id} (curator), token ")
    assert (row.why, row.request) == ("a new desk", answer.headers["x-request-id"])


def test_a_name_that_is_taken_or_cannot_be(as_role):
    client = as_role("curator")
    assert client.post("/v1/lists", json={"name": "known"}).status_code == 409
    assert client.post("/v1/lists", json={"name": "../x"}).status_code == 422
    assert client.post("/v1/lists", json={"name": "x", "thresholds": {"colour": {"distance": 3}}}).status_code == 400


def test_versions_and_which_was_in_force_when(as_role, services):
    client = as_role("curator")
    now = datetime.now(UTC)
    services.store.change_list("known", owner="another")
    told = client.get("/v1/lists/known/versions").json()["versions"]
    assert [one["version"] for one in told] == [2, 1, 0]
    later = client.get("/v1/lists/known/versions", params={"at": (now + timedelta(hours=1)).isoformat()})
    assert [one["version"] for one in later.json()["versions"]] == [2]
    before = client.get("/v1/lists/known/versions", params={"at": (now - timedelta(days=1)).isoformat()})
    assert before.status_code == 404
