import io
import time
from pathlib import Path

import pytest
from PIL import Image

from tutela.access.permissions import Role
from tutela.access.trail import AuditTrail
from tutela.model import Entry, Purpose, Signal

PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
MD5 = "cab08b36195edb1a1231d2d09fa450e0"


def near(bits: int) -> str:
    """PDQ with so many bits turned."""
    return f"{int(PDQ, 16) ^ ((1 << bits) - 1):064x}"


@pytest.fixture
def banks(server, client):
    """Bank A with the value and one near to it, bank B with the value; gives their numbers."""
    numbers = {}
    for name, bits in (("A", 0), ("A", 9), ("B", 0)):
        client.post("/c/banks", json={"name": name})
        numbers[name, bits] = client.post(f"/c/bank/{name}/signal", json={"pdq": near(bits)}).json()["id"]
    settled(client, lambda: len(client.get("/m/raw_lookup", params=asked()).json()["matches"]) == 3)
    return numbers


def settled(client, done):
    """Wait until a change is matched, which may take two seconds."""
    end = time.monotonic() + 5
    while not done():
        assert time.monotonic() < end
        time.sleep(0.02)


def asked(**more):
    return {"signal": PDQ, "signal_type": "pdq"} | more


def test_matches_come_by_bank_nearest_first(client, banks):
    assert client.get("/m/lookup", params=asked()).json() == {
        "A": [
            {"bank_content_id": banks["A", 0], "distance": "0"},
            {"bank_content_id": banks["A", 9], "distance": "9"},
        ],
        "B": [{"bank_content_id": banks["B", 0], "distance": "0"}],
    }


def test_a_list_has_its_own_threshold(server, client, banks):
    from tutela.model import Threshold

    server.store.change_list("a", thresholds={"pdq": Threshold(5)}, by=server.by)
    settled(client, lambda: len(client.get("/m/lookup", params=asked(banks="A")).json()["A"]) == 1)


def test_a_bank_of_ratio_nought_is_asked_only_where_the_coin_is_passed_by(client, banks):
    client.put("/c/bank/A", json={"enabled_ratio": 0})
    assert client.get("/m/lookup", params=asked()).json().keys() == {"B"}
    assert client.get("/m/lookup", params=asked(bypass_coinflip="true")).json().keys() == {"A", "B"}
    assert len(client.get("/m/raw_lookup", params=asked()).json()["matches"]) == 3


def test_a_ratio_between_is_the_share_of_seeds_that_ask_the_bank(client, banks):
    client.put("/c/bank/A", json={"enabled_ratio": 0.5})
    met = ["A" in client.get("/m/lookup", params=asked(seed=str(seed))).json() for seed in range(6)]
    assert met == [True, True, False, False, True, True]


def test_a_benign_list_covers_in_look_ups_and_not_in_raw_ones(server, client, banks):
    server.store.create_list("fine", purpose=Purpose.BENIGN, by=server.by)
    server.store.add_entry("fine", Entry("x", (Signal("pdq", bytes.fromhex(PDQ)),)), by=server.by)
    server.app.state.hma.forget()
    settled(client, lambda: client.get("/m/lookup", params=asked()).json() == {})
    assert len(client.get("/m/raw_lookup", params=asked()).json()["matches"]) == 3
    assert client.get("/m/lookup", params=asked(banks="A")).json() == {}


def test_nothing_is_asked_where_no_bank_is_there(server, client):
    assert client.get("/m/lookup", params=asked()).json() == {}
    assert client.get("/m/raw_lookup", params=asked()).json() == {"matches": []}


def test_a_bank_that_cannot_be_asked_is_not_passed_over(server, client, banks):
    folder = Path(server.store.snapshot_path("a"))
    kept = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    try:
        server.services.matching._lists = {}
        for path in kept:
            path.write_bytes(b"torn")
        server.services.matching.refresh()
        answer = client.get("/m/lookup", params=asked())
        assert answer.status_code == 503
        assert "not yet ready" in answer.json()["message"]
        assert client.get("/m/lookup", params=asked(banks="B")).status_code == 200
        assert client.get("/status").status_code == 503
    finally:
        for path, data in kept.items():
            path.write_bytes(data)
        server.services.matching._lists = {}
        server.services.matching.refresh()


def test_a_file_is_met_by_its_pixels_and_its_bytes(server, client, picture):
    client.post("/c/banks", json={"name": "A"})
    number = client.post("/c/bank/A/content", files={"photo": ("p.jpg", picture())}).json()["id"]
    copy = io.BytesIO()
    Image.open(io.BytesIO(picture())).convert("P", palette=Image.Palette.ADAPTIVE).save(copy, "PNG")
    files = {"photo": ("copy.png", copy.getvalue())}
    settled(client, lambda: client.post("/m/lookup", files=files).json()["pdq"] != {})
    (match,) = client.post("/m/lookup", files=files).json()["pdq"]["A"]  # HMA misses pictures with a palette
    assert match["bank_content_id"] == number
    exact = client.post("/m/lookup", files={"video": ("v", picture())}).json()
    assert exact == {"video_md5": {"A": [{"bank_content_id": number, "distance": "-"}]}}


def test_a_file_that_is_no_picture(server, client):
    client.post("/c/banks", json={"name": "A"})
    assert client.post("/m/lookup", files={"photo": ("p", b"text")}).status_code == 400
    assert client.post("/m/lookup", files={"photo": ("p", b"")}).status_code == 400
    assert client.post("/m/lookup").status_code == 400


def test_every_hit_is_in_the_audit_trail_and_every_look_up_is_counted(server, client, banks):
    client.get("/m/lookup", params=asked(banks="B"))
    rows = AuditTrail(server.store.database, server.store.home).rows()
    hit = next(row for row in rows if row.action == "match.hit")
    assert hit.target == "list:b"
    assert hit.after["entry"] == banks["B", 0]
    assert PDQ not in str(hit)


def test_comparing():
    from tutela.web.hma.lookups import _compared

    assert _compared("pdq", [PDQ, near(31)]) == [True, {"distance": 31}]
    assert _compared("pdq", [PDQ, near(32)]) == [False, {"distance": 32}]
    assert _compared("video_md5", [MD5, MD5.upper()]) == [True, {}]
    assert _compared("video_md5", [MD5, "0" * 32]) == [False, {}]


def test_comparing_needs_json(client):
    assert client.post("/m/compare", content=b"{}").status_code == 415
    broken = client.post("/m/compare", content=b"{", headers={"content-type": "application/json"})
    assert broken.status_code == 400


def test_the_index_is_told_of(client, banks):
    status = client.get("/m/index/status").json()
    assert status["pdq"]["size"] == 3
    assert status["video_md5"]["size"] == 0
    assert client.get("/m/index/status?signal_type=nope").status_code == 400


def test_only_who_may_match_may_look_up(server, client, banks):
    auditor = server.client(Role.AUDITOR)
    assert auditor.get("/m/lookup", params=asked()).status_code == 403
    assert auditor.post("/h/hash", files={"photo": ("p", b"x")}).status_code == 403
    assert server.client(Role.MATCHER).get("/m/lookup", params=asked()).status_code == 200
