import csv
import re
from pathlib import Path

import numpy as np
from PIL import Image

import tutela
from tutela.demo.originals import FOLDER, opened, originals

ROOT = Path(__file__).resolve().parents[2]
FREE = {"Public domain", "CC0-1.0", "CC-BY-2.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0"}


def sources() -> list[dict[str, str]]:
    with (FOLDER / "SOURCES.csv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def test_there_are_about_150_and_they_fit_the_package():
    files = originals()
    assert 130 <= len(files) <= 160
    assert sum(file.stat().st_size for file in files) <= 8_000_000


def test_notice_and_sources_name_every_picture_and_no_other():
    names = {file.name for file in originals()}
    assert {row["file"] for row in sources()} == names
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert set(re.findall(r"^(\S+\.jpg) ", notice, re.MULTILINE)) == names


def test_notice_says_of_each_picture_what_sources_say():
    notice = {line.split(" ", 1)[0]: line for line in (ROOT / "NOTICE").read_text(encoding="utf-8").splitlines()}
    for row in sources():
        for column in ("title", "author", "licence", "package"):
            assert row[column], row["file"]
            assert row[column] in notice[row["file"]]


def test_every_licence_is_free():
    assert {row["licence"] for row in sources()} <= FREE


def test_pictures_are_plain_rgb_jpeg_without_metadata():
    for file in originals():
        with Image.open(file) as picture:
            assert picture.format == "JPEG"
            assert picture.mode == "RGB"
            assert 250 <= min(picture.size) <= max(picture.size) <= 600
            assert not picture.getexif()
            assert not {"icc_profile", "comment", "exif", "xmp", "photoshop"} & picture.info.keys()


def test_strangers_are_strangers_and_all_are_worth_hashing():
    hashes = [tutela.pdq(file.read_bytes()) for file in originals()]
    assert min(found.quality for found in hashes) >= 50
    bits = np.unpackbits(np.array([np.frombuffer(found.value, np.uint8) for found in hashes]), axis=1).astype(np.int16)
    distances = np.abs(bits[:, None] - bits[None]).sum(axis=2)
    np.fill_diagonal(distances, 256)
    assert distances.min() > 70


def test_opened_gives_the_picture():
    assert opened("chelsea").mode == "RGB"
    assert opened("chelsea").size == (451, 300)


def test_each_caller_gets_a_picture_of_its_own():
    first = opened("chelsea")
    first.putpixel((0, 0), (1, 2, 3))
    assert opened("chelsea").getpixel((0, 0)) != (1, 2, 3)
