import json

import pytest
from PIL import Image

from cli.running import invoke, run
from media.videos import encoded, moving, scene, scenes


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(moving())
    return path


def lines(data):
    return [json.loads(line) for line in data.decode().splitlines()]


def test_a_line_a_frame(tmp_path, video):
    other = tmp_path / "text.txt"
    other.write_text("no video")
    result = run(tmp_path / "home", "frames", "--rate", "2", video, other)
    assert result.returncode == 0
    *frames, problem = lines(result.stdout)
    assert [frame["time"] for frame in frames] == [0, 0.5, 1, 1.5, 2, 2.5]
    assert all(frame["signals"][0]["kind"] == "pdq" for frame in frames)
    assert frames[0] | {"signals": []} == {
        "schema": 1,
        "path": str(video),
        "number": 0,
        "width": 160,
        "height": 120,
        "time": 0.0,
        "signals": [],
    }
    assert problem["problem"]["kind"] == "unsupported"
    assert b"6 frames of 2 files; 1 gave none" in result.stderr
    assert run(tmp_path / "home", "frames", "--strict", other).returncode == 11


def test_keys_and_all(tmp_path, video):
    video.write_bytes(encoded([scene(1, shift=at / 40) for at in range(40)], options={"g": "20", "sc_threshold": "0"}))
    assert [line["number"] for line in lines(run(tmp_path, "frames", "--keys", video).stdout)] == [0, 20]
    assert len(lines(run(tmp_path, "frames", "--all", "--in-process", video).stdout)) == 40


@pytest.mark.parametrize("form", ["jpeg", "png"])
def test_frames_are_saved_only_if_asked(tmp_path, video, form):
    folder = tmp_path / "saved"
    result = invoke("frames", "--rate", "1", "--save", folder, "--in-process", "--as", form, video)
    assert result.exit_code == 0
    saved = sorted(folder.iterdir())
    assert len(saved) == 3
    with Image.open(saved[0]) as picture:
        assert (picture.size, picture.format) == ((160, 120), form.upper())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--keys", "--all"],
        ["--rate", "0"],
        ["--keys", "--rate", "2"],
        ["--save", "folder"],
        ["--as", "gif"],
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, video, arguments):
    result = run(tmp_path, "frames", *arguments, video)
    assert result.returncode == 2
    assert result.stdout == b""


def test_a_known_video_from_hash_to_match(tmp_path, video):
    home = tmp_path / "home"
    video.write_bytes(scenes(seconds=3, seeds=(1, 2, 3, 4)))
    hashed = tmp_path / "hashes.jsonl"
    hashed.write_bytes(run(home, "hash", "--jsonl", video).stdout)
    assert run(home, "list", "create", "films").returncode == 0
    assert run(home, "list", "import", "films", hashed).returncode == 0
    long = tmp_path / "long.avi"
    long.write_bytes(scenes("avi", seconds=3, seeds=(7, 8, 1, 2, 3, 4, 9)))
    result = run(home, "match", "--jsonl", "--video", "rate", "--rate", "2", long)
    (found,) = lines(result.stdout)
    assert found["verdict"]["name"] == "near"
    (span,) = found["spans"]
    assert (span["start"], span["end"]) == pytest.approx((6, 18), abs=1)
    assert (span["known_start"], span["known_end"]) == pytest.approx((0, 12), abs=1)
    assert run(home, "list", "export", "films", "-", "--format", "vpdq").stdout.count(b"\n") >= 4
    assert run(home, "match", "--video", "odd", long).returncode == 2
