import time
from datetime import UTC, datetime

import pytest

from tutela.access.permissions import Role
from tutela.model import Entry, Signal
from tutela.store.entry_pages import EntryDetails
from tutela.web.hma.contents import FOR_GOOD, disabled_until

PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"


@pytest.fixture
def bank(client):
    assert client.post("/c/banks", json={"name": "A"}).status_code == 201
    return "/c/bank/A"


def add(client, bank, **signals):
    answer = client.post(f"{bank}/signal", json=signals or {"pdq": PDQ})
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def test_a_photo_is_banked_with_its_digests(server, client, bank, picture):
    answer = client.post(f"{bank}/content", files={"photo": ("p.jpg", picture())}).json()
    assert answer["signals"].keys() == {"pdq"}
    (entry,) = server.store.entries("a")
    assert sorted(signal.kind for signal in entry.signals) == ["md5", "pdq", "sha1", "sha256"]
    assert entry.source == "HMA face"


def test_a_video_is_banked_by_its_bytes(server, client, bank, picture):
    answer = client.post(f"{bank}/content", files={"video": ("v.mp4", picture())}).json()
    assert answer["signals"] == {"video_md5": "85211a705c1cc28a12306142e8c7c9e5"}
    (entry,) = server.store.entries("a")
    assert sorted(signal.kind for signal in entry.signals) == ["md5", "sha1", "sha256"]


def test_the_same_content_is_the_same_entry_and_another_is_another(client, bank, picture):
    first = client.post(f"{bank}/content", files={"photo": ("p.jpg", picture())}).json()["id"]
    again = client.post(f"{bank}/content", files={"photo": ("q.jpg", picture())}).json()["id"]
    assert first == again
    other = client.post(f"{bank}/content", files={"photo": ("p.jpg", picture() + b"\0")}).json()["id"]
    assert other != first


def test_signals_that_share_one_value_do_not_replace_each_other(server, client, bank):
    one = add(client, bank, pdq=PDQ, video_md5="f" * 32)
    two = add(client, bank, pdq=PDQ.replace("f8", "8f"), video_md5="f" * 32)
    assert one != two
    assert len(list(server.store.entries("a"))) == 2


@pytest.mark.parametrize("data", [b"", b"not a picture"])
def test_what_is_no_picture_is_not_banked(server, client, bank, data):
    answer = client.post(f"{bank}/content", files={"photo": ("p.jpg", data)})
    assert answer.status_code == 400
    assert list(server.store.entries("a")) == []


@pytest.mark.parametrize(
    "signals",
    [{"pdq": "zz"}, {"pdq": 5}, {"nope": PDQ}, {}, {"pdq": "0" * 64}, {"md5": "d41d8cd98f00b204e9800998ecf8427e"}],
)
def test_what_is_no_signal_or_one_of_nothing_is_not_banked(server, client, bank, signals):
    assert client.post(f"{bank}/signal", json=signals).status_code == 400
    assert list(server.store.entries("a")) == []


def test_content_of_another_bank_is_not_there(client, bank):
    client.post("/c/banks", json={"name": "B"})
    number = add(client, bank)
    for method in ("GET", "PUT"):
        assert client.request(method, f"/c/bank/B/content/{number}", json={"note": "x"}).status_code == 404
    assert client.delete(f"/c/bank/B/content/{number}").json() == {"deleted": 0}
    assert client.get(f"{bank}/content/{number}").status_code == 200


@pytest.mark.parametrize("number", ["0", "-1", str(2**63), str(10**30), "1.5", "abc"])
def test_numbers_that_no_content_has(client, bank, number):
    assert client.get(f"{bank}/content/{number}").status_code == 404


def test_a_content_is_disabled_until_a_time_and_enabled_again(server, client, bank):
    number = add(client, bank)
    later = int(time.time()) + 86_400
    (entry,) = server.store.entries("a")
    for told in (later, str(later)):
        answer = client.put(f"{bank}/content/{number}", json={"disable_until_ts": told})
        assert answer.json()["disable_until_ts"] == later
    assert server.store.entry("a", entry.key).state == "disabled"
    assert client.put(f"{bank}/content/{number}", json={"disable_until_ts": 0}).json()["disable_until_ts"] == 0
    assert server.store.entry("a", entry.key).disabled_until == FOR_GOOD
    assert client.put(f"{bank}/content/{number}", json={"disable_until_ts": 1}).json()["disable_until_ts"] == 1
    assert server.store.entry("a", entry.key).state == "active"


def test_a_time_that_is_over_enables(server, client, bank):
    number = add(client, bank)
    client.put(f"{bank}/content/{number}", json={"disable_until_ts": 0})
    client.put(f"{bank}/content/{number}", json={"disable_until_ts": 1_000_000})
    assert len(list(server.store.entries("a"))) == 1


@pytest.mark.parametrize("told", [None, "x", [], 10**400, -1, 9_999_999_999, True])
def test_times_that_are_none(client, bank, told):
    number = add(client, bank)
    answer = client.put(f"{bank}/content/{number}", json={"disable_until_ts": told})
    assert answer.status_code == (200 if told is True else 400)


def test_a_deleted_content_is_withdrawn_with_the_reason(server, client, bank):
    number = add(client, bank)
    (entry,) = server.store.entries("a")
    assert client.delete(f"{bank}/content/{number}").json() == {"deleted": 1}
    details = server.store.entry("a", entry.key)
    assert (details.state, details.reason) == ("removed", "HMA face: content deleted")
    assert add(client, bank) == number  # listed again, and it keeps its history
    assert server.store.entry("a", entry.key).state == "active"


def test_values_are_told_only_to_who_may_see_them(server, client, bank):
    number = add(client, bank)
    path = f"{bank}/content/{number}?include_signals=true"
    assert client.get(path).json()["signals"] == {"pdq": PDQ}
    reader = server.client(Role.READER)
    assert reader.get(path).status_code == 403
    assert "signals" not in reader.get(f"{bank}/content/{number}").json()


def test_where_an_imported_entry_is_from_is_told(server, client, bank):
    entry = Entry("report-1", (Signal("pdq", bytes.fromhex(PDQ)),), source="A hotline")
    number = server.store.add_entry("a", entry, by=server.by).number
    metadata = client.get(f"{bank}/content/{number}").json()["metadata"]
    assert metadata == {"content_id": None, "content_uri": None, "json": None, "collab": {"A hotline": ["report-1"]}}


def test_a_reader_changes_nothing(server, client, bank):
    number = add(client, bank)
    reader = server.client(Role.READER, Role.MATCHER)
    assert reader.post(f"{bank}/signal", json={"pdq": PDQ}).status_code == 403
    assert reader.put(f"{bank}/content/{number}", json={"disable_until_ts": 0}).status_code == 403
    assert reader.delete(f"{bank}/content/{number}").status_code == 403


def test_the_time_of_an_entry_as_hma_has_it():
    entry = Entry("x", ())
    until = datetime(2030, 1, 1, tzinfo=UTC)
    assert disabled_until(EntryDetails(entry, 1, "active", 1)) == 1
    assert disabled_until(EntryDetails(entry, 1, "disabled", 1, FOR_GOOD)) == 0
    assert disabled_until(EntryDetails(entry, 1, "disabled", 1, until)) == int(until.timestamp())


def test_a_content_that_is_disabled_can_be_deleted_for_good(server, client, bank):
    number = add(client, bank)
    (entry,) = server.store.entries("a")
    client.put(f"{bank}/content/{number}", json={"disable_until_ts": int(time.time()) + 86_400})
    assert client.delete(f"{bank}/content/{number}").json() == {"deleted": 1}
    assert server.store.entry("a", entry.key).state == "removed"
    assert client.get(f"{bank}/content/{number}").status_code == 404
