import io

import av
import numpy as np
import pytest

from media.videos import CODECS, encoded, moving, scene, scenes
from tutela.media import Sampling, frames, sniff, stream_frames
from tutela.model import Limits, MediaType, ProblemKind

TYPES = {
    "mp4": MediaType.MP4,
    "mov": MediaType.QUICKTIME,
    "matroska": MediaType.MATROSKA,
    "webm": MediaType.WEBM,
    "avi": MediaType.AVI,
    "mpeg": MediaType.MPEG,
    "mpegts": MediaType.MPEG_TS,
    "flv": MediaType.FLV,
    "asf": MediaType.ASF,
}


def taken(data, mode="scenes", rate=1.0, *, letterbox=False, limits=None, luma=True):
    problems = []
    found = list(frames(data, limits or Limits(), problems.append, luma=luma, sampling=Sampling(mode, rate, letterbox)))
    return found, problems


@pytest.mark.parametrize("form", CODECS)
def test_every_container_gives_its_frames(form):
    data = scenes(form, seeds=(1, 2))
    assert sniff(data[:4096]) is TYPES[form]
    found, problems = taken(data, "all")
    assert len(found) == 40
    assert problems == []
    assert [frame.number for frame in found] == list(range(40))
    assert found[0].time == pytest.approx(0, abs=0.06)
    assert found[-1].time == pytest.approx(3.9, abs=0.06)
    for frame, seed in ((found[5], 1), (found[-5], 2)):
        assert frame.pixels.shape == (120, 160)
        wanted = scene(seed)[:, :, 1].astype(int)
        assert np.abs(frame.pixels.astype(int) - wanted).mean() < 8


def test_still_scenes_give_one_frame_each():
    found, problems = taken(scenes(seconds=30))
    assert [round(frame.time, 1) for frame in found] == [0, 30, 60, 89.9]
    assert problems == []


def test_motion_gives_frames_at_the_rate():
    slow = encoded([scene(1, shift=at / 2000) for at in range(40)])
    found, _ = taken(slow)
    assert [round(frame.time, 1) for frame in found] == pytest.approx([0, 1, 2, 3], abs=0.31)
    found, _ = taken(moving())
    assert 6 <= len(found) <= 12, "what moves fast is looked at more often, but not without end"
    found, _ = taken(moving(), "rate", 2.0)
    assert [round(frame.time, 1) for frame in found] == [0, 0.5, 1, 1.5, 2, 2.5]


def test_key_frames_alone():
    data = encoded([scene(1, shift=at / 20) for at in range(40)], options={"g": "10", "sc_threshold": "0"})
    found, _ = taken(data, "keys")
    assert [round(frame.time, 1) for frame in found] == [0, 1, 2, 3]
    whole, _ = taken(data, "all")
    for frame in found:
        same = next(one for one in whole if one.time == frame.time)
        assert np.array_equal(frame.pixels, same.pixels)


def test_pictures_one_by_one_are_decoded_only_when_due():
    data = encoded([scene(at) for at in range(30)], "avi", codec="mjpeg", pixel_format="yuvj420p")
    found, _ = taken(data, "rate")
    assert [round(frame.time) for frame in found] == [0, 1, 2]


def test_brightness_equals_what_conversion_to_colour_gives():
    data = scenes(seeds=(1,))
    grey, colour = taken(data, "keys")[0][0], taken(data, "keys", luma=False)[0][0]
    assert colour.pixels.shape == (120, 160, 3)
    luma = colour.pixels @ np.array([0.299, 0.587, 0.114])
    assert np.abs(luma - grey.pixels).max() < 4


def test_black_bars_are_cut_off_in_a_frame_of_its_own():
    barred = np.zeros((120, 160, 3), np.uint8)
    barred[20:100] = scene(1, 160, 80)
    found, _ = taken(encoded([barred] * 10), letterbox=True)
    whole, inner = found
    assert (whole.parent, whole.cell, whole.pixels.shape) == (None, None, (120, 160))
    assert inner.parent == inner.number == whole.number
    assert abs(inner.cell.y - 20) <= 1
    assert abs(inner.cell.height - 80) <= 2
    assert inner.pixels.shape == (inner.height, inner.width) == (inner.cell.height, inner.cell.width)


@pytest.mark.parametrize("cut", [0.02, 0.3, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("form", ["mp4", "matroska", "avi", "mpegts", "flv", "asf", "webm"])
def test_cut_files_raise_nothing(form, cut):
    data = moving(form)
    found, problems = taken(data[: int(len(data) * cut)], "all")
    assert len(found) <= 30
    assert found or problems


@pytest.mark.parametrize("form", ["mp4", "matroska", "avi", "mpegts", "flv", "webm"])
def test_damage_is_told_and_the_rest_is_used(form):
    data = bytearray(moving(form, seconds=6))
    chance = np.random.default_rng(4)
    for at in chance.integers(len(data) // 3, len(data) * 2 // 3, 60):
        data[at] ^= 0xFF
    found, problems = taken(bytes(data), "all")
    assert all(problem.kind in {ProblemKind.DAMAGED, ProblemKind.TRUNCATED} for problem in problems)
    times = [frame.time for frame in found]
    assert times == sorted(times)


def test_limits_are_named():
    data = moving()
    for limits, kind, word in (
        (Limits(max_video_frames=3), ProblemKind.LIMIT, "limit of 3"),
        (Limits(max_pixels=160 * 120 - 1), ProblemKind.LIMIT, "pixels"),
        (Limits(max_video_seconds=0.0), ProblemKind.TIMEOUT, "0 s"),
    ):
        found, problems = taken(data, "all", limits=limits)
        assert len(found) <= 3
        assert [problem.kind for problem in problems] == [kind]
        assert word in problems[0].message


def test_the_size_of_a_video_is_no_limit():
    found, problems = taken(moving(), "all", limits=Limits(max_bytes=10))
    assert (len(found), problems) == (30, [])


def test_sound_alone_and_codecs_that_are_not_read():
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    found, problems = taken(target.getvalue())
    assert found == []
    assert [problem.kind for problem in problems] == [ProblemKind.UNSUPPORTED]
    data = encoded([scene(1)] * 5, "matroska", codec="snow")
    found, problems = taken(data)
    assert found == []
    assert "snow" in problems[0].message


def test_nothing_but_a_beginning():
    for head in (
        b"\0\0\0\x18ftypisom",
        b"\x1a\x45\xdf\xa3",
        b"RIFF\0\0\0\0AVI ",
        b"FLV\x01",
        b"OggS\0",
        b"\0\0\x01\xba",
    ):
        found, problems = taken(head + bytes(64))
        assert found == []
        assert problems


class _Counting(io.BytesIO):
    most = 0

    def read(self, size=-1):
        piece = super().read(size)
        self.most = max(self.most, len(piece))
        return piece


def test_a_stream_is_read_piece_by_piece():
    data = moving()
    stream = _Counting(data)
    found = list(stream_frames(stream, data[:4096], Limits(), print, sampling=Sampling("all")))
    assert len(found) == 30
    assert 0 < stream.most <= 1 << 16


def test_turned_videos_lie_upright():
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.set_display_rotation(-90) if hasattr(stream, "set_display_rotation") else pytest.skip("PyAV writes none")
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(scene(1), format="rgb24")))
        container.mux(stream.encode(None))
    found, _ = taken(target.getvalue())
    assert found[0].exif_orientation in {6, 8}
    assert (found[0].width, found[0].height) == (120, 160)
