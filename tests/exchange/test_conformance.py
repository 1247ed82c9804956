"""What every list format has to do.  A new format adds a class of three lines at the end of this file."""

from __future__ import annotations

import gzip
import io
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tutela.exchange import formats, read, write
from tutela.exchange.record import clean, derived_key
from tutela.model import Entry, Grade, ListInfo, Purpose, Rejected, Removed, Signal
from tutela.signals import kind, kinds

# Every format's class inherits the same test: they may share what Hypothesis has learned of it.
SHARED = [HealthCheck.differing_executors]
INFO = ListInfo("demo", "Example Hotline", Purpose.KNOWN)
_EARLIEST, _LATEST = datetime(1990, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - Hypothesis adds the zone

# Text as every format may carry it: no control characters, no blanks at the ends.
TEXTS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=30)
NAMES = TEXTS.map(str.strip).filter(lambda text: text and clean(text) == text)
WORDS = st.from_regex(r"[A-Za-z0-9_.-]{1,12}", fullmatch=True)
TIMES = st.none() | st.datetimes(_EARLIEST, _LATEST, timezones=st.just(UTC))


@st.composite
def signals(draw, name):
    value = draw(
        st.binary(min_size=kind(name).size, max_size=kind(name).size).filter(lambda v: not kind(name).unfit(v))
    )
    return Signal(name, value, draw(st.none() | st.integers(0, 100)) if name == "pdq" else None)


@st.composite
def entries(draw):
    names = draw(st.lists(st.sampled_from([one.name for one in kinds()]), min_size=1, max_size=5))
    met = {(one.kind, one.value): one for one in (draw(signals(name)) for name in names)}
    chosen = tuple(met.values())
    grades = draw(st.lists(st.builds(Grade, NAMES, WORDS), max_size=3, unique=True))
    grades += draw(
        st.lists(st.sampled_from([Grade("vics-us", "0"), Grade("ncmec", "A1"), Grade("vics-1", "2")]), max_size=1)
    )
    return Entry(
        key=draw(st.just(derived_key(chosen)) | WORDS | st.from_regex(r"[1-9]\d{0,4}-[a-z0-9]{1,8}", fullmatch=True)),
        signals=chosen,
        grades=tuple(dict.fromkeys(grades)),
        labels=tuple(
            draw(st.lists(NAMES | st.sampled_from(["video", "distributed", "series:x"]), max_size=3, unique=True))
        ),
        source=draw(st.just("") | NAMES),
        added=draw(TIMES),
        updated=draw(TIMES),
    )


def some_entries(count):
    """Entries without randomness: an MD5, a SHA-1 and a PDQ each."""
    for number in range(count):
        digest = number.to_bytes(8) * 2
        parts = (Signal("md5", digest), Signal("sha1", digest + b"sha1"), Signal("pdq", digest + b"pdq!" * 4, 80))
        yield Entry(
            f"7-e{number}",
            parts,
            (Grade("vics-us", "1"),),
            ("label",),
            "Example",
            None,
            datetime(2026, 1, 2, tzinfo=UTC),
        )


def comparable(entry):
    """An entry as a plain value in which order does not matter."""
    values = frozenset((one.kind, one.value, one.quality) for one in entry.signals)
    return (
        entry.key,
        values,
        frozenset(entry.grades),
        frozenset(entry.labels),
        entry.source,
        entry.added,
        entry.updated,
    )


class Conformance:
    """Every format's reader and writer; ``as_read`` says what of an entry comes back."""

    name: ClassVar[str]

    def as_read(self, entry):
        return [entry]

    def written(self, wanted):
        target = io.BytesIO()
        account = write(wanted, INFO, target, self.name)
        assert not target.closed
        return account, target.getvalue()

    def items(self, path, data, name=None, on_bytes=None):
        path.write_bytes(data)
        return list(read(path, name, on_bytes))

    @settings(max_examples=60, deadline=None, suppress_health_check=SHARED)
    @given(wanted=st.lists(entries(), max_size=6))
    def test_what_is_written_is_read_back(self, wanted, tmp_path_factory):
        account, data = self.written(wanted)
        expected = [comparable(one) for entry in wanted for one in self.as_read(entry)]
        found = self.items(tmp_path_factory.getbasetemp() / f"trip-{self.name}", data, self.name)
        assert Counter(map(comparable, found)) == Counter(expected)
        assert account.entries == sum(bool(self.as_read(entry)) for entry in wanted)

    @settings(max_examples=40, deadline=None, suppress_health_check=SHARED)
    @given(wanted=st.lists(entries(), min_size=1, max_size=3))
    def test_an_account_is_given_of_what_could_not_be_carried(self, wanted):
        account, _ = self.written(wanted)
        lossless = all([comparable(one) for one in self.as_read(entry)] == [comparable(entry)] for entry in wanted)
        assert bool(account.left_out) != lossless

    def test_its_own_export_is_recognised(self, tmp_path):
        _, data = self.written(some_entries(3))
        assert self.items(tmp_path / "without-a-suffix", data) == self.items(tmp_path / "b", data, self.name)

    def test_an_empty_list_is_no_error(self, tmp_path):
        assert self.items(tmp_path / "list", self.written([])[1], self.name) == []

    def test_gzip_and_byte_order_marks_change_nothing(self, tmp_path):
        _, data = self.written(some_entries(50))
        plain = self.items(tmp_path / "plain", data)
        assert self.items(tmp_path / "packed", gzip.compress(data)) == plain
        assert self.items(tmp_path / "marked", b"\xef\xbb\xbf" + data) == plain
        halves = gzip.compress(data[:1000]) + gzip.compress(data[1000:])
        assert self.items(tmp_path / "members", halves) == plain

    def test_progress_grows_to_the_size_of_the_file(self, tmp_path):
        for data in (self.written(some_entries(2000))[1], gzip.compress(self.written(some_entries(2000))[1])):
            told = []
            self.items(tmp_path / "list", data, None, told.append)
            assert told[-1] == len(data)
            assert all(before < after for before, after in pairwise(told))

    def test_a_file_cut_anywhere_gives_what_came_before_and_says_so(self, tmp_path):
        _, data = self.written(some_entries(40))
        whole = [item for item in self.items(tmp_path / "whole", data) if isinstance(item, Entry)]
        for cut in range(len(data) // 7, len(data) - 8, len(data) // 23):
            items = self.items(tmp_path / "cut", data[:cut], self.name)
            taken = [item for item in items if isinstance(item, Entry)]
            assert taken[:-1] == whole[: len(taken) - 1]
            assert taken[-1] == whole[len(taken) - 1] or isinstance(items[-2], Rejected)
            assert len(taken) >= len(whole) * cut // len(data) - 2
            self.check_torn(items, data[:cut])

    def check_torn(self, items, data):
        assert data
        assert isinstance(items[-1], Rejected)
        assert items[-1].fatal
        assert "early" in items[-1].reason

    def test_a_packed_file_cut_short_says_so(self, tmp_path):
        data = gzip.compress(self.written(some_entries(4000))[1])
        items = self.items(tmp_path / "cut", data[: len(data) // 2], self.name)
        assert sum(isinstance(item, Entry) for item in items) > 1000
        assert items[-1].fatal
        assert "packed file ends early" in items[-1].reason

    def test_a_bomb_is_stopped(self, tmp_path):
        bomb = gzip.compress(self.written(some_entries(1))[1] + b" " * (64 << 20), compresslevel=9)
        items = self.items(tmp_path / "bomb", bomb, self.name)
        assert any(isinstance(item, Rejected) and item.fatal and "unpacks to more" in item.reason for item in items)

    def test_no_message_holds_a_hash(self, tmp_path):
        _, data = self.written(some_entries(30))
        for place in range(3, len(data), len(data) // 100):
            flipped = data[:place] + bytes([data[place] ^ 0x15]) + data[place + 1 :]
            joined = data[:place] + data[place + 23 :]  # names and values run into each other
            for harmed in (flipped, joined):
                for item in self.items(tmp_path / "harmed", harmed, self.name):
                    if isinstance(item, Rejected):
                        assert not re.search(r"[0-9A-Fa-f]{12}", item.reason)
                    else:
                        assert not re.search(r"[0-9A-Fa-f]{32}", item.key)

    @settings(max_examples=60, deadline=None, suppress_health_check=SHARED)
    @given(data=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
    def test_any_bytes_give_items_and_no_exception(self, data, tmp_path_factory):
        _, head = self.written(some_entries(2))
        path = tmp_path_factory.getbasetemp() / f"any-{self.name}"
        for whole in (data, head + data, head[: len(head) // 2] + data + head[len(head) // 2 :]):
            for item in self.items(path, whole, self.name):
                assert isinstance(item, Entry | Removed | Rejected)

    def test_hashes_of_nothing_never_enter(self, tmp_path):
        empty = Signal("md5", bytes.fromhex("d41d8cd98f00b204e9800998ecf8427e"))
        blank = Signal("pdq", bytes(32))
        fit = Signal("sha1", b"a" * 20)
        _, data = self.written([Entry("1-a", (empty, blank)), Entry("1-b", (empty, blank, fit))])
        items = self.items(tmp_path / "list", data, self.name)
        assert [one for item in items if isinstance(item, Entry) for one in item.signals] == [fit]
        reasons = " ".join(item.reason for item in items if isinstance(item, Rejected))
        assert "empty file" in reasons
        assert "pdq: " in reasons

    def test_memory_stays_flat(self, tmp_path):
        done = subprocess.run(
            [sys.executable, "-c", _FLAT, self.name, str(tmp_path / "list")],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])},
        )
        small, large, count = map(int, done.stdout.split())
        assert count >= 50_000
        assert large - small < 6 << 10  # KiB; the largest of the files has 30 MB


#: Writes and reads 5,000 entries, then 50,000, in its own process; prints the peak memory after each (KiB on Linux).
_FLAT = """
import resource, sys
from pathlib import Path
from tutela.exchange import read, write
from tutela.model import Entry
from test_conformance import INFO, some_entries
name, path = sys.argv[1], Path(sys.argv[2])
for count in (5_000, 50_000):
    with path.open("wb") as target:
        write(some_entries(count), INFO, target, name)
    found = sum(isinstance(item, Entry) for item in read(path))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(found)
"""


class TestText(Conformance):
    name = "text"

    def as_read(self, entry):
        alone = [Signal(one.kind, one.value) for one in entry.signals]
        return [Entry(derived_key([one]), (one,)) for one in alone]

    def check_torn(self, items, data):
        # A text may be cut between two lines, which nothing shows, or right before a line end, which harms nothing.
        last = data.split(b"\n")[-1].split(b" ")
        if last != [b""] and (len(last) == 1 or len(last[1]) not in {32, 40, 64}):
            assert items[-1].fatal


class TestCsv(Conformance):
    name = "csv"

    def check_torn(self, items, data):
        cells = data.split(b"\n")[-1].count(b",")
        if 0 < cells < 12:
            assert items[-1].fatal
        elif cells:
            assert any(isinstance(item, Rejected) and "cut short" in item.reason for item in items[-2:])


class TestHashLines(Conformance):
    name = "jsonl"

    def as_read(self, entry):
        return [Entry(entry.key, entry.signals, entry.grades, entry.labels, entry.source)]

    def check_torn(self, items, data):
        if data and not data.endswith((b"\n", b"}")):
            assert items[-1].fatal


class TestNcmec(Conformance):
    name = "ncmec"


class _Vics(Conformance):
    def as_read(self, entry):
        if not any(one.kind == "md5" for one in entry.signals):
            return []
        bare = tuple(Signal(one.kind, one.value) for one in entry.signals)
        return [Entry(derived_key(bare), bare, entry.grades, entry.labels, entry.source, None, entry.updated)]


class TestVics1(_Vics):
    name = "vics-1"


class TestVics2(_Vics):
    name = "vics-2"


def test_every_format_is_held_to_this():
    held = {one.name for one in Conformance.__subclasses__() + _Vics.__subclasses__() if hasattr(one, "name")}
    # vPDQ carries nothing but videos, of which there are none here: see test_vpdq.py.
    assert held | {"vpdq"} == {one.name for one in formats()}


@pytest.mark.parametrize("one", formats(), ids=lambda one: one.name)
def test_a_format_names_itself(one):
    assert re.fullmatch(r"[a-z0-9-]+", one.name)
    assert one.suffix.startswith(".")
    assert one.title
