"""Looking at one content within this process."""

from __future__ import annotations

import hashlib

import pytest

from engine.small_pictures import gif, jpeg, png
from tutela.engine.examining import COMPUTED, Examined, Wanted, examine, lost
from tutela.model import FrameInfo, Limits, MediaType, Orientation, Problem, ProblemKind


def test_everything_of_a_picture():
    data = jpeg(1)
    found = examine(data, Limits())
    assert (found.size, found.media_type) == (len(data), MediaType.JPEG)
    assert found.frames == (FrameInfo(0, 128, 96),)
    assert {s.kind: s.value for s in found.signals if s.kind != "pdq"} == {
        name: hashlib.new(name, data).digest() for name in ("md5", "sha1", "sha256")
    }
    assert [(s.kind, s.frame, s.quality is not None) for s in found.signals][3:] == [("pdq", 0, True)]
    assert not found.problems
    assert not found.unhashable
    assert found.thumbnail is None


def test_every_frame_and_orientation():
    found = examine(gif([1, 2, 3]), Limits(), Wanted(orientations=True))
    assert [frame.number for frame in found.frames] == [0, 1, 2]
    pdq = [(s.frame, s.orientation) for s in found.signals if s.kind == "pdq"]
    assert sorted(pdq) == sorted((frame, turned) for frame in range(3) for turned in Orientation)


@pytest.mark.parametrize("data", [jpeg(1), png(1)])
def test_a_thumbnail_has_colours(data):
    from io import BytesIO

    from PIL import Image

    found = examine(data, Limits(), Wanted(thumbnail=True))
    small = Image.open(BytesIO(found.thumbnail))
    assert small.format == "WEBP"
    red, green, _ = small.convert("RGB").split()
    assert red.tobytes() != green.tobytes()
    assert found.signals == examine(data, Limits()).signals


@pytest.mark.parametrize("data", [b"", b"no picture", jpeg(1)[:30]])
def test_no_frame_is_told_with_its_reason(data):
    found = examine(data, Limits())
    assert len(found.signals) == 3
    assert found.problems
    assert [(none.kind, none.reason) for none in found.unhashable] == [("pdq", found.problems[0].message)]


def test_only_what_is_wanted():
    assert [s.kind for s in examine(jpeg(1), Limits(), Wanted(frozenset({"pdq"}))).signals] == ["pdq"]
    only = examine(jpeg(1), Limits(), Wanted(frozenset({"sha1"})))
    assert [s.kind for s in only.signals] == ["sha1"]
    assert not only.frames
    assert only.media_type is MediaType.JPEG
    assert {"md5", "sha1", "sha256", "pdq"} == COMPUTED


def test_too_many_bytes_are_hashed_only():
    found = examine(jpeg(1), Limits(max_bytes=100))
    assert len(found.signals) == 3
    assert [problem.kind for problem in found.problems] == [ProblemKind.LIMIT]


def test_running_out_of_memory_keeps_what_was_found(monkeypatch):
    import tutela.engine.examining as room

    decode = room.frames

    def hungry(*given, **wanted):
        yield next(iter(decode(*given, **wanted)))
        raise MemoryError

    monkeypatch.setattr(room, "frames", hungry)
    found = examine(gif([1, 2]), Limits())
    assert [problem.kind for problem in found.problems] == [ProblemKind.MEMORY]
    assert [signal.kind for signal in found.signals] == ["md5", "sha1", "sha256", "pdq"]


def test_looks_are_joined():
    bytes_only, all_of_it = examine(png(1), Limits(), Wanted(frozenset({"md5"}))), examine(png(1), Limits())
    pixels = examine(png(1), Limits(), Wanted(frozenset({"pdq"})))
    joined = bytes_only.joined(Examined(frames=pixels.frames, signals=pixels.signals))
    assert (joined.size, joined.media_type, joined.frames) == (all_of_it.size, all_of_it.media_type, all_of_it.frames)
    problem = Problem(ProblemKind.CRASH, "file", "it crashed")
    assert bytes_only.joined(lost(problem, Wanted())).problems == (problem,)
