import io
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.cli.inputs import below, contents, lines, listed_paths
from tutela.model.errors import UsageError


def never(text):
    raise AssertionError(text)


def names(*paths, files_from=None, null=False, most=100, warn=never):
    return [content.name for content in contents(paths, files_from, null=null, most=most, warn=warn)]


def test_folders_are_looked_through_in_order_and_links_in_them_are_not_followed(tmp_path):
    for name in ("b.jpg", "a.jpg", "c/d.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "link.jpg").symlink_to(tmp_path / "a.jpg")
    found = [os.path.relpath(name, tmp_path) for name in names(str(tmp_path))]
    assert found == ["a.jpg", "b.jpg", "c/d.txt"]


def test_folders_may_be_nested_deeper_than_calls(tmp_path, monkeypatch):
    """Made and removed one by one: the ways to do so at once call themselves for each folder too."""
    monkeypatch.chdir(tmp_path)
    for _ in range(1100):
        Path("d").mkdir()
        os.chdir("d")
    Path("a.jpg").touch()
    os.chdir(tmp_path)
    deepest = str(tmp_path) + "/d" * 1100
    try:
        assert names(str(tmp_path)) == [deepest + "/a.jpg"]
    finally:
        (Path(deepest) / "a.jpg").unlink()
        Path("keep").mkdir()
        os.removedirs(deepest)


def test_files_come_in_the_order_of_their_folders(tmp_path):
    expected = ["a.jpg", "b/a/z.jpg", "b/c.jpg", "b/d/a.jpg", "c.jpg", "d/x.jpg", "e.jpg"]
    for name in reversed(expected):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [os.path.relpath(name, tmp_path) for name in names(str(tmp_path))] == expected


def test_a_link_that_is_named_is_followed(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "a.jpg")
    assert names(str(tmp_path / "link.jpg")) == [str(tmp_path / "link.jpg")]


def test_what_is_not_there_is_told_and_a_content_too():
    told = []
    assert names("/nothing/here.jpg", warn=told.append) == ["/nothing/here.jpg"]
    assert told == ["There is no file or folder /nothing/here.jpg."]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_cannot_be_read_is_told_and_counted(tmp_path):
    told = []
    tmp_path.chmod(0)
    try:
        assert names(str(tmp_path), warn=told.append) == [str(tmp_path)]
    finally:
        tmp_path.chmod(0o700)
    assert "could not be read" in told[0]


def test_a_folder_that_vanishes_is_told_and_counted(tmp_path, monkeypatch):
    told = []

    def vanished(path):
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(os, "scandir", vanished)
    assert [content.path for content in below(tmp_path, told.append)] == [tmp_path]
    assert told == [f"The folder {tmp_path} could not be read: No such file or directory."]


def test_undecodable_names_stay_what_they_are(tmp_path):
    raw = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    Path(os.fsdecode(raw)).touch()
    (name,) = names(str(tmp_path))
    assert os.fsencode(name) == raw


def test_nothing_named_is_an_error():
    with pytest.raises(UsageError, match="Nothing to look at"):
        names()


def test_standard_input_cannot_be_two_things():
    with pytest.raises(UsageError, match="cannot be both"):
        names("-", files_from="-")


class Pipe:
    def __init__(self, data):
        self.buffer = io.BytesIO(data)


def test_standard_input_is_one_picture(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Pipe(b"bytes"))
    (content,) = contents(["-"], None, null=False, most=5, warn=never)
    assert (content.name, content.data) == ("-", b"bytes")


def test_standard_input_has_its_limit(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Pipe(b"123456"))
    with pytest.raises(UsageError, match="more than 5 bytes"):
        names("-", most=5)


def test_paths_from_a_file(tmp_path):
    listed = tmp_path / "paths.txt"
    listed.write_bytes(b"/x/a.jpg\r\n\n/x/b c.jpg\n/x/last.jpg")
    assert names(files_from=str(listed)) == ["/x/a.jpg", "/x/b c.jpg", "/x/last.jpg"]


def test_nul_ends_paths_where_it_comes_first_or_is_said_to(tmp_path):
    assert [str(path) for path in listed_paths(io.BytesIO(b"/a\n1\0/b"), null=True)] == ["/a\n1", "/b"]
    assert [str(path) for path in listed_paths(io.BytesIO(b"/a\0/b\n1\0"), null=False)] == ["/a", "/b\n1"]


@given(
    st.lists(st.text(st.characters(blacklist_characters="\0/", blacklist_categories=["Cs"]), min_size=1), max_size=5)
)
def test_any_names_come_through_nul(found):
    stream = io.BytesIO(b"".join(b"/" + name.encode() + b"\0" for name in found))
    assert list(listed_paths(stream, null=True)) == [Path(f"/{name}") for name in found]


def test_paths_are_taken_while_they_are_written():
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, os.fdopen(writing, "wb", buffering=0) as writer:
        writer.write(b"/a\n")
        assert str(next(listed_paths(stream, null=False))) == "/a"


def test_while_no_path_comes_it_says_so():
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, os.fdopen(writing, "wb", buffering=0) as writer:
        paths = listed_paths(stream, null=False)
        assert next(paths) is None
        writer.write(b"/a\n/b")
        assert str(next(paths)) == "/a"
        assert next(paths) is None
        writer.close()
        assert [str(path) for path in paths] == ["/b"]


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_lines_are_those_between_newlines(pieces):
    whole = b"\n".join(pieces)
    wanted = whole.split(b"\n")
    assert list(lines(io.BytesIO(whole))) == (wanted if wanted[-1] else wanted[:-1])


def test_a_line_longer_than_one_read_is_one_line():
    long = bytes(range(11, 256)) * 2000
    assert list(lines(io.BytesIO(long + b"\n" + long))) == [long, long]
