"""The client against the server itself, over the loopback."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import tutela
from tutela.access.permissions import Role
from tutela.demo import pictures
from tutela.model import Entry, Grade, Known, Near, NothingFound, Purpose, Signal
from tutela.model.errors import (
    EntryUnknown,
    JobFailed,
    JobUnfinished,
    ListUnknown,
    NotSignedIn,
    Refused,
    ServerUnreachable,
    SignalInvalid,
    UsageError,
)
from tutela.web.serving import close_services
from web.running import listening, make_server

PICTURE = Path(pictures.__path__[0]) / "chelsea.jpg"
PDQ = "5feb7321f01da156898e2b7629a5d3438412cdbd23f48942464526315db33ffd"
MD5 = Signal("md5", bytes(range(16)))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = make_server(tmp_path_factory.mktemp("client"))
    made.store.create_list("known", owner="a desk", by=made.by)
    made.store.create_list("other", purpose=Purpose.BENIGN, by=made.by)
    entry = Entry("cat", (Signal("pdq", bytes.fromhex(PDQ)),), (Grade("demo", "A"),), ("cats",), "desk 3")
    made.store.add_entry("known", entry, by=made.by)
    made.services.matching.refresh()
    with listening(made.app) as address:
        made.address = address
        yield made
    close_services(made.services)


@pytest.fixture(scope="module")
def curator(server):
    with tutela.Client(server.address, server.token(Role.CURATOR)) as client:
        yield client


@pytest.fixture
def matcher(server):
    with tutela.Client(server.address, server.token(Role.MATCHER)) as client:
        yield client


def test_a_picture_is_matched(matcher):
    for content in (PICTURE, PICTURE.read_bytes()):
        finding = matcher.match(content)
        assert isinstance(finding.verdict, Near)
        assert finding.verdict.hit.entry_key == "cat"
        assert finding.verdict.hit.grades == (Grade("demo", "A"),)
    assert matcher.match(PICTURE).name == "chelsea.jpg"
    assert matcher.match(PICTURE, name="upload 1", lists=["other"], orientations=True, cells=False).hits == ()


def test_a_value_is_looked_up(matcher):
    for value in (PDQ, bytes.fromhex(PDQ)):
        found = matcher.look_up("pdq", value, quality=100)
        assert [hit.entry_key for hit in found.hits] == ["cat"]
        assert isinstance(found.verdict, Near)
    assert isinstance(matcher.look_up("pdq", PDQ, lists=["other"]).verdict, NothingFound)


def test_many_values_are_looked_up_in_one_state(matcher):
    batch = matcher.look_up_many([Signal("pdq", bytes.fromhex(PDQ), 100), MD5])
    assert [len(found.hits) for found in batch.results] == [1, 0]
    assert batch.versions.keys() == {"known", "other"}
    assert matcher.look_up_many([MD5], lists=["other"]).versions.keys() == {"other"}


@pytest.mark.parametrize("number", [0, 10_001])
def test_too_many_values_are_not_even_sent(matcher, number):
    with pytest.raises(UsageError, match="10,000"):
        matcher.look_up_many([MD5] * number)


def test_errors_are_those_of_the_library(server, matcher):
    with pytest.raises(SignalInvalid):
        matcher.look_up("pdq", "zz")
    with pytest.raises(ListUnknown, match="nope"):
        matcher.look_up("pdq", PDQ, lists=["nope"])
    with pytest.raises(Refused):
        matcher.lists()
    with tutela.Client(server.address, "tut_nobody") as nobody, pytest.raises(NotSignedIn):
        nobody.look_up("pdq", PDQ)


def test_lists_are_told_of(curator):
    names = {one.name: one for one in curator.lists()}
    assert names["other"].purpose is Purpose.BENIGN
    told = curator.list("known")
    assert (told.owner, told.entries) == ("a desk", 1)
    newest = curator.versions("known", limit=1)[0]
    assert newest.version == told.version
    assert curator.version_at("known", datetime.now(UTC)).version == told.version
    with pytest.raises(ListUnknown):
        curator.list("nope")


def test_an_entry_is_added_changed_paused_and_withdrawn(curator):
    key = "a/b ü?#1"
    entry = Entry(key, (MD5,), (Grade("demo", "B"),), ("x",), "desk")
    assert curator.add_entry("known", entry, why="report 1").entry.signals == (MD5,)
    changed = curator.change_entry("known", key, labels=["y"], why="a closer look")
    assert changed.entry.labels == ("y",)
    assert changed.entry.grades == (Grade("demo", "B"),)
    assert curator.change_entry("known", key, grades=[]).entry.grades == ()
    until = datetime.now(UTC) + timedelta(days=1)
    paused = curator.disable("known", key, until, "in doubt")
    assert paused.state == "disabled"
    assert paused.disabled_until == until
    assert curator.restore("known", key, "no doubt").state == "active"
    end = time.monotonic() + 5
    while not isinstance(curator.look_up("md5", MD5.value).verdict, Known):
        assert time.monotonic() < end
    gone = curator.withdraw("known", key, "a mistake")
    assert (gone.state, gone.reason) == ("removed", "a mistake")
    assert curator.entry("known", key) == gone
    with pytest.raises(EntryUnknown):
        curator.entry("known", "nobody")


def test_entries_come_page_by_page(server, curator):
    server.store.create_list("many", by=server.by)
    made = [Entry(f"e{number:04}", (Signal("md5", number.to_bytes(16)),)) for number in range(1, 1203)]
    server.store.import_entries("many", made, by=server.by)
    assert [one.entry.key for one in curator.entries("many")] == [entry.key for entry in made]
    assert len(list(curator.entries("many", prefix="e000"))) == 9
    assert list(curator.entries("many", state="removed")) == []


def test_an_import_is_begun_and_watched(curator, tmp_path):
    file = tmp_path / "hashes.txt"
    file.write_text("\n".join(f"{number:032x}" for number in range(1, 100)))
    job = curator.import_file("known", file, form="hash-lines", why="a delivery")
    assert (job.kind, job.ended) == ("import", False)
    assert curator.job(job.id).id == job.id
    seen = []
    with pytest.raises(JobUnfinished):
        curator.wait(job.id, timeout=0.15, progress=seen.append)  # nobody runs jobs here
    assert seen
    curator.cancel(job.id)
    with pytest.raises(JobFailed, match="cancelled"):
        curator.wait(job.id, timeout=10)


def test_whether_a_server_is_ready(curator):
    assert curator.ready()
    with tutela.Client("http://127.0.0.1:9", "tut_x", retries=0) as nowhere:
        assert not nowhere.ready()
        with pytest.raises(ServerUnreachable):
            nowhere.lists()
