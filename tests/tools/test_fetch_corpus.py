"""`tools/fetch_corpus.py` with a real package, built here."""

import csv
import hashlib
import importlib
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def fetch_corpus(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    return importlib.import_module("fetch_corpus")


@pytest.fixture
def package(tmp_path) -> Path:
    """Build a Debian package with pictures and other things, and lay it where a download would lie."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not on this system")
    tree = tmp_path / "tree"
    share = tree / "usr" / "share" / "some-pictures"
    share.mkdir(parents=True)
    Image.new("RGB", (300, 200), "red").save(share / "fits.png")
    Image.new("L", (640, 480), 99).save(share / "Fits.JPG", format="JPEG")
    shutil.copy(share / "fits.png", share / "same-again.png")
    Image.new("RGB", (300, 199)).save(share / "too-small.png")
    Image.new("1", (6000, 5001)).save(share / "too-large.png")
    (share / "no-picture.png").write_bytes(b"nothing of the kind")
    (share / "text.txt").write_text("text")
    (share / "link.png").symlink_to("fits.png")
    control = tree / "DEBIAN"
    control.mkdir()
    (control / "control").write_text(
        "Package: some-pictures\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: some\n"
    )
    folder = tmp_path / "corpus"
    (folder / "packages").mkdir(parents=True)
    target = folder / "packages" / "some-pictures_1_all.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, target], check=True, capture_output=True)
    return target


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def test_fitting_pictures_are_kept_and_named(fetch_corpus, package, capsys):
    folder = package.parents[1]
    assert fetch_corpus.main(["--package", "some-pictures", "--folder", str(folder)]) == 0
    found = {Path(row["path"]).name: row for row in rows(folder)}
    assert found.keys() == {"fits.png", "Fits.JPG"}
    row = found["fits.png"]
    assert (row["package"], row["width"], row["height"]) == ("some-pictures", "300", "200")
    assert row["sha256"] == hashlib.sha256((folder / row["path"]).read_bytes()).hexdigest()
    assert not package.exists()
    assert not list((folder / "unpacked").iterdir())
    assert "2 pictures" in capsys.readouterr().out


def test_a_finished_package_is_not_fetched_again(fetch_corpus, package, monkeypatch):
    folder = package.parents[1]
    arguments = ["--package", "some-pictures", "--folder", str(folder)]
    assert fetch_corpus.main(arguments) == 0
    before = rows(folder)
    monkeypatch.setenv("PATH", "")
    assert fetch_corpus.main(arguments) == 0
    assert rows(folder) == before


def test_an_interrupted_package_is_done_anew(fetch_corpus, package):
    folder = package.parents[1]
    (folder / "pictures" / "some-pictures").mkdir(parents=True)
    (folder / "pictures" / "some-pictures" / "half.png").write_bytes(b"half")
    assert fetch_corpus.main(["--package", "some-pictures", "--folder", str(folder)]) == 0
    assert len(rows(folder)) == 2
    assert not (folder / "pictures" / "some-pictures" / "half.png").exists()


def test_without_apt_it_says_so(fetch_corpus, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert fetch_corpus.main(["--folder", str(tmp_path / "corpus")]) == 3
    assert "run this on Debian" in capsys.readouterr().err


def test_a_package_that_cannot_be_had_is_named_and_the_others_are_done(fetch_corpus, package, capsys):
    if shutil.which("apt-get") is None:
        pytest.skip("apt-get is not on this system")
    folder = package.parents[1]
    arguments = ["--package", "no-such-package-anywhere", "--package", "some-pictures", "--folder", str(folder)]
    assert fetch_corpus.main(arguments) == 4
    told = capsys.readouterr().err
    assert "not had: no-such-package-anywhere" in told
    assert "://" not in told
    assert len(rows(folder)) == 2


def test_a_damaged_package_is_removed_and_told(fetch_corpus, package, capsys):
    package.write_bytes(package.read_bytes()[:200])
    folder = package.parents[1]
    assert fetch_corpus.main(["--package", "some-pictures", "--folder", str(folder)]) == 4
    assert not package.exists()
    assert "damaged" in capsys.readouterr().err
