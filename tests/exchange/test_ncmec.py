"""NCMEC v2 pages: what the service answers, and what an attacker might."""

import importlib.util
import io
from datetime import UTC, datetime

import pytest

from tutela.exchange import read, write
from tutela.model import Entry, Grade, ListInfo, Purpose, Rejected, Removed, Signal

MD5 = "00112233445566778899aabbccddeeff"
SHA1 = MD5 + "01234567"
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
INFO = ListInfo("demo", "Example Hotline", Purpose.KNOWN)
PAGE = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2">
 <images count="2" maxTimestamp="2017-10-24T15:10:00Z">
  <image><member id="42">Example Member</member><timestamp>2017-10-24T15:00:00Z</timestamp><id>image1</id>
   <classification>A1</classification>
   <fingerprints><md5>{MD5}</md5><sha1> {SHA1} </sha1><pdna>{"a1" * 143}b2</pdna><pdq>{PDQ}</pdq>
    <videntifier rel="self" href="/v2/x"/><tmk-pdqf rel="self" href="/v2/y"/></fingerprints>
   <feedback lastUpdateTimestamp="2023-06-01T12:48:14Z"><affirmativeFeedback type="Md5"><members>
     <member id="9">Other Member</member></members></affirmativeFeedback></feedback>
   <somethingNew><id>not this</id><md5>nor this</md5></somethingNew></image>
  <deletedImage><member id="43">Other</member><id>image4</id><timestamp>2017-10-24T15:10:00Z</timestamp></deletedImage>
 </images>
 <videos count="2" maxTimestamp="2017-10-24T15:20:00Z">
  <video><member id="42">Example Member</member><timestamp>2017-10-24T15:00:00Z</timestamp><id>video1</id>
   <fingerprints><md5>{MD5}</md5></fingerprints></video>
  <deletedVideo><member id="42">Example Member</member><id>video4</id></deletedVideo>
 </videos>
 <paging><next>/v2/entries?from=2017-10-20T00%3A00%3A00.000Z&amp;start=2001&amp;size=1000&amp;max=3000</next></paging>
</queryResult>
"""


def items(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read(path, "ncmec"))


def test_a_page_as_the_service_answers(tmp_path):
    image, gone, video, gone_too, note = items(tmp_path / "page", PAGE)
    assert image.key == "42-image1"
    assert [one.kind for one in image.signals] == ["md5", "sha1", "pdq", "photodna"]
    assert image.grades == (Grade("ncmec", "A1"),)
    assert (image.source, image.updated) == ("Example Member", datetime(2017, 10, 24, 15, tzinfo=UTC))
    assert (gone, gone_too) == (Removed("43-image4"), Removed("42-video4"))
    assert (video.key, video.labels) == ("42-video1", ("video",))
    assert note.partial
    assert "'tmk-pdqf' (1), 'videntifier' (1)" in note.reason


def test_a_page_without_entries(tmp_path):
    start = '<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2">'
    assert items(tmp_path / "page", start + '<images count="0"/><videos count="0"/></queryResult>') == []


def test_bad_entries_cost_themselves(tmp_path):
    harmed = PAGE.replace('<member id="43">', "<member>").replace("deletedVideo", "surprise").replace("image1", "")
    found = items(tmp_path / "page", harmed)
    assert [(item.number, item.fatal) for item in found if isinstance(item, Rejected)] == [
        (1, False),
        (2, False),
        (4, False),
    ]
    assert [item.key for item in found if isinstance(item, Entry)] == ["42-video1"]


def test_an_entry_of_unknown_fingerprints_alone_is_rejected(tmp_path):
    text = PAGE.replace(
        f"<fingerprints><md5>{MD5}</md5></fingerprints></video>", "<fingerprints><tmk-pdqf/></fingerprints></video>"
    )
    rejected = [item for item in items(tmp_path / "page", text) if isinstance(item, Rejected) and not item.partial]
    assert [item.number for item in rejected] == [3]


def test_a_member_who_names_entries_by_hash_shows_none(tmp_path):
    entry, gone = items(tmp_path / "page", PAGE.replace("image1", MD5).replace("image4", MD5).replace("43", "42"))[:2]
    assert entry.key == gone.key
    assert MD5 not in entry.key


BOMB = '<!DOCTYPE q [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
STEAL = '<!DOCTYPE q [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("declaration", [BOMB, STEAL, '<!DOCTYPE q SYSTEM "http://127.0.0.1:9/q.dtd">'])
def test_a_document_type_is_refused(tmp_path, declaration):
    text = PAGE.replace("<queryResult", declaration + "<queryResult", 1).replace("Example Member", "&b;")
    (only,) = items(tmp_path / "page", text)
    assert only.fatal
    assert "document type" in only.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (PAGE.replace("UTF-8", "UTF-none"), "encoding"),
        (PAGE.replace("UTF-8", "Shift_JIS"), "encoding"),
        ("<html/>", "'html', not queryResult"),
        (PAGE.replace("<classification>", "<x>" * 40), "nested deeper"),
        (PAGE.replace("A1", "A" * (2 << 20)), "longer than"),
        (
            PAGE.replace("<classification>", "".join(f'<x y="{n}"/>' for n in range(60_000)) + "<classification>"),
            "longer than",
        ),
        (PAGE.replace("<classification>", f'<classification x="{"y" * (3 << 20)}">'), "a tag is longer"),
        (PAGE.replace("<pdq>", "<pdq><"), "broken at line 6"),
        (PAGE.replace("Example", "Ex&amp", 1), "broken at line 4"),
        ("", "ends early"),
    ],
)
def test_what_cannot_be_read_on_is_fatal(tmp_path, text, reason):
    *_, last = items(tmp_path / "page", text)
    assert last.fatal
    assert reason in last.reason


def test_what_came_before_the_breach_is_given(tmp_path):
    first, second, last = items(tmp_path / "page", PAGE.replace("<videos", "<videos <"))
    assert (first.key, second.key, last.number, last.fatal) == ("42-image1", "43-image4", 3, True)


def test_any_declared_encoding(tmp_path):
    text = PAGE.replace("Example Member", "Mémbre").replace('encoding="UTF-8"', 'encoding="{}"')
    for name in ("UTF-16", "ISO-8859-1"):
        assert items(tmp_path / "page", text.format(name).encode(name))[0].source == "Mémbre"


def test_the_written_page_keeps_the_clients_rules():
    target = io.BytesIO()
    entries = [
        Entry("42-a", (Signal("md5", bytes.fromhex(MD5)),), updated=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)),
        Entry("own key", (Signal("md5", bytes.fromhex(MD5)),), labels=("video", "x")),
    ]
    account = write(entries, INFO, target, "ncmec")
    text = target.getvalue().decode()
    assert '<images count="1" maxTimestamp="2026-01-02T03:04:05Z">' in text
    assert '<videos count="1" maxTimestamp="1970-01-01T00:00:00Z">' in text
    assert '<member id="0">Example Hotline</member>' in text
    assert (account.entries, account.left_out) == (2, {})


@pytest.mark.skipif(importlib.util.find_spec("threatexchange") is None, reason="the peer is not installed")
def test_python_threatexchange_reads_the_export():
    from xml.etree import ElementTree as ET

    from threatexchange.exchanges.clients.ncmec.hash_api import GetEntriesResponse, _XMLWrapper

    target = io.BytesIO()
    parts = (
        Signal("md5", bytes.fromhex(MD5)),
        Signal("pdq", bytes.fromhex(PDQ), 90),
        Signal("sha256", bytes(31) + b"1"),
    )
    write([Entry("42-a", parts, (Grade("ncmec", "A1"), Grade("x", "y")), ("l",), "M")], INFO, target, "ncmec")
    reading = ET.iterparse(io.BytesIO(target.getvalue()))
    for _, element in reading:  # the client takes the namespaces off before it parses
        element.tag = element.tag.partition("}")[2] or element.tag
    (update,) = GetEntriesResponse.from_xml(_XMLWrapper(reading.root), 0).updates
    assert (update.member_id, update.id, update.classification, update.deleted) == (42, "a", "A1", False)
    assert update.fingerprints == {"md5": MD5, "pdq": PDQ}
