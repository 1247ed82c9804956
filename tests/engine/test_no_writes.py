"""Matching writes no file: pixels and findings stay in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from engine.small_pictures import gif, jpeg, png
from tutela.engine.snapshot import write_snapshot
from tutela.model import Entry, ListInfo, Purpose
from tutela.signals import digests

SCRIPT = textwrap.dedent("""
    import os, resource, sys
    from pathlib import Path
    from tutela.engine import Engine, Policy
    from tutela.engine.worker_process import WorkerStart
    from tutela.model import Content, Limits

    WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    CHANGES = {
        "os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink",
        "os.truncate", "os.utime", "os.setxattr", "tempfile.mkstemp", "tempfile.mkdtemp",
    }
    seen = []

    def watch(event, args):
        if event == "open" and args[2] & WRITING and args[0] != os.devnull:
            seen.append(f"open {args[0]!r}")
        elif event in CHANGES:
            seen.append(event)

    lists, files, workers = Path(sys.argv[1]), Path(sys.argv[2]), eval(sys.argv[3])
    contents = [Content.of_file(path) for path in sorted(files.iterdir())]
    contents += [Content("in memory", data=content.path.read_bytes()) for content in contents]
    start = WorkerStart(Limits(max_seconds=2, max_memory=700 << 20), module="engine.saboteur")
    sys.addaudithook(watch)
    if len(sys.argv) > 4:
        open(sys.argv[4], "w").close()
        os.rename(sys.argv[4], sys.argv[4] + "2")
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    with Engine([lists], Policy(thumbnails=True), start.limits, workers, start=start) as engine:
        verdicts = [type(finding.verdict).__name__ for finding in engine.match_many(contents)]
    with Engine([lists], limits=start.limits, workers=workers, start=start) as engine:
        verdicts += [type(finding.verdict).__name__ for finding in engine.match_many(contents)]
    print(verdicts)
    print(seen)
""")


@pytest.fixture
def place(tmp_path):
    for name in ("home", "temporary", "here", "files"):
        (tmp_path / name).mkdir()
    info = ListInfo("known", "tests", Purpose.KNOWN, version=1)
    write_snapshot(tmp_path / "known", info, [(1, Entry("one", digests(jpeg(1))))])
    datas = {"a.jpg": jpeg(1), "b.png": png(2), "c.gif": gif([3, 4]), "d.txt": b"text", "e.jpg": jpeg(5)[:700]}
    for name, data in datas.items():
        (tmp_path / "files" / name).write_bytes(data)
    return tmp_path


def run(place, workers, *more):
    done = subprocess.run(
        [sys.executable, "-B", "-c", SCRIPT, str(place / "known"), str(place / "files"), repr(workers), *more],
        capture_output=True,
        text=True,
        check=True,
        cwd=place / "here",
        env={"PYTHONPATH": os.pathsep.join(sys.path), "HOME": str(place / "home"), "TMPDIR": str(place / "temporary")},
    )
    verdicts, seen = done.stdout.splitlines()
    return eval(verdicts), eval(seen)


def state(place):
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in place.rglob("*")}


@pytest.mark.parametrize("workers", [None, 2], ids=["here", "workers"])
def test_matching_writes_nothing(place, workers):
    if workers:
        (place / "files" / "f.bad").write_bytes(b"ABORT")
    before = state(place)
    verdicts, seen = run(place, workers)
    assert verdicts.count("Known") == 4
    assert len(verdicts) == 4 * len(list((place / "files").iterdir()))
    assert seen == []
    assert state(place) == before


def test_the_watch_would_notice(place):
    _, seen = run(place, None, str(place / "here" / "written"))
    assert len(seen) == 2
