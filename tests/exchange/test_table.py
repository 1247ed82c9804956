"""CSV with a header: delimiters, quotation, ICSE columns, formulas, torn files."""

import csv
import io
from datetime import UTC, datetime

import pytest

from tutela.exchange import read, write
from tutela.model import Entry, Grade, ListInfo, Purpose, Rejected, Signal

MD5 = "00112233445566778899aabbccddeeff"
SHA1 = "00112233445566778899aabbccddeeff00112233"
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
OTHER = PDQ[::-1]
INFO = ListInfo("demo", "Example", Purpose.KNOWN)


def items(path, text, name=None):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read(path, name))


@pytest.mark.parametrize("cut", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_delimiters_and_byte_order_marks(tmp_path, cut, mark):
    head, row = ["ID", "MD5", "SHA-1", "label"], ["7", MD5.upper(), SHA1, f'"a{cut}b"']
    (entry,) = items(tmp_path / "list", mark + "\r\n".join([cut.join(head), cut.join(row), ""]).encode())
    assert entry.key == "7"
    assert [one.kind for one in entry.signals] == ["md5", "sha1"]
    assert entry.labels == (f"a{cut}b",)


def test_a_separator_line_of_a_spreadsheet(tmp_path):
    assert len(items(tmp_path / "list", f"sep=;\r\nmd5;label\r\n{MD5};x\r\n")) == 1


def test_utf16_as_spreadsheets_save_it(tmp_path):
    (entry,) = items(tmp_path / "list", f"md5\tlabel\r\n{MD5}\tété\r\n".encode("utf-16"))
    assert entry.labels == ("été",)


def test_every_column(tmp_path):
    text = (
        "key,pdq,pdq_quality,grade_scheme,grade_code,labels,source,added,updated\n"
        f"k1,{PDQ} {OTHER},90 -,vics-us|ncmec,1|A1,a|b\\|c,Example,2026-01-02,2026-01-02T03:04:05Z\n"
    )
    (entry,) = items(tmp_path / "list", text)
    assert {one.value.hex(): one.quality for one in entry.signals} == {PDQ: 90, OTHER: None}
    assert entry.grades == (Grade("vics-us", "1"), Grade("ncmec", "A1"))
    assert entry.labels == ("a", "b|c")
    assert (entry.source, entry.key) == ("Example", "k1")
    assert entry.added == datetime(2026, 1, 2, tzinfo=UTC)
    assert entry.updated == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_bare_quality_column_is_the_perceptual_hashs(tmp_path):
    (entry,) = items(tmp_path / "list", f"pdq,quality\n{PDQ},77\n")
    assert entry.signals[0].quality == 77


@pytest.mark.parametrize(("cell", "note"), [("101", "0 to 100"), ("9 9", "2 qualities"), ("high", "0 to 100")])
def test_a_wrong_quality_is_noted_and_left_out(tmp_path, cell, note):
    rejected, entry = items(tmp_path / "list", f"pdq,quality\n{PDQ},{cell}\n")
    assert rejected.partial
    assert note in rejected.reason
    assert entry.signals[0].quality is None


def test_the_columns_of_icse(tmp_path):
    text = (
        "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;Series name;"
        "Number of submissions;File Available;Media Type;Baseline\r\n"
        f"{MD5};{SHA1};;12345;True;false;Yes;Example;3;True;Image;1\r\n"
    )
    (entry,) = items(tmp_path / "list", text)
    assert entry.key == "12345"
    assert entry.labels == ("distributed", "offender-identified", "series:Example")
    assert entry.grades == (Grade("icse-baseline", "1"),)


def test_unknown_columns_are_said_once(tmp_path):
    note, entry = items(tmp_path / "list", f"md5,Nudity Level,{MD5}\n{MD5},3,x\n")
    assert isinstance(entry, Entry)
    assert (note.number, note.partial) == (1, True)
    assert "'Nudity Level'" in note.reason
    assert MD5 not in note.reason


def test_a_code_without_scheme_is_not_guessed(tmp_path):
    note, entry = items(tmp_path / "list", f"md5,grade_scheme,grade_code\n{MD5},,1\n")
    assert "without its scheme" in note.reason
    assert entry.grades == ()


def test_each_bad_row_is_reported_by_its_line(tmp_path):
    text = f'md5,label\n{MD5},ok\n\n{MD5}\n{MD5},a,b\n{MD5[:-1]},x\n,\n"{MD5}",fine\n{MD5},c,,\n'
    found = items(tmp_path / "list", text)
    assert [item.number for item in found if isinstance(item, Rejected)] == [4, 5, 6]
    assert sum(isinstance(item, Entry) for item in found) == 3
    assert "1 cells where the header has 2" in found[1].reason


def test_a_cell_over_several_lines(tmp_path):
    found = items(tmp_path / "list", f'md5,source\n{MD5},"two\r\nlines, ""quoted"""\n{MD5},next\n')
    assert [entry.source for entry in found] == ['two\r\nlines, "quoted"', "next"]


def test_a_stray_quotation_mark_costs_its_own_line(tmp_path):
    rows = [f"{MD5},fine"] * 200
    rows[3] = f'"{MD5},open'
    rows[150] = f'{MD5},a 5" disk'
    found = items(tmp_path / "list", "md5,label\n" + "\n".join(rows) + "\n")
    assert [item.number for item in found if isinstance(item, Rejected)] == [5]
    assert sum(isinstance(item, Entry) for item in found) == 199
    assert next(entry.labels for entry in found if isinstance(entry, Entry) and "disk" in entry.labels[0]) == (
        'a 5" disk',
    )


def test_a_last_row_that_may_be_cut_is_noted(tmp_path):
    note, entry = items(tmp_path / "list", f"md5,label\n{MD5},lab")
    assert note.partial
    assert "cut short" in note.reason
    assert entry.labels == ("lab",)
    (whole,) = items(tmp_path / "list", f"label,md5\nx,{MD5}")  # a hash cut short would not have its length
    assert isinstance(whole, Entry)
    assert items(tmp_path / "list", f"label,md5\nx,{MD5[:9]}")[0].fatal


def test_no_header_is_fatal(tmp_path):
    (only,) = items(tmp_path / "list", "name,size\nx,1\n", "csv")
    assert only.fatal
    (only,) = items(tmp_path / "list", "", "csv")
    assert only.fatal
    (only,) = items(tmp_path / "list", f"md5,{'x' * 200_000}\n{MD5},y\n", "csv")
    assert only.fatal


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "'=x", "''", "plain"])
def test_no_cell_is_run_as_a_formula(tmp_path, text):
    target = io.BytesIO()
    entry = Entry(text, (Signal("md5", bytes.fromhex(MD5)),), (Grade(text, text),), (text,), text)
    write([entry], INFO, target, "csv")
    for cell in list(csv.reader(io.StringIO(target.getvalue().decode())))[1]:
        assert not cell.startswith(("=", "+", "-", "@"))
    assert items(tmp_path / "list", target.getvalue()) == [entry]
