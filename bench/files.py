"""A folder of JPEG files matched against a million entries, as `tutela match` does it: files a second, and memory."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

import numpy as np
import simplejpeg
from PIL import Image

from measure import Table, readable
from pictures import photographs, pixels_of

TUTELA = [str(Path(sys.executable).parent / "tutela")]
WIDTH, HEIGHT = 1280, 960


def write_files(folder: Path, count: int) -> list[Path]:
    """Write distinct JPEG files: crops of real pictures, each ten times with another comment in it."""
    random = np.random.default_rng(6)
    paths, _ = photographs()
    loaded = [pixels_of(path, 2048, 1536) for path in paths[:: max(1, len(paths) // 40)][:40]]
    folder.mkdir()
    made = []
    for number in range(count):
        if number % 10 == 0:
            whole = loaded[int(random.integers(len(loaded)))]
            top, left = int(random.integers(0, 1536 - HEIGHT + 1)), int(random.integers(0, 2048 - WIDTH + 1))
            buffer = io.BytesIO()
            crop = np.ascontiguousarray(whole[top : top + HEIGHT, left : left + WIDTH])
            Image.fromarray(crop).save(buffer, "JPEG", quality=85)
            data = buffer.getvalue()
        comment = b"%08d" % number
        path = folder / f"{number:05d}.jpg"
        path.write_bytes(data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment + data[2:])
        made.append(path)
    return made


def million_list(folder: Path, environment: dict[str, str], some: Path) -> float:
    """Make a list of 1 M random entries and one file's digest by the command line; return the import's seconds."""
    random = np.random.default_rng(7)
    codes = random.integers(0, 256, (1_000_000, 32), dtype=np.uint8)
    text = folder / "list.txt"
    with text.open("w") as file:
        file.writelines(f"pdq {code.tobytes().hex()}\n" for code in codes)
        own = subprocess.run([*TUTELA, "hash", "--jsonl", str(some)], check=True, capture_output=True, text=True)
        value = own.stdout.split('"sha1"')[1].split('"value"')[1].split('"')[1]
        file.write(f"sha1 {value}\n")
    subprocess.run([*TUTELA, "list", "create", "million"], check=True, env=environment, capture_output=True)
    start = time.perf_counter()
    subprocess.run([*TUTELA, "list", "import", "million", str(text)], check=True, env=environment, capture_output=True)
    return time.perf_counter() - start


def resident(root: int) -> int:
    """Return the memory of a process and its children that is their own (Linux: anonymous, in bytes)."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:  # it has ended
            continue
        if int(status.parent.name) == root or int(fields.get("PPid", "0")) == root:
            total += int(fields.get("RssAnon", "0 kB").split()[0]) * 1024
    return total


def match(paths: list[Path], environment: dict[str, str], workers: int, processors: set[int]) -> tuple[float, int, int]:
    """Run `tutela match` on the files; return its seconds, the most memory seen, and how many findings it printed."""
    names = "\0".join(map(str, paths)).encode()
    command = [*TUTELA, "match", "--jsonl", "--quiet", "--workers", str(workers), "-0", "--files-from", "-"]
    pinned = ["taskset", "--cpu-list", ",".join(map(str, sorted(processors)))]
    start = time.perf_counter()
    with TemporaryFile() as given, TemporaryFile() as out:
        given.write(names)
        given.seek(0)
        running = subprocess.Popen([*pinned, *command], stdin=given, stdout=out, env=environment)
        most = 0
        while running.poll() is None:
            most = max(most, resident(running.pid))
            time.sleep(0.2)
        seconds = time.perf_counter() - start
        out.seek(0)
        lines = out.read().count(b"\n")
    if running.returncode:
        raise RuntimeError("tutela match failed")
    return seconds, most, lines


def decode_alone(paths: list[Path]) -> float:
    """Return the seconds that reading and decoding the files to whole grey pictures takes on one core."""
    start = time.perf_counter()
    for path in paths:
        simplejpeg.decode_jpeg(path.read_bytes(), "GRAY")
    return time.perf_counter() - start


def folder() -> Table:
    """Measure 10,000 files on one and two cores, and memory at 1,000 and 10,000."""
    _, origin = photographs()
    about = (
        f"`tutela match --jsonl` over JPEG files of {WIDTH}x{HEIGHT} (crops of {origin}, quality 85) from disk, "
        "against 1,000,001 entries, workers sandboxed. Decoding alone: the same files read and decoded to whole grey "
        "pictures, on one core."
    )
    table = Table("Matching a folder", about, ("what", "seconds", "files a second", "memory of its own, all processes"))
    with TemporaryDirectory() as name:
        place = Path(name)
        environment = dict(os.environ) | {"TUTELA_HOME": str(place / "home")}
        paths = write_files(place / "files", 10_000)
        imported = million_list(place, environment, paths[0])
        size = sum(path.stat().st_size for path in paths) / len(paths)
        match(paths[:500], environment, 1, {0})
        seconds = decode_alone(paths)
        table.rows.append(("decoding alone, one core", readable(seconds), f"{len(paths) / seconds:,.0f}", ""))
        for label, few, workers, processors in (
            ("1,000 files, one core", paths[:1000], 1, {0}),
            ("10,000 files, one core", paths, 1, {0}),
            ("1,000 files, two cores", paths[:1000], 2, {0, 1}),
            ("10,000 files, two cores", paths, 2, {0, 1}),
        ):
            if not processors <= os.sched_getaffinity(0):
                continue
            seconds, most, lines = match(few, environment, workers, processors)
            if lines != len(few):
                raise RuntimeError(f"{lines} findings for {len(few)} files")
            table.rows.append((label, readable(seconds), f"{len(few) / seconds:,.0f}", f"{most / 1e6:,.0f} MB"))
        table.remarks.append(f"a file has {size / 1024:.0f} KiB; start-up of the program and its workers is included")
        table.remarks.append(f"importing the 1,000,001 entries from text, with the snapshot: {readable(imported)}")
    return table
