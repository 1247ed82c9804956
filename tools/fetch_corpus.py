"""Bring the larger benign corpus for the tests marked `corpus` and the benchmarks: pictures out of Debian packages.

    python tools/fetch_corpus.py [--all | --package NAME ...] [--folder corpus]

Needs a Debian-like system whose package lists are fresh (`apt-get update`), about 2 GB of disk (6 GB with --all) and no
root.  Nothing is installed or run.  Every picture with both sides of at least 200 px and at most 30 megapixels is kept
under FOLDER/pictures/PACKAGE and named in FOLDER/manifest.csv (path, package, width, height, sha256).  Pictures stay
under their packages' licences and are not for committing.  An interrupted run goes on where it stopped: a package
counts as done once FOLDER/done/PACKAGE.csv is there.

Exit codes: 0 done; 2 wrong arguments; 3 no apt on this system; 4 some packages could not be had (the others are there).
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from PIL import Image

from debian_packages import AptMissingError, PackageUnavailableError, check_tools, download, extract

#: About 830 MB to download: photographs, art, nebulae, screenshots, cut-outs, panels and chessboards.
LIGHT = (
    "gimp-help-en",
    "gnome-backgrounds",
    "lomiri-wallpapers-16.04",
    "lomiri-wallpapers-20.04",
    "mate-backgrounds",
    "opencv-doc",
    "openshot-qt",
    "plasma-workspace-wallpapers",
    "stellarium-data",
    "tuxpaint-stamps-default",
    "ukui-wallpapers",
)
#: About 2.4 GB more: textures, aerial photographs, façades and atlases of games and simulators.
HEAVY = ("flightgear-data-base", "supertuxkart-data", "torcs-data", "trigger-rally-data")

SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
LEAST_SIDE = 200
MOST_PIXELS = 30_000_000


@dataclass(frozen=True)
class Row:
    """One picture of the manifest; ``path`` is relative to the corpus folder."""

    path: str
    package: str
    width: int
    height: int
    sha256: str


def main(arguments: list[str] | None = None) -> int:
    """Bring every wanted package's pictures and write the manifest; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="the heavy packages of games too (about 2.4 GB more)")
    which.add_argument("--package", action="append", metavar="NAME", help="only this package (may be repeated)")
    parser.add_argument("--folder", type=Path, default=Path("corpus"), help="where to put it (default: corpus)")
    parser.add_argument("--keep-packages", action="store_true", help="keep the downloaded packages")
    options = parser.parse_args(arguments)
    wanted = options.package or (LIGHT + HEAVY if options.all else LIGHT)
    missing = _bring_all(wanted, options.folder, keep=options.keep_packages)
    count = write_manifest(options.folder)
    print(f"{count:,} pictures in {options.folder / 'manifest.csv'}")
    return missing


def _bring_all(wanted: tuple[str, ...], folder: Path, *, keep: bool) -> int:
    todo = [name for name in wanted if not _done(folder, name).exists()]
    if not todo:
        return 0
    try:
        check_tools()
    except AptMissingError as error:
        print(
            f"{error} is not on this system: the corpus comes from Debian packages, so run this on Debian",
            file=sys.stderr,
        )
        return 3
    failed = []
    for number, name in enumerate(todo, 1):
        print(f"[{number}/{len(todo)}] {name}", flush=True)
        try:
            rows = bring(name, folder, keep=keep)
        except PackageUnavailableError as error:
            print(f"  {error}", file=sys.stderr)
            failed.append(name)
        except subprocess.CalledProcessError:
            print("  the package is damaged; it was removed, run this again", file=sys.stderr)
            failed.append(name)
        else:
            print(f"  {len(rows):,} pictures")
    if failed:
        print(
            f"not had: {', '.join(failed)}. Is there a network? Run `apt-get update` as root, then this again: "
            "it goes on where it stopped.",
            file=sys.stderr,
        )
    return 4 if failed else 0


def bring(name: str, folder: Path, *, keep: bool = False) -> list[Row]:
    """Download one package and keep its fitting pictures; raises `PackageUnavailableError`."""
    package = download(name, folder / "packages")
    unpacked = folder / "unpacked" / name
    shutil.rmtree(unpacked, ignore_errors=True)
    try:
        extract(package, unpacked)
    except subprocess.CalledProcessError:
        package.unlink()
        raise
    pictures = folder / "pictures" / name
    shutil.rmtree(pictures, ignore_errors=True)
    rows = list(_keep(unpacked, pictures, name, folder))
    shutil.rmtree(unpacked)
    if not keep:
        package.unlink()
    # Written last and renamed into place: its being there says that the package is complete.
    target = _done(folder, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".part")
    _write(partial, rows)
    partial.replace(target)
    return rows


def write_manifest(folder: Path) -> int:
    """Put the finished packages' rows together in FOLDER/manifest.csv; returns how many there are."""
    rows: list[Row] = []
    for part in sorted((folder / "done").glob("*.csv")):
        with part.open(encoding="utf-8", newline="") as lines:
            rows += [
                Row(line["path"], line["package"], int(line["width"]), int(line["height"]), line["sha256"])
                for line in csv.DictReader(lines)
            ]
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "manifest.csv", rows)
    return len(rows)


def fitting_size(path: Path) -> tuple[int, int] | None:
    """Give width and height of a picture that fits the corpus, from its header; `None` for anything else."""
    if path.is_symlink() or not path.is_file() or path.suffix.lower() not in SUFFIXES:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a large or odd picture is judged here, not by Pillow
            with Image.open(path) as picture:
                width, height = picture.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        # Pillow raises these for files that are no pictures, and for pictures far beyond the limit.
        return None
    return (width, height) if min(width, height) >= LEAST_SIDE and width * height <= MOST_PIXELS else None


def _keep(unpacked: Path, pictures: Path, name: str, folder: Path) -> Iterator[Row]:
    seen: set[str] = set()
    for path in sorted(unpacked.rglob("*")):
        size = fitting_size(path)
        if size is None:
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest in seen:
            continue
        seen.add(digest)
        target = pictures / path.relative_to(unpacked)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        yield Row(target.relative_to(folder).as_posix(), name, *size, digest)


def _done(folder: Path, name: str) -> Path:
    return folder / "done" / f"{name}.csv"


def _write(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow([field.name for field in fields(Row)])
        writer.writerows(astuple(row) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
