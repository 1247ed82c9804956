"""Hash every demo picture in every file format, here and with python-threatexchange; write docs/formats.md.

    python tools/format_table.py --peer-python PYTHON [--corpus FOLDER --sample N] [--output docs/formats.md]

For each format: how far the hash of a file is from the hash of the same picture as an RGB PNG, each hasher against
itself.  Formats that cannot show the picture exactly (palettes, grey, one bit) are compared with what they are meant to
show, as `tutela.demo.formats` says.  ``PYTHON`` is the interpreter of an environment with threatexchange and pdqhash
(`make bench` makes one).  With --corpus, N pictures of the larger corpus (`make corpus`) are looked at too.

Exit codes: 0; 1 if a faithful format lies beyond `CLOSE` bits for any picture; 3 if the peer cannot be run.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import PIL
from PIL import Image

import tutela
from tutela.demo.formats import Format, Picture, formats
from tutela.demo.originals import opened, originals
from tutela.engine import Engine, Policy
from tutela.model import Content

ROOT = Path(__file__).resolve().parent.parent
#: The hashes of plain PNGs by what a format shows and the picture's number: ours, and the peer's.
Plain = dict[tuple[Callable[[Picture], Picture], int], tuple["Hashed", "Hashed"]]
#: PDQ's published rule for two hashers, or two ways to store one picture: at most so many bits, at this quality.
CLOSE, QUALITY = 10, 50
#: PDQ's usual threshold: more bits and the picture is missed.
MATCH = 31


@dataclass(frozen=True)
class Hashed:
    """A hash and its quality, or the name of the error that there was instead."""

    value: bytes = b""
    quality: int = 0
    error: str = ""


@dataclass
class Hasher:
    """What one hasher made of one format: distances of the hashes that are fit for use, and what went wrong."""

    distances: list[int] = field(default_factory=list)
    wrong: dict[str, int] = field(default_factory=dict)

    def add(self, found: Hashed, reference: Hashed) -> None:
        """Take one result."""
        error = found.error or reference.error
        if not error and found.quality < QUALITY:
            error = f"quality under {QUALITY}"
        if error:
            self.wrong[error] = self.wrong.get(error, 0) + 1
        else:
            distance = int.from_bytes(found.value) ^ int.from_bytes(reference.value)
            self.distances.append(distance.bit_count())

    @property
    def missed(self) -> int:
        """How many pictures would not have been met."""
        return sum(distance > MATCH for distance in self.distances) + sum(self.wrong.values())

    def cells(self) -> str:
        """Return the columns of a table: median, largest, missed."""
        wrong = f" ({', '.join(sorted(self.wrong))})" if self.wrong else ""
        if not self.distances:
            return f"- | - | {self.missed}{wrong}"
        return f"{median(self.distances):.0f} | {max(self.distances)} | {self.missed}{wrong}"


class Peer:
    """python-threatexchange in its own interpreter."""

    def __init__(self, python: Path) -> None:
        script = Path(__file__).with_name("peer_hash.py")
        self._process = subprocess.Popen(
            [str(python), str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self.versions: dict[str, str] = json.loads(self._answer())

    def hash(self, path: Path) -> Hashed:
        """Return its hash of a file, or the name of the error it raises."""
        if self._process.stdin is None:
            raise AssertionError("started with a pipe")
        print(path, file=self._process.stdin, flush=True)
        answer = json.loads(self._answer())
        if "error" in answer:
            return Hashed(error=answer["error"])
        return Hashed(bytes.fromhex(answer["value"]), answer["quality"])

    def _answer(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise ChildProcessError("the peer's interpreter ended; does it have threatexchange?")
        return line


def main() -> int:
    """Measure and write the page; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--peer-python", type=Path, required=True, help="interpreter with threatexchange and pdqhash")
    parser.add_argument("--corpus", type=Path, help="folder of the larger corpus")
    parser.add_argument("--sample", type=int, default=200, help="how many of the corpus' pictures (default: 200)")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "formats.md", help="the page to write")
    options = parser.parse_args()
    try:
        peer = Peer(options.peer_python)
    except (OSError, ChildProcessError) as error:
        print(f"{options.peer_python} cannot be run as the peer: {error}", file=sys.stderr)
        return 3
    sets = {"photographs of the demo": [opened(path.stem) for path in originals()]}
    if options.corpus:
        sets["pictures of the larger corpus"] = list(_sample(options.corpus, options.sample))
    far = 0
    parts = []
    for name, pictures in sets.items():
        plain: Plain = {}
        rows = [_measured(one, pictures, peer, plain) for one in formats() if one.available]
        held = [ours for one, ours, _ in rows if one.faithful and not one.apart]
        far += sum(bool(ours.wrong) or max(ours.distances, default=0) > CLOSE for ours in held)
        parts.append(_table(f"{len(pictures)} {name}", rows))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(_page(parts, peer), encoding="utf-8")
    print(f"{options.output}: {far} faithful formats beyond {CLOSE} bits")
    return 1 if far else 0


def _sample(corpus: Path, count: int) -> Iterator[Picture]:
    """Choose pictures of the corpus that have something to hash; colour, without transparency."""
    with (corpus / "manifest.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    random.Random(1).shuffle(rows)
    for row in rows:
        with Image.open(corpus / row["path"]) as file:
            # By way of RGBA, or Pillow warns of palettes whose transparency it would drop.
            small = file.convert("RGBA").convert("RGB")
        small.thumbnail((1600, 1600))
        hashed = tutela.pdq(_png(small))
        if hasattr(hashed, "quality") and hashed.quality is not None and hashed.quality >= QUALITY:
            yield small
            count -= 1
        if count == 0:
            return


def _measured(one: Format, pictures: list[Picture], peer: Peer, plain: Plain) -> tuple[Format, Hasher, Hasher]:
    """Measure one format; ``plain`` keeps the hashes of the plain pictures, which many formats share."""
    ours, theirs = Hasher(), Hasher()
    policy = Policy(pixels="always", kinds=frozenset({"pdq"}))
    with tempfile.TemporaryDirectory() as scratch, Engine(policy=policy, workers=None) as engine:
        path = Path(scratch) / f"picture{one.suffix}"
        for number, picture in enumerate(pictures):
            others = [pictures[(number + step) % len(pictures)].copy() for step in (1, 2)]
            if (one.shown, number) not in plain:
                png = Path(scratch) / "plain.png"
                png.write_bytes(_png(one.shown(picture)))
                plain[one.shown, number] = _ours(engine, png, 0), peer.hash(png)
            path.write_bytes(one.save(picture.copy(), others))
            our_plain, their_plain = plain[one.shown, number]
            ours.add(_ours(engine, path, one.frame), our_plain)
            theirs.add(peer.hash(path), their_plain)
    print(one.name, ours.cells(), "||", theirs.cells(), flush=True)
    return one, ours, theirs


def _ours(engine: Engine, path: Path, frame: int) -> Hashed:
    (finding,) = engine.hash_many([Content.of_file(path)])
    for signal in finding.signals:
        if signal.kind == "pdq" and signal.frame == frame:
            return Hashed(signal.value, signal.quality or 0)
    return Hashed(error="no hash")


def _png(picture: Picture) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _table(title: str, rows: list[tuple[Format, Hasher, Hasher]]) -> str:
    head = (
        f"## {title}\n\n"
        "| format | faithful | tutela: median | largest | missed | threatexchange: median | largest | missed |\n"
        "|---|---|--:|--:|--:|--:|--:|--:|\n"
    )
    lines = []
    for one, ours, theirs in rows:
        faithful = "apart" if one.apart else "yes" if one.faithful else "no"
        lines.append(f"| {one.name} | {faithful} | {ours.cells()} | {theirs.cells()} |\n")
    return head + "".join(lines)


def _page(parts: list[str], peer: Peer) -> str:
    peers = ", ".join(f"{name} {number}" for name, number in peer.versions.items())
    return (
        "% Written by tools/format_table.py; do not edit.\n\n"
        "# One picture in every file format\n\n"
        "How far, in bits of 256, the PDQ hash of a file is from the hash of the same picture as an RGB PNG, each\n"
        "hasher against itself. Missed: farther than 31 bits, or no hash that may be used: an error, whose name\n"
        "stands beside it, or a quality under 50, below which PDQ's authors say to discard. Faithful: lossless, or\n"
        "lossy of quality 85 and more; these have to be within 10 bits. A format that cannot show the picture exactly\n"
        "(palette, grey, one bit) is compared with what it is meant to show. In `gif-animated`, `webp-animated` and\n"
        "`tiff-pages` the picture is the second of three frames. A 1-bit picture is all dots, so it is told apart.\n\n"
        f"tutela with Pillow {PIL.__version__}; {peers}, as installed, without plug-ins.\n\n" + "\n".join(parts)
    )


if __name__ == "__main__":
    sys.exit(main())
