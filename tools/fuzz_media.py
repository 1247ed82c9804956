"""Damaged, lying and hostile picture files through the worker pool: every one must come back with a finding.

    python tools/fuzz_media.py --files 20000 --seed 1
    python tools/fuzz_media.py --files 20000 --seed 1 --sheets

File number n of a seed is always the same bytes, whatever the number of files, so what a table shows can be made again
(``--write N FILE``).  The pictures come from ``tests/media/formats.py``, one of each format and variant; with
``--sheets`` they are contact sheets, so that their cells are cut and hashed too.
"""

from __future__ import annotations

import argparse
import importlib
import random
import struct
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tutela.engine import Engine
from tutela.model import Content, Finding, Limits, ProblemKind

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
_formats = importlib.import_module("media.formats")
#: Name of a variant -> pixels to the bytes of a file; and a picture to begin with: height, width -> pixels.
VARIANTS: Mapping[str, Callable[[Any], bytes]] = _formats.VARIANTS
picture: Callable[..., Any] = _formats.picture

#: One in this many files is a bomb, the others are mutated pictures.
BOMBS = 25

#: Numbers that headers lie with.
LIES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x10000, 50_000, 65_500)

#: Columns, rows, width and height of a cell, and gutter of the sheets that are mutated.
SHEETS = ((4, 3, 120, 90, 4), (3, 5, 100, 120, 8))
#: A sheet so large that a JPEG of it is decoded reduced and looked at once more at full size.
LARGE_SHEET = (4, 3, 360, 440, 8)

#: What a worker can have died of; in-process problems of these kinds do not speak of a worker.
LOST = frozenset({ProblemKind.CRASH, ProblemKind.TIMEOUT, ProblemKind.MEMORY})

Mutation = Callable[[random.Random, bytearray, Sequence[bytes]], bytes]


# -------------------------------------------------------------------------------------------------- mutations
def flip_bits(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    """Flip one to 64 bits anywhere."""
    for _count in range(1 << chance.randrange(7)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def flip_header_bits(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    """Flip some bits of the first 128 bytes, behind the mark that tells the type."""
    for _count in range(chance.randint(1, 6)):
        data[chance.randrange(min(8, len(data) - 1), min(128, len(data)))] ^= 1 << chance.randrange(8)
    return bytes(data)


def lie(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    """Write telling numbers, in either byte order, over fields of the header or anywhere."""
    for _count in range(chance.randint(1, 3)):
        width = chance.choice((1, 2, 4, 8))
        end = min(512, len(data)) if chance.random() < 0.8 else len(data)
        at = chance.randrange(2, max(3, end - width))
        number = chance.choice(LIES) & (1 << 8 * width) - 1
        data[at : at + width] = number.to_bytes(width, chance.choice(("big", "little")))
    return bytes(data)


def cut(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    """Keep only a first part."""
    return bytes(data[: chance.randrange(len(data))])


def leave_out(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    """Take a piece out of the middle."""
    at = chance.randrange(len(data))
    del data[at : at + chance.randint(1, 200)]
    return bytes(data)


def repeat(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    """Put a piece in twice, or many times."""
    at = chance.randrange(len(data))
    piece = bytes(data[at : at + chance.randint(1, 300)])
    return bytes(data[:at]) + piece * chance.choice((2, 3, 50)) + bytes(data[at:])


def noise(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    """Overwrite a piece with noise or with zeros."""
    at, length = chance.randrange(len(data)), chance.randint(1, 300)
    data[at : at + length] = chance.randbytes(length) if chance.random() < 0.7 else bytes(length)
    return bytes(data)


def splice(chance: random.Random, data: bytearray, others: Sequence[bytes]) -> bytes:
    """Begin as one file and end as another."""
    other = chance.choice(others)
    return bytes(data[: chance.randrange(len(data))]) + other[chance.randrange(len(other)) :]


def nest(chance: random.Random, data: bytearray, others: Sequence[bytes]) -> bytes:
    """Put a whole file inside, before or behind another."""
    other = chance.choice(others)
    at = chance.choice((0, len(data), chance.randrange(len(data))))
    return bytes(data[:at]) + other + bytes(data[at:])


def untouched(_: random.Random, data: bytearray, __: Sequence[bytes]) -> bytes:
    """Leave the file as it is."""
    return bytes(data)


MUTATIONS: tuple[Mutation, ...] = (
    *(flip_bits, flip_bits, flip_header_bits, flip_header_bits, lie, lie, cut, cut),
    *(leave_out, repeat, noise, splice, nest, untouched),
)


# ------------------------------------------------------------------------------------------------------ bombs
def png_bomb(chance: random.Random) -> bytes:
    """Return a PNG that says 50,000 x 50,000 or the like, with few or all of its rows, of zeros."""
    width, height = chance.choice(
        ((50_000, 50_000), (15_000, 15_000), (0x7FFFFFFF, 1), (1, 0x7FFFFFFF), (250_000, 900))
    )
    depth, colour, channels = chance.choice(((1, 0, 1), (8, 0, 1), (8, 2, 3), (16, 6, 8)))
    rows = min(height, chance.choice((1, 100, 2_000)))
    row = 1 + -(-width * channels * (depth if depth == 1 else 8) // 8)
    body = zlib.compress(bytes(min(row * rows, 1 << 26)), 9)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, chance.randrange(2))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def png_text_bomb(chance: random.Random) -> bytes:
    """Return a small PNG with compressed text and a profile of many megabytes."""
    huge = zlib.compress(bytes(1 << chance.choice((20, 24, 27))), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0))
        + _chunk(b"iCCP", b"profile\0\0" + huge)
        + _chunk(b"zTXt", b"Comment\0\0" + huge) * chance.choice((1, 20))
        + _chunk(b"IDAT", zlib.compress(bytes(65 * 64)))
        + _chunk(b"IEND", b"")
    )


def gif_bomb(chance: random.Random) -> bytes:
    """Return a GIF of a large screen and very many small frames."""
    side = chance.choice((16, 1_000, 20_000, 65_535))
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    frame = b"\x21\xf9\x04\x04\x0a\x00\x00\x00" + frame
    head = b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes((0, 0, 0, 255, 255, 255))
    return head + frame * chance.choice((1, 300, 20_000)) + b"\x3b"


def gif_growing(chance: random.Random) -> bytes:
    """Return a GIF whose frames differ, each a pixel further to the right."""
    frames = b"".join(
        b"\x2c" + struct.pack("<HHHHB", at, 0, 1, 1, 0) + b"\x02\x02\x4c\x01\x00"
        for at in range(chance.choice((200, 3000)))
    )
    return (
        b"GIF89a" + struct.pack("<HHBBB", 4000, 1000, 0x80, 0, 0) + bytes((0, 0, 0, 255, 255, 255)) + frames + b"\x3b"
    )


def tiff_loop(chance: random.Random) -> bytes:
    """Return a TIFF whose directories go round in a circle, with a strip as large as it likes to say."""
    side, length = chance.choice((8, 3_000, 100_000)), chance.choice((64, 1 << 20, 0xFFFFFFFF))
    tags = (
        (256, side),
        (257, side),
        (258, 8),
        (259, chance.choice((1, 5, 8, 32773))),
        (262, 1),
        (273, 200),
        (279, length),
    )
    circle = 8 if chance.random() < 0.5 else 150
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    data = b"II\x2a\x00\x08\x00\x00\x00" + directory + struct.pack("<I", circle)
    data = data.ljust(150, b"\0") + directory + struct.pack("<I", 8)
    return data + bytes(chance.choice((10, 5_000)))


def jpeg_bomb(chance: random.Random) -> bytes:
    """Return a JPEG header of 65,500 x 65,500 over the data of a small one, or very many scans."""
    data = VARIANTS[chance.choice(("jpeg", "jpeg-progressive"))](picture(40, 56))
    at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    if chance.random() < 0.5:
        side = chance.choice((65_500, 20_000, 15_000))
        return data[: at + 5] + struct.pack(">HH", side, side) + data[at + 9 :]
    scan = data.rfind(b"\xff\xda")
    large = data[: at + 5] + struct.pack(">HH", 4_000, 4_000) + data[at + 9 : scan]
    return large + data[scan:-2] * chance.choice((10, 500)) + b"\xff\xd9"


def bmp_bomb(chance: random.Random) -> bytes:
    """Return a BMP of a size that no memory has; sometimes run-length coded."""
    width, height = chance.choice(((0x7FFFFFFF, 0x7FFFFFFF), (60_000, 60_000), (-5, 5), (30_000, 1), (15_000, 15_000)))
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, chance.choice((0, 1)), 0, 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 2_000, 0, 0, 1078) + header + bytes(range(256)) * 4 + b"\xff\x01" * 300


def webp_bomb(chance: random.Random) -> bytes:
    """Return an animated WebP whose canvas is as large as the format allows."""
    data = bytearray(VARIANTS["webp-animated"](picture(40, 56)))
    at = data.find(b"VP8X")
    data[at + 12 : at + 18] = chance.choice((16_383, 12_000)).to_bytes(3, "little") * 2
    return bytes(data)


def box_bomb(chance: random.Random) -> bytes:
    """Return boxes within boxes within boxes, as HEIF has them, or one that says it is endless."""
    kind = chance.choice((b"heic", b"avif"))
    data = struct.pack(">I4s4sI4s4s", 24, b"ftyp", kind, 0, b"mif1", kind)
    inner = b""
    for _ in range(chance.choice((3, 200, 3_000))):
        inner = struct.pack(">I4s", 12 + len(inner), b"meta") + bytes(4) + inner
    return data + inner + struct.pack(">I4sQ", 1, b"mdat", chance.choice((16, 1 << 62)))


BOMB_MAKERS = (
    *(png_bomb, png_text_bomb, gif_bomb, gif_growing, tiff_loop, jpeg_bomb, bmp_bomb, webp_bomb),
    box_bomb,
)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


# -------------------------------------------------------------------------------------------------------- run
def seed_files(*, sheets: bool = False) -> list[bytes]:
    """Return one whole file of every variant that the media room reads; of contact sheets on request."""
    if not sheets:
        return [variant(picture()) for variant in VARIANTS.values()]
    files = [variant(sheet(*form)) for form in SHEETS for variant in VARIANTS.values()]
    return [*files, VARIANTS["jpeg"](sheet(*LARGE_SHEET)), VARIANTS["jpeg-progressive"](sheet(*LARGE_SHEET))]


def sheet(columns: int, rows: int, width: int, height: int, gutter: int) -> npt.NDArray[np.uint8]:
    """Return a contact sheet of unlike pictures on white, uint8 [height, width, 3]; sizes in pixels."""
    made = np.full((rows * (height + gutter) + gutter, columns * (width + gutter) + gutter, 3), 255, np.uint8)
    for number in range(columns * rows):
        y, x = (
            gutter + at * (side + gutter) for at, side in zip(divmod(number, columns), (height, width), strict=True)
        )
        made[y : y + height, x : x + width] = picture(height, width, number)
    return made


def file_of(seed: int, number: int, seeds: Sequence[bytes]) -> bytes:
    """Return file ``number`` of a seed."""
    chance = random.Random(f"{seed}/{number}")
    if number % BOMBS == 0:
        return chance.choice(BOMB_MAKERS)(chance)
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        data = bytearray(chance.choice(MUTATIONS)(chance, data, seeds))
        if len(data) < 16:
            break
    return bytes(data)


def contents(seed: int, numbers: Sequence[int], *, sheets: bool = False) -> Iterator[Content]:
    """Yield the files of these numbers, each named by its number."""
    seeds = seed_files(sheets=sheets)
    for number in numbers:
        yield Content(str(number), data=file_of(seed, number, seeds))


def outcome(finding: Finding) -> tuple[str, str]:
    """Return the type of a file and, in words, what became of it."""
    kinds = sorted({problem.kind.value for problem in finding.problems})
    frames = "decoded" if finding.frames else "nothing decoded"
    if any(frame.cell for frame in finding.frames):
        frames += ", cells"
    return (finding.media_type.name if finding.media_type else "none"), ", ".join([frames, *kinds])


def main() -> int:
    """Run the files and print a table; the exit code is 1 if any file was left without a finding."""
    parser = argparse.ArgumentParser(description="Run damaged and hostile pictures through the decoding workers.")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10.0, help="limit of time of one file")
    parser.add_argument("--sheets", action="store_true", help="mutate contact sheets")
    parser.add_argument("--write", nargs=2, metavar=("N", "FILE"), help="only write file number N to FILE")
    given = parser.parse_args()
    if given.write:
        Path(given.write[1]).write_bytes(file_of(given.seed, int(given.write[0]), seed_files(sheets=given.sheets)))
        return 0
    begun = time.perf_counter()
    table: Counter[tuple[str, str]] = Counter()
    lost: list[str] = []
    expected = 0
    with Engine(limits=Limits(max_seconds=given.seconds), workers=given.workers) as engine:
        for finding in engine.hash_many(contents(given.seed, range(given.files), sheets=given.sheets)):
            if finding.name != str(expected) or len([s for s in finding.signals if s.frame is None]) != 3:
                print(f"file {expected}: finding {finding.name} has no digests or is out of turn")
                return 1
            expected += 1
            table[outcome(finding)] += 1
            lost += [
                f"{finding.name}: {problem.kind.value}: {problem.message}"
                for problem in finding.problems
                if problem.kind in LOST and "worker" in problem.message
            ]
    for (kind, words), number in sorted(table.items()):
        print(f"{number:7}  {kind:5}  {words}")
    print(f"{expected:7}  findings of {given.files} files in {time.perf_counter() - begun:.0f} s")
    print(f"{len(lost):7}  cost a worker: by a crash, by time or by memory")
    print(*(f"         {line}" for line in lost[:40]), sep="\n")
    return 0 if expected == given.files else 1


if __name__ == "__main__":
    sys.exit(main())
