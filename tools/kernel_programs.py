"""Builds and runs the kernel's own programs: `sanitize` (tests under ASan and UBSan) and `count` (instruction counts
under callgrind).

Counts repeat for the same binary and inputs whatever else the machine does, so they can guard against a regression
where seconds cannot. They depend on the compiler; with another one than native/tests/counts.json was made with, they
are printed and not judged.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COUNTS = ROOT / "native" / "tests" / "counts.json"
WORKS = ("pdq", "weights", "bands", "scan", "build", "join", "jpeg", "sheet", "photograph")
#: What runs under the sanitizers.
TESTS = ("kernel_test", "jpeg_test", "grids_test")
#: Valgrind 3.19 knows no AVX-512.
PATHS = ("avx2", "portable")
#: A count may grow by this much before the check fails.
TOLERANCE = 0.05


def compiler() -> str:
    """Return the C++ compiler's first line about itself."""
    command = [os.environ.get("CXX", "c++"), "--version"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0]


def build(kind: str) -> Path:
    """Configure and build the programs; return their folder."""
    folder = ROOT / "build" / kind
    cmake = shutil.which("cmake", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if cmake is None:
        sys.exit("cmake is missing: `pip install cmake`, or install Debian's package cmake")
    switches = ["-DCMAKE_BUILD_TYPE=RelWithDebInfo", f"-DTUTELA_SANITIZE={'ON' if kind == 'sanitize' else 'OFF'}"]
    targets = TESTS if kind == "sanitize" else ("kernel_count",)
    for step in (
        ["-S", str(ROOT), "-B", str(folder), *switches],
        ["--build", str(folder), "--target", *targets, "--parallel", "2"],
    ):
        done = subprocess.run([cmake, *step], check=False, capture_output=True, text=True)
        if done.returncode:
            sys.exit("\n".join((done.stdout + done.stderr).splitlines()[-40:]))
    return folder


def sanitize() -> int:
    """Run the kernel's tests under the sanitizers; return their exit code."""
    folder = build("sanitize")
    return max(subprocess.run([str(folder / name)], check=False).returncode != 0 for name in TESTS)


def instructions(program: Path, path: str, *arguments: str) -> int:
    """Return how many instructions one run executes."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", str(program), *arguments]
        environment = {"TUTELA_KERNEL": path, "PATH": os.environ.get("PATH", "")}
        said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    if path not in said.stdout:
        sys.exit(f"the processor here has no {path} path to count")
    found = re.search(r"Collected : (\d+)", said.stderr)
    if found is None:
        sys.exit("valgrind printed no count")
    return int(found.group(1))


def count(*, write: bool) -> int:
    """Compare instruction counts with the committed ones, or write them; return the exit code."""
    if shutil.which("valgrind") is None:
        print("valgrind is not installed: instruction counts were not checked (Debian's package valgrind)")
        return 0
    program = build("count") / "kernel_count"
    measured = {
        f"{work} {path}": instructions(program, path, work) - instructions(program, path, work, "idle")
        for work in WORKS
        for path in PATHS
    }
    if write:
        COUNTS.write_text(json.dumps({"compiler": compiler(), "counts": measured}, indent=2) + "\n", encoding="utf-8")
        return 0
    kept = json.loads(COUNTS.read_text(encoding="utf-8"))
    judged = kept["compiler"] == compiler()
    grown = []
    for name, value in measured.items():
        ratio = value / kept["counts"][name]
        print(f"{name:16} {value:>12,} instructions, {ratio:.3f} of the committed count")
        if ratio > 1 + TOLERANCE:
            grown.append(name)
    if grown and judged:
        print(f"grown by more than {TOLERANCE:.0%}: {', '.join(grown)}")
        print("if it is meant, run `tools/kernel_programs.py count --write`")
        return 1
    if not judged:
        print(f"not judged: the counts were made with {kept['compiler']}, and this is {compiler()}")
    return 0


if __name__ == "__main__":
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    if verb not in {"sanitize", "count"}:
        sys.exit("usage: kernel_programs.py sanitize | count [--write]")
    sys.exit(sanitize() if verb == "sanitize" else count(write="--write" in sys.argv))
