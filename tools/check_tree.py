"""Holds the tree to its own rules: sizes of files and functions, a test file for each module, no forbidden names.

Limits (docs/design.md, "House rules"): a file has at most 700 lines, a function at most 80; 400 and 40 are the habit.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE_LINES, FUNCTION_LINES = 700, 80
NATIVE_BINDINGS_LINES = 400
FORBIDDEN_MODULES = {"utils", "util", "helpers", "helper", "common", "misc"}

#: Modules whose test lies elsewhere, and where.  The list only shrinks.
TESTED_ELSEWHERE: dict[str, str] = {}


def tracked(*patterns: str) -> list[Path]:
    """Return the files git tracks or would, by pattern."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).exists()]


def too_long(path: Path) -> list[str]:
    """Return complaints about a file's size and, for Python, about its functions'."""
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT)
    lines = text.count("\n")
    found = [f"{name}: {lines} lines, more than {FILE_LINES}"] if lines > FILE_LINES else []
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    found.append(f"{name}:{node.lineno}: {node.name} has {length} lines, more than {FUNCTION_LINES}")
    return found


def misnamed(path: Path) -> list[str]:
    """Return a complaint if a module has a name that says nothing."""
    return [f"{path.relative_to(ROOT)}: a module is named for what it holds"] if path.stem in FORBIDDEN_MODULES else []


def untested(path: Path) -> list[str]:
    """Return a complaint if src/tutela/room/noun.py has no tests/room/test_noun.py."""
    inside = path.relative_to(ROOT / "src" / "tutela")
    if path.name.startswith("__") or "migrations" in inside.parts or str(inside) in TESTED_ELSEWHERE:
        return []
    wanted = ROOT / "tests" / inside.parent / f"test_{path.stem}.py"
    return [] if wanted.exists() else [f"src/tutela/{inside}: there is no {wanted.relative_to(ROOT)}"]


def unfit_text(path: Path) -> list[str]:
    """Return complaints about text that must not be committed: paths of a machine, hosts of package registries."""
    pattern = re.compile(r"/(?:root|home/\w+|work|tmp/w)/|pypi\.org|pythonhosted\.org|deb\.debian\.org|registry\.npmjs")
    if path.suffix not in {".py", ".md", ".toml", ".cpp", ".h", ".txt", ".csv", ".json", ".yml", ""} or path == Path(
        __file__
    ):
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    return [
        f"{path.relative_to(ROOT)}:{number}: a machine's path or a registry's host"
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def stale_stub() -> list[str]:
    """Return a complaint if the committed stub of the kernel is not the one that its build writes."""
    found = importlib.util.find_spec("tutela._kernel")
    built = Path(found.origin).with_name("_kernel.pyi") if found and found.origin else None
    kept = ROOT / "src" / "tutela" / "_kernel.pyi"
    if built is None or not built.exists():
        return ["the kernel is not installed: run `make .venv/.dev`"]
    return [] if built.read_text() == kept.read_text() else [f"src/tutela/_kernel.pyi is stale: copy {built} over it"]


def main() -> int:
    """Print every complaint; return 1 if there are any."""
    sources = tracked("src/*.py", "tests/*.py", "tools/*.py", "bench/*.py", "docs/*.py", "native/*.cpp", "native/*.h")
    modules = tracked("src/tutela/*.py")
    complaints = [line for path in sources for line in too_long(path) + misnamed(path)]
    complaints += [line for path in modules for line in untested(path)]
    complaints += [line for path in tracked() for line in unfit_text(path)]
    complaints += stale_stub()
    print("\n".join(complaints) or f"tree: {len(sources)} sources within their limits")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
