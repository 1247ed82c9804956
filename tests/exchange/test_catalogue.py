"""Finding the format of a file, and the errors that come at once."""

import io

import pytest

from tutela.exchange import formats, read, write
from tutela.model import ListInfo, Purpose, Rejected
from tutela.model.errors import FormatUnknown

MD5 = "00112233445566778899aabbccddeeff"


def test_the_formats_are_one_visible_list():
    assert [one.name for one in formats()] == ["ncmec", "vics-2", "vics-1", "jsonl", "vpdq", "csv", "text"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        (b'{"hello": 1}', "whose categories"),
        (b"<html></html>", "neither"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "neither"),
        (MD5.encode(), "neither"),
        (b"name;size\nx;1\n", "neither"),
    ],
)
def test_an_unknown_file_is_refused_at_once(tmp_path, data, reason):
    path = tmp_path / "list.csv"
    path.write_bytes(data)
    with pytest.raises(FormatUnknown, match=reason) as refused:
        read(path)
    assert MD5 not in str(refused.value)


def test_an_unknown_name_is_refused_at_once(tmp_path):
    with pytest.raises(FormatUnknown, match="'vics' is no format; there are ncmec, vics-2"):
        read(tmp_path / "none", "vics")
    with pytest.raises(FormatUnknown):
        write([], ListInfo("a", "b", Purpose.KNOWN), io.BytesIO(), "vics")


def test_a_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"md5 {MD5}\n", "text"),
        (f"# csv, really\nmd5 {MD5}\n", "text"),
        (f"md5\n{MD5}\n", "csv"),
        (f"md5;label\n{MD5};x\n", "csv"),
    ],
)
def test_the_content_decides_and_not_the_name(tmp_path, text, kind):
    path = tmp_path / "list.xml"
    path.write_text(text)
    assert next(one.name for one in formats() if one.recognise(text)) == kind
    assert not any(isinstance(item, Rejected) for item in read(path))


def test_a_name_overrules_the_content(tmp_path):
    path = tmp_path / "list"
    path.write_text(f"md5 {MD5}\n")
    (refused,) = read(path, "ncmec")
    assert (refused.number, refused.fatal) == (1, True)
