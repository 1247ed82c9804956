import io
import json

import pytest

from tutela import exchange
from tutela.exchange.hash_lines import LONGEST
from tutela.model import Entry, Grade, ListInfo, Purpose, Rejected, Signal

VALUE = "e271017837246aaccddea259648fb7d62f435c89d9e99b2497763e216c8d055c"
OTHER = "c0f11178372c6aaccddea259648fbfd62f434c89c9e99b249772be216c8d055c"
LINE = {
    "schema": 1,
    "path": "secret/name.mp4",
    "frames": [
        {"number": 0, "width": 9, "height": 9, "time": 0.0},
        {"number": 30, "width": 9, "height": 9, "time": 1.25},
    ],
    "signals": [
        {"kind": "md5", "value": "ab" * 16, "quality": None},
        {"kind": "pdq", "value": VALUE, "quality": 100, "frame": 0},
        {"kind": "pdq", "value": OTHER, "quality": 90, "frame": 30},
        {"kind": "pdq", "value": OTHER, "quality": 90, "frame": 30, "orientation": "flip-x"},
    ],
}


def read(tmp_path, *lines, name=None):
    path = tmp_path / "hashes.jsonl"
    path.write_text(
        "".join((line if isinstance(line, str) else json.dumps(line, separators=(",", ":"))) + "\n" for line in lines)
    )
    return list(exchange.read(path, name))


def test_a_line_is_an_entry_with_the_times_of_its_frames(tmp_path):
    (entry,) = read(tmp_path, LINE)
    assert [(signal.kind, signal.time) for signal in entry.signals] == [("md5", None), ("pdq", 0.0), ("pdq", 1.25)]
    assert "secret" not in repr(entry)


def test_there_and_back(tmp_path):
    entry = Entry(
        "key 1",
        (Signal("md5", bytes(range(16))), Signal("pdq", bytes.fromhex(VALUE), 80, time=2.5)),
        (Grade("UK", "A"),),
        ("label",),
        "somebody",
    )
    target = io.BytesIO()
    written = exchange.write([entry], ListInfo("l", "", Purpose.KNOWN), target, "jsonl")
    assert (written.entries, written.left_out) == (1, {})
    assert read(tmp_path, target.getvalue().decode().rstrip()) == [entry]


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[1]",
        "{}",
        '{"schema":1,"path":"a"}',
        '{"schema":2,"path":"a","signals":[]}',
        '{"schema":1,"path":"a","signals":[]}',
        '{"schema":1,"path":"a","signals":[{"kind":"md5","value":"zz"}]}',
        '{"schema":1,"path":"a","signals":[{"kind":"odd","value":"00"}]}',
        '{"schema":1,"path":"a","signals":[{"kind":"md5","value":"00"}],"grades":7}',
        '{"schema":1,"path":"a","signals":[{"kind":"md5","value":"00"}],"key":7}',
        "[" * 5000,
    ],
)
def test_lines_that_are_none_are_told_and_passed_over(tmp_path, line):
    rejected, entry = read(tmp_path, line, LINE, name="jsonl")
    assert isinstance(rejected, Rejected)
    assert (rejected.number, rejected.fatal) == (1, False)
    assert isinstance(entry, Entry)


def test_a_blank_picture_stays_out_and_the_rest_comes_in(tmp_path):
    line = LINE | {"signals": [*LINE["signals"], {"kind": "pdq", "value": "0" * 64, "quality": 0, "frame": 0}]}
    rejected, entry = read(tmp_path, line)
    assert rejected.partial
    assert "0000" not in rejected.reason
    assert len(entry.signals) == 3


def test_hashes_that_are_unfit_stay_out(tmp_path):
    line = LINE | {"signals": [{"kind": "pdq", "value": VALUE, "quality": 99, "frame": 0, "unfit": "a sheet"}]}
    (rejected,) = read(tmp_path, line)
    assert isinstance(rejected, Rejected)


def test_an_endless_line(tmp_path, monkeypatch):
    assert LONGEST > 1 << 20
    monkeypatch.setattr("tutela.exchange.hash_lines.LONGEST", 1000)
    rejected, entry = read(tmp_path, "x" * 200_000, LINE | {"frames": []}, name="jsonl")
    assert isinstance(rejected, Rejected)
    assert isinstance(entry, Entry)
