"""`kind value` lines, as python-threatexchange's local_file exchange reads them."""

import importlib.util
import io

import pytest

from tutela.exchange import read, write
from tutela.model import Entry, Grade, ListInfo, Purpose, Rejected, Signal

MD5 = "00112233445566778899aabbccddeeff"
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
INFO = ListInfo("demo", "Example", Purpose.KNOWN)


def items(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read(path, "text"))


def test_lines_of_every_sort(tmp_path):
    text = f"# a comment\n\n  pdq {PDQ}  \nmd5\t{MD5.upper()}\r\nvideo_md5 {MD5}\nMD5   {MD5}\n"
    found = items(tmp_path / "list", text)
    assert [one.kind for entry in found for one in entry.signals] == ["pdq", "md5", "md5", "md5"]
    assert found[1] == found[2] == found[3]


def test_each_bad_line_is_reported_by_number(tmp_path):
    text = f"{MD5}\nmd5\nhaha {MD5}\n{MD5} md5\nmd5 {MD5[:-1]}\nmd5 {MD5} # why\nmd5 {MD5[:-1]}g\npdq {PDQ}\n"
    *rejected, entry = items(tmp_path / "list", text)
    assert [one.number for one in rejected] == [1, 2, 3, 4, 5, 6, 7]
    assert isinstance(entry, Entry)
    assert "'haha' is no signal kind" in rejected[2].reason
    assert not any(MD5[:16] in one.reason or one.fatal for one in rejected)


def test_a_last_line_without_end_is_fine_if_it_is_whole_and_torn_if_not(tmp_path):
    assert isinstance(items(tmp_path / "list", f"md5 {MD5}")[0], Entry)
    (torn,) = items(tmp_path / "list", f"md5 {MD5[:20]}")
    assert torn.fatal
    assert "cut short" in torn.reason


def test_undecodable_lines_cost_themselves(tmp_path):
    first, second = items(tmp_path / "list", b"md5 \xff\xff\n" + f"md5 {MD5}\n".encode())
    assert (type(first), first.number, type(second)) == (Rejected, 1, Entry)


def test_a_file_that_begins_with_a_long_comment_is_recognised(tmp_path):
    (tmp_path / "list").write_text("# about this list\n" * 20 + f"pdq {PDQ}\n")
    assert len(list(read(tmp_path / "list"))) == 1


def test_the_export_keeps_to_what_local_file_reads():
    """`line.strip().partition(" ")`, both parts non-empty, and nothing else in the file."""
    target = io.BytesIO()
    entry = Entry(
        "k", (Signal("md5", bytes.fromhex(MD5)), Signal("pdq", bytes.fromhex(PDQ), 90)), (Grade("a", "b"),), ("l",)
    )
    account = write([entry], INFO, target, "text")
    pairs = [tuple(line.strip().partition(" ")[::2]) for line in target.getvalue().decode().splitlines()]
    assert pairs == [("md5", MD5), ("pdq", PDQ)]
    assert set(account.left_out) == {"qualities", "grades", "labels", "which signals belong together"}


@pytest.mark.skipif(importlib.util.find_spec("threatexchange") is None, reason="the peer is not installed")
def test_python_threatexchange_reads_the_export(tmp_path):
    from threatexchange.exchanges.impl.file_api import FileCollaborationConfig, LocalFileSignalExchangeAPI
    from threatexchange.signal_type.pdq.signal import PdqSignal

    with (tmp_path / "list").open("wb") as target:
        write([Entry("k", (Signal("pdq", bytes.fromhex(PDQ)),))], INFO, target, "text")
    api = LocalFileSignalExchangeAPI.for_collab(FileCollaborationConfig(name="demo", filename=str(tmp_path / "list")))
    (delta,) = api.fetch_iter([PdqSignal], None)
    assert list(delta.updates) == [("pdq", PDQ)]
    assert PdqSignal.validate_signal_str(PDQ) == PDQ
