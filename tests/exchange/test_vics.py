"""VICS-shaped JSON: the envelope, the records, and every trap that real exports are known for."""

import base64
import io
import json
from datetime import UTC, datetime

import pytest

from tutela.exchange import read, write
from tutela.exchange.record import opaque_key
from tutela.model import Entry, Grade, ListInfo, Purpose, Rejected, Signal
from tutela.model.errors import FormatUnknown

INFO = ListInfo("demo", "Example", Purpose.KNOWN)
MD5 = "00112233445566778899AABBCCDDEEFF"
SHA1 = MD5 + "01234567"
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
PHOTO = bytes(range(144))
EMPTY = "D41D8CD98F00B204E9800998ECF8427E"
ONE = '"odata.metadata":"http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Media"'
TWO = '"@odata.context":"http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{}/$metadata#Media"'


def document(*records, envelope=ONE):
    return f'{{{envelope},"value":[{",".join(one if isinstance(one, str) else json.dumps(one) for one in records)}]}}'


def items(path, text, name=None):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read(path, name))


def only(path, record, **more):
    (entry,) = items(path, document(record, **more))
    return entry


FULL = {
    "odata.id": "/Media(1)",
    "MediaID": 7,
    "Category": 2,
    "MD5": MD5,
    "SHA1": SHA1,
    "PhotoDNA": base64.b64encode(PHOTO).decode(),
    "MediaSize": "9007199254740993",
    "MimeType": "image/jpeg",
    "RelativeFilePath": "a\\b\\c.jpg",
    "DateUpdated": "2023-06-07T02:31:49.8300Z",
    "VictimIdentified": "true",
    "OffenderIdentified": "False",
    "IsDistributed": True,
    "IsPrecategorized": "true",
    "IsSuspected": False,
    "SelfGenerated": "TRUE",
    "Series": "Example series",
    "Tags": "a tag",
    "Comments": "not kept",
    "MediaFiles@odata.navigationLinkUrl": "/Media(1)/MediaFiles",
    "MediaFiles": [{"MD5": MD5, "FileName": "c.jpg", "FilePath": "a\\b", "ParentMD5": EMPTY}],
    "Exifs": [{"MD5": MD5, "PropertyName": "GPSLatitudeRef", "PropertyValue": "5"}],
    "AlternativeHashes": [{"MD5": MD5, "HashName": "PDQ", "HashValue": PDQ}],
}


def test_a_record_with_everything(tmp_path):
    entry = only(tmp_path / "list", FULL)
    assert entry == Entry(
        key=opaque_key("md5", bytes.fromhex(MD5)),
        signals=(
            Signal("md5", bytes.fromhex(MD5)),
            Signal("sha1", bytes.fromhex(SHA1)),
            Signal("pdq", bytes.fromhex(PDQ)),
            Signal("photodna", PHOTO),
        ),
        grades=(Grade("vics-1", "2"),),
        labels=("victim-identified", "distributed", "self-generated", "series:Example series", "a tag"),
        updated=datetime(2023, 6, 7, 2, 31, 49, 830_000, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("envelope", "scheme"),
    [
        (ONE, "vics-1"),
        (ONE.replace("1.2", "1.3"), "vics-1"),
        (TWO.format("US"), "vics-us"),
        (TWO.format("UK"), "vics-uk"),
        (TWO.format("Default"), "vics-default"),
        (TWO.format("CUSTOM"), "vics-custom"),
        (TWO.replace("/{}/", "/"), "vics-2"),
        (TWO.format("a/../b"), "vics-2"),
        (TWO.format("1"), "vics-2"),  # not to be taken for 1.x
    ],
)
def test_the_same_number_of_two_countries_is_two_grades(tmp_path, envelope, scheme):
    for code in (0, 5):
        assert only(tmp_path / "list", {"MD5": MD5, "Category": code}, envelope=envelope).grades == (
            Grade(scheme, str(code)),
        )


@pytest.mark.parametrize("category", [None, "", True])
def test_no_category_is_no_grade(tmp_path, category):
    assert only(tmp_path / "list", {"MD5": MD5, "Category": category, "IsPrecategorized": "true"}).grades == ()
    assert only(tmp_path / "list", {"MD5": MD5}).grades == ()


def test_a_category_as_text(tmp_path):
    assert only(tmp_path / "list", {"MD5": MD5, "Category": " 3 "}).grades == (Grade("vics-1", "3"),)
    note, entry = items(tmp_path / "list", document({"MD5": MD5, "Category": "see the comment"}))
    assert note.partial
    assert entry.grades == ()


def test_a_byte_order_mark_and_utf16(tmp_path):
    text = document(FULL)
    plain = items(tmp_path / "list", text)
    assert items(tmp_path / "list", b"\xef\xbb\xbf" + text.encode()) == plain
    assert items(tmp_path / "list", text.encode("utf-16")) == plain


@pytest.mark.parametrize("value", [base64.b64encode(PHOTO).decode(), PHOTO.hex(), PHOTO.hex().upper()])
def test_photodna_in_each_spelling_and_place(tmp_path, value):
    wanted = Signal("photodna", PHOTO)
    assert wanted in only(tmp_path / "list", {"MD5": MD5, "PhotoDNA": value}).signals
    other = [{"MD5": MD5, "HashName": "PhotoDNA", "HashValue": value}]
    assert wanted in only(tmp_path / "list", {"MD5": MD5, "PhotoDNA": "", "AlternativeHashes": other}).signals


def test_unknown_alternative_hashes_are_said_once(tmp_path):
    other = [{"MD5": MD5, "HashName": "TLSH", "HashValue": "T1"}, {"HashName": "x"}, 5]
    first, second, note = items(tmp_path / "list", document(*[{"MD5": MD5, "AlternativeHashes": other}] * 2))
    assert first == second
    assert (note.number, note.partial) == (1, True)
    assert "'TLSH' (2)" in note.reason


def test_several_records_of_one_md5_have_one_key(tmp_path):
    found = items(tmp_path / "list", document(*({"MediaID": n, "MD5": MD5, "Category": n} for n in range(3))))
    assert len({entry.key for entry in found}) == 1
    assert len(found) == 3


def test_the_empty_file_never_enters(tmp_path):
    found = items(tmp_path / "list", document({"MD5": EMPTY}, {"MD5": EMPTY, "SHA1": SHA1}, {"MD5": MD5}))
    assert [(item.number, item.partial) for item in found if isinstance(item, Rejected)] == [(1, False), (2, True)]
    entry = found[2]
    assert [one.kind for one in entry.signals] == ["sha1"]
    assert entry.key == opaque_key("sha1", bytes.fromhex(SHA1))


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"MediaID": 1}, "no signal"),
        ({"MD5": 5}, "MD5 is not a text"),
        ({"MD5": MD5[:-2]}, "md5: "),
        ("5", "bare value"),
        ("null", "bare value"),
    ],
)
def test_a_bad_record_costs_itself(tmp_path, record, reason):
    rejected, entry = items(tmp_path / "list", document(record, {"MD5": MD5}), "vics-1")
    assert (rejected.number, rejected.fatal) == (1, False)
    assert reason in rejected.reason
    assert isinstance(entry, Entry)


def test_cases_around_the_records(tmp_path):
    case = {"CaseID": "{1}", "CaseNumber": "x", "TotalMediaFiles": 9, "Media": [FULL, {"MD5": MD5}], "ContactName": "y"}
    envelope = ONE.replace("#Media", "#Cases")
    assert len(items(tmp_path / "list", document(case, case, envelope=envelope))) == 4


def test_the_envelope_may_come_last(tmp_path):
    text = f'{{"value":[{json.dumps(FULL)}],{TWO.format("UK")}}}'
    (entry,) = items(tmp_path / "list", text, "vics-2")
    assert entry.grades == (Grade("vics-uk", "2"),)


def test_a_bare_array_is_read_when_it_is_named_and_not_guessed_at(tmp_path):
    text = json.dumps([FULL])
    with pytest.raises(FormatUnknown, match="whose categories"):
        items(tmp_path / "list", text)
    (entry,) = items(tmp_path / "list", text, "vics-1")
    assert entry.grades == (Grade("vics-1", "2"),)
    assert items(tmp_path / "list", text, "vics-2")[0].grades == (Grade("vics-2", "2"),)


def test_a_path_in_the_precategorization_source_is_no_source(tmp_path):
    assert only(tmp_path / "list", {"MD5": MD5, "PrecategorizationSource": "a\\b\\c.jpg"}).source == ""
    assert only(tmp_path / "list", {"MD5": MD5, "PrecategorizationSource": "Example unit"}).source == "Example unit"
    both = {"MD5": MD5, "PrecategorizationSource": "x", "Repositories": [{"MD5": MD5, "RepositoryName": "Example set"}]}
    assert only(tmp_path / "list", both).source == "Example set"


def test_the_flag_that_clees4all_writes_badly_costs_nothing(tmp_path):
    records = [
        json.dumps({"MediaID": n, "MD5": f"{n:032x}", "IsSuspected": "Q", "Series": "s"}) for n in range(1, 2001)
    ]
    found = items(tmp_path / "list", document(*records).replace('"Q"', ""))
    assert sum(isinstance(item, Entry) for item in found) == 2000
    (note,) = [item for item in found if isinstance(item, Rejected)]
    assert (note.number, note.partial, note.fatal) == (1, True, False)
    assert note.reason.startswith("2000 records")


def test_broken_json_costs_the_broken_record(tmp_path):
    records = [json.dumps({"MediaID": n, "MD5": f"{n:032x}", "Tags": "t"}) for n in range(1, 5001)]
    records[2999] = records[2999].replace('"Tags"', "Tags")
    records[3999] = records[3999][:-1]
    found = items(tmp_path / "list", document(*records))
    assert [(item.number, item.fatal) for item in found if isinstance(item, Rejected)] == [(3000, False), (4000, False)]
    assert [int(item.signals[0].value.hex(), 16) for item in found if isinstance(item, Entry)] == [
        n for n in range(1, 5001) if n not in {3000, 4000}
    ]


@pytest.mark.parametrize(
    "text", ["", "{", '{"value":', '{"a":1}', "[]x", f"{{{ONE}", "\x00" * 50, f'{{{ONE},"value":5}}x']
)
def test_what_holds_no_records_is_fatal(tmp_path, text):
    assert items(tmp_path / "list", text, "vics-1")[-1].fatal


@pytest.mark.parametrize("opened", ["[", '{"a":', '[{"value":'])
def test_absurd_nesting_is_no_attack(tmp_path, opened):
    text = document(FULL, opened * 300_000, FULL)
    found = items(tmp_path / "list", text)
    assert isinstance(found[0], Entry)
    assert isinstance(found[1], Rejected)


def test_a_number_beyond_measure(tmp_path):
    found = items(tmp_path / "list", document(FULL, f'{{"MediaID":{"9" * 5000},"MD5":"{MD5}"}}', FULL))
    assert sum(isinstance(item, Entry) for item in found) >= 2


def test_the_export_names_the_country_of_its_categories():
    md5 = (Signal("md5", bytes.fromhex(MD5)),)
    target = io.BytesIO()
    write([Entry("a", md5), Entry("b", md5, (Grade("vics-uk", "1"), Grade("vics-us", "2")))], INFO, target, "vics-2")
    written = json.loads(target.getvalue())
    assert written["@odata.context"] == json.loads(f"{{{TWO.format('UK')}}}")["@odata.context"]
    first, second = written["value"]
    assert (first["Category"], second["Category"], second["Tags"]) == (None, 1, "tutela-grade:vics-us:2")
    assert second["MD5"] == MD5


def test_entries_without_md5_are_left_out_and_counted():
    target = io.BytesIO()
    account = write([Entry("a", (Signal("pdq", bytes.fromhex(PDQ)),))], INFO, target, "vics-1")
    assert json.loads(target.getvalue())["value"] == []
    assert account.entries == 0
    assert account.left_out == {"entries without an MD5, which VICS needs": 1}


def test_booleans_are_written_as_the_texts_that_readers_know():
    target = io.BytesIO()
    entry = Entry(
        "a",
        (Signal("md5", bytes.fromhex(MD5)), Signal("photodna", PHOTO)),
        (),
        ("distributed", "series:x", "y|z"),
        "src",
    )
    write([entry], INFO, target, "vics-1")
    (record,) = json.loads(target.getvalue())["value"]
    assert (record["IsDistributed"], record["Series"], record["Tags"]) == ("true", "x", r"y\|z")
    assert len(record["PhotoDNA"]) == 192
    assert record["Repositories"] == [{"MD5": MD5, "RepositoryName": "src"}]
