"""Files as streams: encodings, packing, limits, progress."""

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.exchange import source
from tutela.exchange.source import Source, Stream, Torn


def lines(path, data):
    path.write_bytes(data)
    return [(line.number, line.text, line.ended) for line in Source(path).lines()]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_each_encoding_gives_the_same_lines(tmp_path, codec):
    text = "pdq één\r\nmd5 zwei\nsha1 дрі"
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(codec, b"")
    found = lines(tmp_path / "list", mark + text.encode(codec))
    assert found == [(1, "pdq één\r\n", True), (2, "md5 zwei\n", True), (3, "sha1 дрі", False)]


def test_undecodable_bytes_cost_their_own_line(tmp_path):
    found = lines(tmp_path / "list", b"one\n\xff\xfe\xfd two\nthree\n")
    assert [text for _, text, _ in found] == ["one\n", None, "three\n"]


@pytest.mark.parametrize("mark", ["utf-16-le", "utf-16-be"])
def test_a_lone_surrogate_costs_its_own_line(tmp_path, mark):
    bad = "\ud800".encode(mark, "surrogatepass")
    data = "\ufeffone\n".encode(mark) + bad + "\ntwo\n".encode(mark) + b"\x61"
    found = lines(tmp_path / "list", data)
    assert [text for _, text, _ in found] == ["one\n", None, "two\n", None]


def test_old_and_mixed_line_ends_are_counted_once_each(tmp_path):
    assert [text for _, text, _ in lines(tmp_path / "list", b"a\rb\r\nc\n\r\nd")] == [
        "a\r",
        "b\r\n",
        "c\n",
        "\r\n",
        "d",
    ]


@settings(max_examples=50, deadline=None)
@given(pieces=st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"bc"]), max_size=30), size=st.integers(1, 4))
def test_chunks_do_not_change_the_lines(tmp_path_factory, pieces, size):
    path = tmp_path_factory.getbasetemp() / "chunks"
    data = b"".join(pieces)
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "CHUNK", size)
        found = [line.text for line in Source(path).lines()]
    assert found == data.decode().splitlines(keepends=True)


def test_a_line_without_end_is_refused_without_being_held(tmp_path):
    path = tmp_path / "list"
    path.write_bytes(b"one\n" + b"x" * (3 * source.LINE_LIMIT) + b"\nthree\n" + b"y" * (2 * source.LINE_LIMIT))
    found = list(Source(path).lines())
    assert [(line.number, line.text) for line in found] == [(1, "one\n"), (2, None), (3, "three\n"), (4, None)]
    assert "longer than" in found[1].reason
    assert not found[3].ended


def test_packed_files_may_have_several_members_and_padding(tmp_path):
    path = tmp_path / "list"
    path.write_bytes(gzip.compress(b"one\n") + gzip.compress(b"two\n") + bytes(40))
    assert b"".join(Source(path).utf8()) == b"one\ntwo\n"


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda data: data[:-12], "ends early"),
        (lambda data: data[:-6] + b"\x55" * 6, "damaged"),
        (lambda data: data + b"not gzip", "damaged"),
    ],
)
def test_a_harmed_packed_file_gives_what_can_be_had(tmp_path, harm, reason):
    path = tmp_path / "list"
    path.write_bytes(harm(gzip.compress(b"one\n" * 20_000)))
    got = []
    with pytest.raises(Torn, match=reason):
        got.extend(Source(path).raw())
    assert b"".join(got).startswith(b"one\n" * 15_000)


def test_a_bomb_is_stopped_near_the_limit(tmp_path):
    path = tmp_path / "list"
    path.write_bytes(gzip.compress(bytes(80 << 20)))
    sizes = []
    with pytest.raises(Torn, match="unpacks to more"):
        sizes.extend(len(piece) for piece in Source(path).raw())
    assert max(sizes) <= source.CHUNK
    assert sum(sizes) < source.UNPACK_FREE + source.UNPACK_RATIO * path.stat().st_size + source.CHUNK


def test_the_head_is_no_more_than_a_chunk_and_tells_no_progress(tmp_path):
    path = tmp_path / "list"
    path.write_bytes(b"x" * 200_000)
    told = []
    assert len(Source(path, told.append).head()) == source.CHUNK
    assert told == []


def test_a_stream_reads_as_parsers_ask():
    stream = Stream(iter([b"abc", b"de"]))
    assert (stream.read(0), stream.read(2), stream.read(9), stream.read(), stream.read(1)) == (
        b"",
        b"ab",
        b"c",
        b"de",
        b"",
    )


def test_a_stream_stops_a_record_that_never_ends():
    stream = Stream(iter([b"x" * 10] * 10), limit=25)
    stream.read(20)
    stream.since = 0
    stream.read(20)
    with pytest.raises(Torn):
        [stream.read(10) for _ in range(9)]


def test_files_are_closed_when_reading_stops_midway(tmp_path):
    path = tmp_path / "list"
    path.write_bytes(b"one\ntwo\n")
    reading = Source(path).lines()
    next(reading)
    reading.close()  # a file left open would be a ResourceWarning, and warnings are errors here
