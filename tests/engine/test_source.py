"""Opening and reading contents."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from tutela.engine import source as room
from tutela.engine.source import HEAD, Source, open_file, open_source
from tutela.model import Content, Problem, ProblemKind
from tutela.signals import digests


def opened(path, limit=1 << 30):
    made = open_source(Content.of_file(path), limit)
    assert isinstance(made, Source)
    return made


@pytest.mark.parametrize("size", [0, 1, HEAD, HEAD + 1, 100_000])
@pytest.mark.parametrize("kept", [0, 1 << 20])
def test_a_file_reads_as_its_bytes(tmp_path, monkeypatch, size, kept):
    monkeypatch.setattr(room, "KEPT", kept)
    data = os.urandom(size)
    (tmp_path / "file").write_bytes(data)
    for source in (opened(tmp_path / "file"), Source(data)):
        with source:
            assert source.head() == data[:HEAD]
            assert source.digests() == (digests(data), data[:HEAD])
            assert source.whole() == data
            assert source.size == size


def test_a_file_that_grows_is_taken_as_it_was(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with opened(path) as source, path.open("ab") as more:
        more.write(b"after")
        more.flush()
        assert source.whole() == b"before"


def test_a_file_that_shrinks_is_taken_as_it_is(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"before and after")
    with opened(path) as source:
        os.truncate(path, 6)
        assert source.digests()[0] == digests(b"before")
        assert source.size == 6


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_file_that_tells_no_size_is_read_to_its_end_or_the_limit():
    with opened(Path("/proc/self/status")) as source:
        assert source.whole().startswith(b"Name:")
    with opened(Path("/proc/self/status"), 5) as source:
        assert source.whole() == b"Name:"


def test_closing_closes_the_handle(tmp_path):
    (tmp_path / "file").write_bytes(b"text")
    handle, size = open_file(tmp_path / "file")
    assert size == 4
    source = Source(handle=handle, size=size)
    source.close()
    source.close()
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(handle)
    with pytest.raises(ValueError, match="closed"):
        source.whole()


def test_what_is_no_file_is_a_problem(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for name in ("pipe", "link", "socket", ".", "none", "bad\0name", "x" * 300):
            problem = open_file(tmp_path / name)
            assert isinstance(problem, Problem)
            assert problem.kind is ProblemKind.UNREADABLE
            assert str(tmp_path) not in problem.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_a_problem(tmp_path):
    (tmp_path / "file").write_bytes(b"text")
    (tmp_path / "file").chmod(0)
    problem = open_file(tmp_path / "file")
    assert isinstance(problem, Problem)
    assert "ermission" in problem.message


def test_content_in_memory_needs_no_file():
    source = open_source(Content("name", data=b"text"), 0)
    assert isinstance(source, Source)
    assert source.whole() == b"text"


def test_a_source_as_a_stream(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)))
    opened = open_source(Content.of_file(path), 1 << 20)
    with opened:
        for stream in (opened.stream(), Source(bytes(range(256))).stream()):
            assert stream.read(3) == b"\x00\x01\x02"
            assert stream.seek(-2, 2) == 254
            assert stream.read(9) == b"\xfe\xff"
            assert stream.read(9) == b""
            assert stream.seek(10) == stream.tell() == 10
            assert stream.seek(1, 1) == 11
            assert stream.read(1) == b"\x0b"
