import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tutela
from cli.running import PROGRAM, environment, invoke, png, run, write
from media.videos import encoded, scene
from tutela.model import Known, Near
from tutela.model.finding_json import finding_from_json
from tutela.model.hash_json import hash_from_json


def verdicts(ended):
    lines = getattr(ended, "stdout_bytes", ended.stdout)
    found = [finding_from_json(json.loads(line)) for line in lines.splitlines()]
    return {Path(one.name).name: one.verdict for one in found}


def test_a_folder_against_all_lists(home, pictures, known_list):
    ended = run(home, "match", pictures)
    assert ended.returncode == 0
    found = verdicts(ended)
    assert isinstance(found["known.png"], Known)
    assert isinstance(found["edited.jpg"], Near)
    assert found["stranger.png"].rule == "nothing"
    assert found["broken.jpg"].rule == "unreadable"
    told = ended.stderr.decode()
    assert "Looked at 4 files" in told
    assert "1 known, 1 near, 1 unreadable" in told


def test_bytes_from_standard_input(home, known_list):
    ended = run(home, "match", "--jsonl", "-", data=png(1))
    assert isinstance(verdicts(ended)["-"], Known)


def test_codes_that_are_asked_for(home, pictures, known_list):
    base = ("match", "--in-process", "-q")
    assert invoke(*base, "--fail-on-match", pictures / "known.png").exit_code == 10
    assert invoke(*base, "--fail-on-match", pictures / "deeper").exit_code == 0
    assert invoke(*base, "--strict", pictures / "broken.jpg").exit_code == 11
    assert invoke(*base, "--strict", pictures / "nothing.jpg").exit_code == 11
    assert invoke(*base, "--strict", pictures / "known.png").exit_code == 0
    assert invoke(*base, "--strict", "--fail-on-match", pictures).exit_code == 10


def test_no_list_is_an_error_since_nothing_could_be_met(home, pictures):
    ended = run(home, "match", pictures)
    assert ended.returncode == 2
    assert b"There is no list to match against" in ended.stderr
    assert ended.stdout == b""


def test_an_unknown_list_is_an_error(home, pictures, known_list):
    ended = run(home, "match", "--list", "nobody", pictures)
    assert ended.returncode == 3
    assert b"no list named 'nobody'" in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_only_the_lists_that_are_named_are_asked(home, pictures, known_list):
    invoke("list", "create", "empty")
    ended = invoke("match", "--in-process", "--list", "empty", pictures / "known.png")
    assert verdicts(ended)["known.png"].rule == "nothing"


def test_only_what_was_met(home, pictures, known_list):
    ended = invoke("match", "--in-process", "--only-met", pictures)
    assert set(verdicts(ended)) == {"known.png", "edited.jpg"}
    assert "Looked at 4 files" in ended.stderr


def test_a_sheet_of_a_known_video_is_told_as_that_video(home, tmp_path):
    def drawn(seed, at, width, height):
        return scene(seed, width, height, at / 200)

    clip = tmp_path / "clip.mkv"
    clip.write_bytes(encoded([drawn(seed, at, 240, 160) for seed in range(12) for at in range(10)], "matroska"))
    hashed = invoke("hash", "--jsonl", "--in-process", clip)
    lines = write(tmp_path / "clip.jsonl", hashed.stdout_bytes)
    invoke("list", "create", "films")
    assert invoke("list", "import", "films", lines).exit_code == 0
    page = np.full((3 * 146 + 6, 4 * 216 + 6, 3), 255, np.uint8)
    for seed in range(12):
        x, y = 6 + seed % 4 * 216, 6 + seed // 4 * 146
        page[y : y + 140, x : x + 210] = drawn(seed, 4, 210, 140)
    Image.fromarray(page).save(tmp_path / "sheet.png")
    ended = invoke("match", "--in-process", "--table", tmp_path / "sheet.png")
    assert "1 near, 1 along known videos (1 sheet)" in ended.stderr
    _, near, cell, along = ended.stdout.splitlines()
    assert near.startswith("near")
    assert cell.strip().startswith("contact sheet, 12 cells, 12 met: cell ")
    assert along.strip().startswith("cells, in order = 0:0")
    assert "(films, 1" in along
    report = tmp_path / "report.html"
    invoke("match", "--in-process", "--report", report, tmp_path / "sheet.png")
    page = report.read_text(encoding="utf-8")
    assert "contact sheet, 12 cells, 12 met" in page
    assert 'class="outlines"' in page
    assert 'class="here">cells, in order</span> <span>follow 0:0' in page
    signals = write(
        tmp_path / "sheet.jsonl", invoke("hash", "--jsonl", "--in-process", tmp_path / "sheet.png").stdout_bytes
    )
    (line,) = invoke("match", "--jsonl", "--signals", signals).stdout.splitlines()
    assert len(finding_from_json(json.loads(line)).spans) == 1


def test_turned_pictures(home, tmp_path):
    photograph = next(iter(sorted((Path(tutela.__file__).parent / "demo" / "pictures").glob("*.jpg"))))
    csv = invoke("hash", "--in-process", "-q", "--as", "csv", photograph)
    invoke("list", "create", "photographs")
    invoke("list", "import", "photographs", write(tmp_path / "list.csv", csv.stdout_bytes))
    turned = tmp_path / "turned.png"
    with Image.open(photograph) as opened:
        opened.rotate(90, expand=True).save(turned)
    assert verdicts(invoke("match", "--in-process", turned))["turned.png"].rule == "nothing"
    found = verdicts(invoke("match", "--in-process", "--orientations", turned))["turned.png"]
    assert isinstance(found, Near)
    assert found.hit.orientation != "original"


def test_signals_instead_of_files(home, pictures, known_list, tmp_path):
    hashed = invoke("hash", "--in-process", "--jsonl", pictures)
    again = run(home, "match", "--signals", "-", data=hashed.stdout_bytes)
    direct = invoke("match", "--in-process", pictures)
    assert {name: type(verdict) for name, verdict in verdicts(again).items()} == {
        name: type(verdict) for name, verdict in verdicts(direct).items()
    }
    source = write(tmp_path / "signals.jsonl", b"\n" + hashed.stdout_bytes)
    assert len(verdicts(invoke("match", "--signals", source))) == 4


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{}", "Line 1 of the signals cannot be taken"),
        (b"no json", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b'{"path": "x", "signals": [{"kind": "pdq", "value": "abcd", "quality": 90}]}', "is not a pdq value"),
    ],
)
def test_bad_signals_are_refused_without_being_quoted(home, known_list, line, told):
    ended = run(home, "match", "--signals", "-", data=line)
    assert ended.returncode == 2
    assert told in ended.stderr.decode()
    assert b"abcd" not in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_signals_and_files_exclude_each_other(home, known_list, pictures):
    assert invoke("match", "--signals", "x", pictures).exit_code == 2


def test_a_report(home, pictures, known_list, tmp_path):
    target = tmp_path / "report.html"
    ended = invoke("match", "--in-process", "--report", target, "--title", "Title <1>", pictures)
    assert ended.exit_code == 0
    assert ended.stdout == ""
    page = target.read_text(encoding="utf-8")
    for told in (
        "Title &lt;1&gt;",
        "known.png",
        "edited.jpg",
        "partners",
        str(pictures),
        "in process",
        "data:image/webp",
    ):
        assert told in page
    invoke("match", "--in-process", "--report", target, "--no-thumbnails", pictures)
    assert "data:image/webp" not in target.read_text(encoding="utf-8")


def test_a_report_and_lines_together(home, pictures, known_list, tmp_path):
    ended = invoke("match", "--in-process", "--jsonl", "--report", tmp_path / "r.html", pictures)
    assert len(ended.stdout.splitlines()) == 4


def test_a_report_without_a_folder_fails_before_any_work(home, pictures, known_list, tmp_path):
    ended = invoke("match", "--in-process", "--report", tmp_path / "no" / "r.html", pictures)
    assert ended.exit_code == 2
    assert ended.stdout == ""


def test_paths_come_from_a_pipe(home, pictures, known_list):
    listed = b"\0".join(os.fsencode(pictures / name) for name in ("known.png", "edited.jpg"))
    assert len(verdicts(run(home, "match", "--files-from", "-", data=listed))) == 2


@pytest.mark.parametrize("how", [["--in-process"], ["--workers", "2"]], ids=["in process", "workers"])
def test_findings_come_while_paths_are_still_to_come(home, pictures, known_list, how):
    command = subprocess.Popen(
        [*PROGRAM, "match", "--jsonl", "--files-from", "-", *how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(home),
    )
    try:
        for name in ("known.png", "edited.jpg", "broken.jpg"):
            command.stdin.write(os.fsencode(pictures / name) + b"\n")
            command.stdin.flush()
            assert select.select([command.stdout], [], [], 60)[0], "it waits for more before it tells what it found"
            assert name in command.stdout.readline().decode()
        assert command.communicate()[0] == b""
        assert command.returncode == 0
    finally:
        command.kill()
        command.communicate()


def test_findings_come_while_signals_are_still_to_come(home, pictures, known_list):
    hashed = invoke("hash", "--in-process", "--jsonl", pictures).stdout_bytes.splitlines(keepends=True)
    command = subprocess.Popen(
        [*PROGRAM, "match", "--jsonl", "--signals", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(home),
    )
    try:
        for line in hashed:
            half = len(line) // 2
            for part in (line[:half], line[half:]):  # a line may come in pieces
                command.stdin.write(part)
                command.stdin.flush()
                time.sleep(0.1)
            assert select.select([command.stdout], [], [], 60)[0], "it waits for more before it tells what it found"
            assert (
                finding_from_json(json.loads(command.stdout.readline())).name == hash_from_json(json.loads(line)).name
            )
        assert command.communicate()[0] == b""
        assert command.returncode == 0
    finally:
        command.kill()
        command.communicate()


def test_a_reader_that_goes_away_ends_it_quietly(home, pictures, known_list):
    for number in range(100):
        write(pictures / f"{number}.png", png(1))
    for shape in ("--jsonl", "--table"):
        command = subprocess.Popen(
            [*PROGRAM, "match", "--in-process", shape, str(pictures)],
            bufsize=0,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(home),
        )
        # A pipe that takes less than all lines: else the command may be done before its reader goes away.
        fcntl.fcntl(command.stdout, fcntl.F_SETPIPE_SZ, 4096)
        command.stdout.readline()
        command.stdout.close()
        told = command.stderr.read()
        command.stderr.close()
        assert command.wait(60) == 141
        assert told == b""


def test_an_interrupt_ends_it_with_130_and_no_report(home, pictures, known_list, tmp_path):
    target = tmp_path / "report.html"
    command = subprocess.Popen(
        [*PROGRAM, "match", "--jsonl", "--files-from", "-", "--report", str(target)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(home),
    )
    command.stdin.write(os.fsencode(pictures / "known.png") + b"\n")
    command.stdin.flush()
    children = Path(f"/proc/{command.pid}/task/{command.pid}/children")
    while not children.read_text():  # once it has a worker it is at work, and waits for more paths
        time.sleep(0.05)
    command.send_signal(signal.SIGINT)
    _, told = command.communicate(timeout=60)
    assert command.returncode == 130
    assert told == b"Interrupted.\n"
    assert list(tmp_path.glob("*report*")) == []


def test_on_a_terminal_it_prints_a_table(home, pictures, known_list):
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [*PROGRAM, "match", "--in-process", str(pictures / "known.png")],
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env=environment(home) | {"TERM": "xterm"},
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(ours)
    assert child.wait(60) == 0
    assert b"VERDICT" in shown
    assert b"known" in shown


def test_a_damaged_list_is_never_passed_over(home, pictures, known_list):
    for part in (home / "snapshots").rglob("*"):
        if part.is_file() and part.stat().st_size > 200:
            data = bytearray(part.read_bytes())
            data[len(data) // 2] ^= 0xFF
            part.write_bytes(data)
    ended = run(home, "match", pictures / "known.png")
    # Either it was mended from the store, and the picture is met, or the command says that it was not.
    found = verdicts(ended).get("known.png")
    assert isinstance(found, Known) if ended.returncode == 0 else ended.returncode == 5


def test_a_setting_that_is_wrong_is_told(home, monkeypatch, pictures, known_list):
    monkeypatch.setenv("TUTELA_MAX_PIXELS", "many")
    ended = run(home, "match", pictures)
    assert ended.returncode == 2
    assert b"TUTELA_MAX_PIXELS" in ended.stderr
