from datetime import UTC, datetime

import numpy as np
import pytest

from tutela.demo.clustering import DemoClusters
from tutela.demo.truth import DemoFile, DemoTruth, Group, Shown
from tutela.model import Box, Finding, FrameInfo, NothingFound, Signal
from tutela.report import KeptPictures, Run

RUN = Run("0", datetime(2024, 5, 1, tzinfo=UTC))


def code(of: int, bits: int = 0) -> bytes:
    """Return a hash that is far from all others, with so many of its bits changed."""
    value = np.random.default_rng(of).integers(0, 256, 32, np.uint8)
    changed = np.unpackbits(value)
    changed[:bits] ^= 1
    return np.packbits(changed).tobytes()


def finding(name, *codes, frames=None, quality=90, **more) -> Finding:
    frames = frames or tuple(FrameInfo(number, 40, 30) for number in range(len(codes)))
    signals = tuple(
        Signal("pdq", value, quality, frame.number) for value, frame in zip(codes, frames, strict=True) if value
    )
    return Finding(name, 1, None, tuple(frames), signals, (), (), NothingFound(), (), **more)


def still(name, stem, group=Group.EDIT) -> DemoFile:
    return DemoFile(name, group, "what", stem, ("near",), shown=Shown((stem,)))


@pytest.fixture
def score_of(tmp_path):
    def score(*pairs):
        truth = DemoTruth(1, (), (), (), tuple(file for file, _ in pairs))
        with KeptPictures(tmp_path) as kept:
            clusters = DemoClusters(truth, kept)
            given = [found for _, found in pairs]
            assert list(clusters.over(given)) == given
            return clusters.write(tmp_path / "sheet.html", RUN)

    return score


def test_copies_of_one_photograph_lie_together(score_of):
    score = score_of(
        (still("copy", "bee", Group.EXACT), finding("copy", code(1))),
        (still("one", "bee"), finding("one", code(1, 9))),
        (still("far", "bee"), finding("far", code(1, 90))),
        (still("other", "cat"), finding("other", code(2))),
    )
    assert (score.edits, score.together, score.mixed) == (3, 1, [])
    assert (score.counts.hashed, score.counts.gathered, score.counts.clusters.total()) == (4, 2, 1)
    assert (score.pictures, score.frames, score.cells) == (4, 0, 0)


def test_an_edit_in_another_cluster_than_most_copies_is_not_with_them(score_of):
    near = [(still(f"n{bits}", "bee", Group.FORMAT), finding(f"n{bits}", code(1, bits))) for bits in (0, 2, 4)]
    apart = [(still(f"e{bits}", "bee"), finding(f"e{bits}", code(1, bits))) for bits in (100, 101)]
    score = score_of(*near, *apart)
    assert (score.counts.clusters.total(), score.edits, score.together, score.mixed) == (2, 2, 0, [])


def test_two_photographs_in_one_cluster_are_told_and_so_is_the_decision_that_would_be_wrong(score_of):
    score = score_of(
        (still("a", "bee"), finding("a", code(1))),
        (still("b", "cat"), finding("b", code(1, 5))),
        (still("c", "dog"), finding("c", code(3))),
        (still("d", "dog"), finding("d", code(3))),
    )
    assert (score.mixed, score.mixed_decisions) == ([0], 1)


def test_a_mixed_chain_whose_parts_are_pure_gets_no_decision_wrong(score_of):
    bits = (0, 10, 40, 50)
    stems = ("bee", "bee", "cat", "cat")
    score = score_of(*((still(f"{b}", s), finding(f"{b}", code(1, b))) for b, s in zip(bits, stems, strict=True)))
    assert (score.mixed, score.mixed_decisions) == ([0], 0)


def test_a_cell_counts_as_what_it_shows_and_a_whole_sheet_as_itself(score_of):
    sheet = DemoFile("sheet", Group.COMPOSITE, "sheet", "bee", ("near",), shown=Shown(("bee", "cat"), columns=2))
    frames = (
        FrameInfo(0, 80, 30),
        FrameInfo(1, 40, 30, None, None, 0, Box(0, 0, 40, 30)),
        FrameInfo(2, 40, 30, None, None, 0, Box(40, 0, 40, 30)),
    )
    cells = (sheet, finding("sheet", code(9), code(1), code(2), frames=frames))
    copies = [(still(stem, stem), finding(stem, code(of))) for of, stem in ((1, "bee"), (2, "cat"))]
    score = score_of(cells, *copies)
    assert (score.mixed, score.edits, score.together) == ([], 2, 2)
    assert (score.pictures, score.frames, score.cells) == (3, 0, 2)
    assert len(score_of(cells, *copies, (still("x", "bee"), finding("x", code(9)))).mixed) == 1


def test_pages_and_moments_are_frames(score_of):
    shown = Shown(("ant", "bee", "cat"))
    pages = DemoFile("pages", Group.FORMAT, "tiff-pages", "bee", ("near",), 1, shown=shown)
    score = score_of((pages, finding("pages", code(5), code(1), code(6))), (still("e", "bee"), finding("e", code(1))))
    assert (score.pictures, score.frames, score.mixed, score.together) == (1, 3, [], 1)


def test_pictures_of_clusters_are_on_the_sheet_and_no_others(score_of, tmp_path):
    score_of(
        (still("a", "bee"), finding("a", code(1), thumbnail=b"first")),
        (still("b", "bee"), finding("b", code(1), thumbnail=b"second")),
        (still("alone", "cat"), finding("alone", code(2), thumbnail=b"third")),
    )
    text = (tmp_path / "sheet.html").read_text()
    assert text.count("data:image/webp;base64,") == 2
    assert "within 31 bits" in text


def test_what_has_no_hash_is_counted_as_a_file_only(score_of):
    score = score_of((DemoFile("x", Group.DAMAGED, "empty", None, ("unreadable",)), finding("x")))
    assert (score.counts.files, score.counts.hashed, score.counts.clusters.total()) == (1, 0, 0)
