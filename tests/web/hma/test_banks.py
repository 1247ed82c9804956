import time

import pytest

from tutela.access.trail import AuditTrail
from tutela.model import Entry, Purpose, Signal

MD5 = Signal("md5", bytes(range(16)))


def test_a_bank_is_a_list(server, client):
    client.post("/c/banks", json={"name": "COOP_ORG1_A"})
    info = server.store.info("coop_org1_a")
    assert info.purpose is Purpose.KNOWN
    server.store.create_list("ncmec-npo", by=server.by)
    assert [bank["name"] for bank in client.get("/c/banks").json()] == ["COOP_ORG1_A", "NCMEC_NPO"]


@pytest.mark.parametrize(
    ("asked", "ratio"),
    [
        ({}, 1.0),
        ({"enabled": False}, 0.0),
        ({"enabled": True}, 1.0),
        ({"enabled": False, "enabled_ratio": 0.3}, 0.3),
        ({"enabled_ratio": "0.25"}, 0.25),
        ({"enabled_ratio": None}, 1.0),
    ],
)
def test_the_ratio_of_a_new_bank(server, client, asked, ratio):
    assert client.post("/c/banks", json={"name": "A"} | asked).json()["matching_enabled_ratio"] == ratio
    assert client.get("/c/bank/A").json() == {"name": "A", "matching_enabled_ratio": ratio}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"enabled_ratio": 7}, 400),
        ({"enabled_ratio": -0.1}, 400),
        ({"enabled_ratio": "nan"}, 422),
        ({"enabled_ratio": "inf"}, 400),
        ({"enabled_ratio": "x"}, 422),
        ({"enabled_ratio": []}, 422),
        ({"enabled": "no"}, 422),
        ({"name": 5}, 422),
        ({"name": "A" * 65}, 400),
    ],
)
def test_what_cannot_be_a_bank_is_refused(server, client, asked, status):
    assert client.post("/c/banks", json={"name": "A"} | asked).status_code == status
    assert client.get("/c/banks").json() == []


def test_a_body_that_is_no_json_is_refused(server, client):
    assert client.post("/c/banks", data={"name": "A"}).status_code == 422
    broken = client.post("/c/banks", content=b"{", headers={"content-type": "application/json"})
    assert broken.status_code == 400


def test_a_bank_cannot_be_made_over_a_list_of_another_name_or_purpose(server, client):
    server.store.create_list("a-b", by=server.by)
    server.store.create_list("fine", purpose=Purpose.BENIGN, by=server.by)
    for name in ("A_B", "FINE"):
        assert client.post("/c/banks", json={"name": name}).status_code == 403


def test_two_lists_of_one_bank_are_one_to_who_asks(server, client):
    server.store.create_list("a-b", by=server.by)
    server.store.create_list("a_b", by=server.by)
    server.store.add_entry("a-b", Entry("x", (MD5,)), by=server.by)
    server.app.state.hma.forget()
    assert client.get("/c/banks").json() == [{"name": "A_B", "matching_enabled_ratio": 1.0}]
    client.post("/c/bank/A_B/signal", json={"md5": "f" * 32})
    assert [entry.key for entry in server.store.entries("a-b")] == ["x"]
    assert len(list(server.store.entries("a_b"))) == 1


def test_a_bank_is_not_renamed(server, client):
    client.post("/c/banks", json={"name": "A"})
    assert client.put("/c/bank/A", json={"name": "B"}).status_code == 400
    assert client.put("/c/bank/A", json={"name": "A", "enabled": False}).json()["matching_enabled_ratio"] == 0


def test_a_deleted_bank_is_a_list_of_withdrawn_entries_with_the_reason(server, client):
    client.post("/c/banks", json={"name": "A"})
    client.post("/c/bank/A/signal", json={"md5": "f" * 32})
    (entry,) = server.store.entries("a")
    assert client.delete("/c/bank/A").json() == {"message": "Done"}
    assert client.get("/c/bank/A").status_code == 404
    assert server.store.entry("a", entry.key).state == "removed"
    assert server.store.entry("a", entry.key).reason == "HMA face: bank deleted"
    assert client.post("/c/banks", json={"name": "A"}).status_code == 201
    assert list(server.store.entries("a")) == []


def test_who_did_it_is_in_the_audit_trail(server, client):
    client.post("/c/banks", json={"name": "A", "enabled_ratio": 0.5})
    rows = AuditTrail(server.store.database, server.store.home).rows()
    told = {row.action: row for row in rows if row.target == "list:a"}
    assert {"list.create", "bank.change"} <= told.keys()
    assert told["bank.change"].who.startswith("account")


def test_what_is_disabled_in_a_deleted_bank_does_not_come_back(server, client):
    client.post("/c/banks", json={"name": "A"})
    number = client.post("/c/bank/A/signal", json={"md5": "f" * 32}).json()["id"]
    (entry,) = server.store.entries("a")
    client.put(f"/c/bank/A/content/{number}", json={"disable_until_ts": int(time.time()) + 86_400})
    client.delete("/c/bank/A")
    assert server.store.entry("a", entry.key).state == "removed"
