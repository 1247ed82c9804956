"""States are whole: for readers in other processes, after a kill, and when somebody damages the files."""

import os
import random as plain_random
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from tutela.index import IndexFolder
from tutela.index.manifest import NAME
from tutela.model.errors import IndexBusy, IndexDamaged


def codes(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    made = IndexFolder.create(tmp_path / "i")
    with made.writing() as change:
        change.add_codes("pdq", codes(3000), np.arange(3000))
        change.meta = {"version": 1}
    return made


def wait_for(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def test_a_running_reader_sees_a_commit(folder):
    reader = IndexFolder.open(folder.path)
    with folder.writing() as change:
        change.add_codes("pdq", codes(1, 5), np.array([77777]))
        change.meta = {"version": 2}
    wait_for(lambda: reader.view().meta == {"version": 2})
    assert reader.view().hamming("pdq").search(codes(1, 5), 0)[1].tolist() == [77777]


def test_an_exception_inside_changes_nothing(folder):
    with pytest.raises(KeyboardInterrupt), folder.writing() as change:
        change.clear()
        raise KeyboardInterrupt
    assert IndexFolder.open(folder.path).view().meta == {"version": 1}


def test_one_writer_at_a_time(folder):
    other = IndexFolder.open(folder.path)
    with folder.writing(), pytest.raises(IndexBusy), other.writing():
        pass
    with other.writing() as change:
        change.meta = {"version": 3}


def test_create_never_overwrites_and_open_never_creates(folder, tmp_path):
    with pytest.raises(FileExistsError):
        IndexFolder.create(folder.path)
    with pytest.raises(IndexDamaged, match="manifest cannot be read"):
        IndexFolder.open(tmp_path / "nowhere")


@pytest.mark.parametrize("damage", ["manifest", "segment", "missing", "swapped"])
def test_a_damaged_newer_state_is_refused_and_the_last_good_one_stays(folder, damage):
    reader = IndexFolder.open(folder.path)
    with folder.writing() as change:
        change.add_codes("pdq", codes(3000, 1), np.arange(3000) + 5000)
        change.meta = {"version": 2}
    newest = max(folder.path.glob("*.seg"))
    if damage == "manifest":
        (folder.path / NAME).write_bytes((folder.path / NAME).read_bytes()[:-20])
    elif damage == "segment":
        newest.write_bytes(newest.read_bytes()[:-1])
    elif damage == "missing":
        newest.unlink()
    else:
        newest.write_bytes(min(folder.path.glob("*.seg")).read_bytes())
    time.sleep(0.06)
    assert reader.view().meta == {"version": 1}
    assert isinstance(reader.problem, IndexDamaged)
    assert reader.view().hamming("pdq").search(codes(3000)[:1], 0)[1].tolist() == [0]
    with pytest.raises(IndexDamaged):
        IndexFolder.open(folder.path)


def damage_body(path, at=16384):
    whole = bytearray(path.read_bytes())
    whole[4096 + at] ^= 1
    path.write_bytes(whole)


@pytest.mark.parametrize("at_once", [64 << 20, 0])
@pytest.mark.parametrize("part", ["pdq", "md5", "records"])
def test_damage_in_the_body_of_a_newer_state_is_refused_before_it_is_asked(folder, part, at_once, monkeypatch):
    monkeypatch.setattr("tutela.index.folder.CHECK_AT_ONCE", at_once)
    reader = IndexFolder.open(folder.path)
    before = set(folder.path.glob("*.seg"))
    with folder.writing() as change:
        if part == "pdq":
            change.add_codes("pdq", codes(3000, 1), np.arange(3000) + 5000)
        elif part == "md5":
            change.add_digests("md5", codes(3000, 1)[:, :16].copy(), np.arange(3000) + 5000)
        else:
            change.add_records(np.arange(3000) + 5000, [b"ten bytes."] * 3000)
        change.meta = {"version": 2}
    (newest,) = set(folder.path.glob("*.seg")) - before
    damage_body(newest)
    wait_for(lambda: reader.view() and reader.problem)
    assert newest.name in str(reader.problem)
    time.sleep(0.06)
    assert reader.view().meta == {"version": 1}  # at every later look too
    assert reader.problem is not None
    assert reader.view().hamming("pdq").search(codes(3000)[:1], 0)[1].tolist() == [0]
    # A later state that still needs the damaged file is refused as well; one that does not is taken.
    with folder.writing() as change:
        change.meta = {"version": 3}
    time.sleep(0.06)
    wait_for(lambda: reader.view() and reader.problem)
    assert reader.view().meta == {"version": 1}
    with folder.writing() as change:
        change.clear()
        change.meta = {"version": 4}
    wait_for(lambda: reader.view().meta == {"version": 4})
    assert reader.problem is None


def test_a_large_newer_state_comes_into_use_when_it_is_checked(folder, monkeypatch):
    monkeypatch.setattr("tutela.index.folder.CHECK_AT_ONCE", 0)
    reader = IndexFolder.open(folder.path)
    with folder.writing() as change:
        change.add_codes("pdq", codes(3000, 1), np.arange(3000) + 5000)
        change.meta = {"version": 2}
    wait_for(lambda: reader.view().meta == {"version": 2})
    assert all(s.container.blocks.whole for s in reader.view().parts["pdq"] if s.ids()[0] >= 5000)


def test_what_was_checked_is_not_checked_again_when_rows_are_removed(folder):
    reader = IndexFolder.open(folder.path)
    reader.view().verify()
    with folder.writing() as change:
        change.remove(np.arange(5))
        change.meta = {"version": 2}
    wait_for(lambda: reader.view().meta == {"version": 2})
    (segment,) = reader.view().parts["pdq"]
    assert segment.container.blocks.whole
    assert reader.view().hamming("pdq").search(codes(3000)[:6], 0)[1].tolist() == [5]


def test_damage_within_a_segment_names_the_file_and_answers_nothing(folder):
    path = next(folder.path.glob("*.seg"))
    whole = bytearray(path.read_bytes())
    whole[4096 + 16384 * 3] ^= 1
    path.write_bytes(whole)
    view = IndexFolder.open(folder.path).view()
    with pytest.raises(IndexDamaged, match=path.name):
        view.hamming("pdq").search(codes(3000), 0)


WRITER = textwrap.dedent("""
    import sys, numpy as np
    from pathlib import Path
    from tutela.index import IndexFolder
    folder = IndexFolder.open(Path(sys.argv[1]))
    while True:
        step = folder.view().meta["step"] + 1
        codes = np.random.default_rng(step).integers(0, 256, (500, 32), dtype=np.uint8)
        with folder.writing() as change:
            change.remove(np.arange(500) + 500 * (step - 3) if step >= 3 else np.zeros(0, np.uint64))
            change.add_codes("pdq", codes, np.arange(500) + 500 * step)
            change.add_records(np.arange(500) + 500 * step, [b"%d" % step] * 500)
            change.meta = {"step": step}
        print(step, flush=True)
        if step % 7 == 0:
            folder.compact()
""")


@pytest.mark.parametrize("rounds", [15, pytest.param(100, marks=pytest.mark.slow)])
def test_killed_at_any_moment_the_folder_holds_a_whole_state(tmp_path, rounds):
    random = plain_random.Random(20)
    folder = IndexFolder.create(tmp_path / "i")
    with folder.writing() as change:
        change.meta = {"step": 0}
    last = 0
    for _ in range(rounds):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder.path)], stdout=subprocess.PIPE, text=True)
        said = int(writer.stdout.readline())  # it is at work
        time.sleep(random.uniform(0, 0.06))
        os.kill(writer.pid, signal.SIGKILL)
        said = max([said, *(int(line) for line in writer.stdout.read().split())])
        writer.wait()
        writer.stdout.close()
        view = IndexFolder.open(folder.path).view()
        view.verify()
        step = view.meta["step"]
        assert step >= said > last  # what was said to be committed is there
        last = step
        wanted = [number for number in range(step + 1) if number > step - 3 and number > 0]
        ids = sorted(int(number) for _, own in view.hamming("pdq").live() for number in own)
        assert ids == [500 * number + row for number in wanted for row in range(500)]
        assert dict(view.records().items()).keys() == set(ids)
