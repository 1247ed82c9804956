"""Pictures made to cost what cells cost: every one has a finding, none costs a worker, every limit met is named.

Thousands of mutated sheets: ``tools/fuzz_media.py --sheets``.
"""

from __future__ import annotations

import importlib.util
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from media.formats import picture
from tutela.engine import Engine
from tutela.engine.examining import examine
from tutela.engine.sheets import MOST_CELLS, MOST_SHEETS, Sheets
from tutela.model import Content, Frame, Limits, ProblemKind

TOOL = Path(__file__).parents[2] / "tools" / "fuzz_media.py"
CHANCE = np.random.default_rng(0)


def sheet(columns, rows, width, height, gutter, *, cell=None):
    size = (rows * (height + gutter) + gutter, columns * (width + gutter) + gutter, 3)
    made = np.full(size, 255, np.uint8)
    for number in range(columns * rows):
        y, x = gutter + number // columns * (height + gutter), gutter + number % columns * (width + gutter)
        made[y : y + height, x : x + width] = picture(height, width, number) if cell is None else cell
    return made


def noise(height, width):
    return CHANCE.integers(0, 256, (height, width), np.uint8)


def dots():
    """316 x 317 cells of one pixel, a pixel apart."""
    made = np.zeros((633, 635), np.uint8)
    made[1::2, 1::2] = CHANCE.integers(40, 256, (316, 317))
    return made


def sheet_of_sheets():
    inner = Image.fromarray(sheet(20, 20, 24, 24, 2)).resize((104, 104))
    return sheet(20, 20, 104, 104, 4, cell=np.asarray(inner))


#: Name -> how the pixels are made, and the least number of cells that must be found.
PICTURES = {
    "a column of pixels": (lambda: noise(65535, 1), 0),
    "a row of pixels": (lambda: noise(1, 65535), 0),
    "a coloured row longer than the kernel takes": (lambda: np.repeat(noise(2, 70_000)[..., None], 3, 2), 0),
    "a coloured column longer than the kernel takes": (lambda: np.repeat(noise(70_000, 40)[..., None], 3, 2), 0),
    "a coloured column of the longest side": (lambda: np.repeat(noise(65_535, 40)[..., None], 3, 2), 0),
    "a row of many small cells": (lambda: np.kron(noise(1, 1365), np.ones((48, 48), np.uint8)), 0),
    "a checker of pixels": (lambda: (np.indices((316, 317)).sum(0) % 2 * 255).astype(np.uint8), 0),
    "a hundred thousand dots": (dots, 0),
    "dots of three pixels": (lambda: np.kron(dots(), np.ones((3, 3), np.uint8)), 0),
    "a sheet of sheets": (sheet_of_sheets, 400),
    "60 x 60 cells of 24": (lambda: sheet(60, 60, 24, 24, 2), 0),
    "60 x 60 cells that touch": (lambda: sheet(60, 60, 24, 24, 0), 0),
    "60 x 60 cells of 32": (lambda: sheet(60, 60, 32, 32, 2), 0),
    "stripes": (lambda: np.broadcast_to((np.arange(4000) // 30 % 2 * 255).astype(np.uint8), (4000, 4000)).copy(), 0),
}


def png(pixels):
    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=1)
    return out.getvalue()


def several(kind, pages, **options):
    out = BytesIO()
    first, *others = [Image.fromarray(page) for page in pages]
    first.save(out, kind, save_all=True, append_images=others, **options)
    return out.getvalue()


def cells(finding):
    return sum(frame.cell is not None for frame in finding.frames)


def limits_of(finding):
    return [problem.message for problem in finding.problems if problem.kind is ProblemKind.LIMIT]


@pytest.fixture(scope="module")
def engine():
    with Engine(limits=Limits(max_seconds=60.0), workers=1) as engine:
        yield engine


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_of_very_many_cells_costs_no_worker(engine, name):
    made, least = PICTURES[name]
    (finding,) = engine.hash_many([Content(name, data=png(made()))])
    assert [frame.number for frame in finding.frames] == list(range(len(finding.frames)))
    assert least <= cells(finding) <= MOST_CELLS
    assert not [problem for problem in finding.problems if problem.kind is not ProblemKind.LIMIT]
    assert (cells(finding) < MOST_CELLS) == (not limits_of(finding))


def test_more_cells_than_the_limit_on_several_pages_are_told_once(engine):
    once = sheet_of_sheets()
    data = several("TIFF", [np.roll(once, 7 * at, 1) for at in range(7)], compression="tiff_lzw")
    (finding,) = engine.hash_many([Content("pages", data=data)])
    assert cells(finding) == MOST_CELLS
    assert limits_of(finding) == [f"more cells of contact sheets than the limit of {MOST_CELLS}; the rest was left out"]


def test_more_pages_than_are_looked_at_are_told_and_the_pictures_of_an_animation_are_not(engine):
    pages = [picture(60, 80, seed) for seed in range(MOST_SHEETS + 3)]
    found = list(
        engine.hash_many(
            Content(kind, data=several(kind, pages[:count]))
            for kind, count in (("TIFF", MOST_SHEETS), ("TIFF", MOST_SHEETS + 3), ("GIF", MOST_SHEETS + 3))
        )
    )
    assert [len(finding.frames) for finding in found] == [MOST_SHEETS, MOST_SHEETS + 3, MOST_SHEETS + 3]
    told = f"more than {MOST_SHEETS} pages; the others were not looked at for cells"
    assert [limits_of(finding) for finding in found] == [[], [told], []]


def test_an_animation_of_sheets_may_lie_about_its_durations(engine):
    frames = [sheet(4, 3, 120, 90, 4, cell=picture(90, 120, seed)) for seed in range(4)]
    data = several("GIF", frames, duration=[0, 655350, 10, 655350])
    (finding,) = engine.hash_many([Content("animation", data=data)])
    assert [frame.time for frame in finding.frames if frame.cell is None] == [0.0, 0.0, 655.35, 655.36]
    assert finding.problems == ()


def test_sheets_of_too_many_pixels_together_are_marked_and_not_cut():
    pixels = sheet(4, 3, 120, 90, 4)
    problems = []
    sheets = Sheets(problems.append, most_pixels=2 * pixels.shape[0] * pixels.shape[1])
    found = [sheets.look(Frame(at, pixels, pixels.shape[1], pixels.shape[0])) for at in range(4)]
    assert [one.unfit for one in found] == [found[0].unfit] * 4
    assert {cell.parent for cell in sheets.cells(4)} == {0, 1}
    assert [(problem.kind, problem.place) for problem in problems] == [(ProblemKind.LIMIT, "frame 2")]


def test_cells_are_left_out_when_the_time_is_up_and_the_whole_is_still_hashed():
    found = examine(png(sheet(4, 3, 120, 90, 4)), Limits(max_seconds=0.0))
    assert len(found.frames) == 1
    assert any(signal.kind == "pdq" for signal in found.signals)
    assert [(problem.kind, problem.place) for problem in found.problems] == [(ProblemKind.TIMEOUT, "frame 0")]


def test_a_picture_whose_cells_want_too_much_memory_is_hashed_as_a_whole(monkeypatch):
    def starving(sheets, frame):
        raise MemoryError

    monkeypatch.setattr(Sheets, "look", starving)  # no real picture runs out of memory at just this place everywhere
    found = examine(png(sheet(4, 3, 120, 90, 4)), Limits())
    assert len(found.frames) == 1
    assert any(signal.kind == "pdq" for signal in found.signals)
    assert [(problem.kind, problem.place) for problem in found.problems] == [(ProblemKind.MEMORY, "frame 0")]


@pytest.mark.slow
def test_mutated_sheets_have_findings_with_cells():
    spec = importlib.util.spec_from_file_location("fuzz_media", TOOL)
    fuzz = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fuzz)
    with Engine(limits=Limits(max_seconds=30.0), workers=1) as engine:
        findings = list(engine.hash_many(fuzz.contents(11, range(60), sheets=True)))
    assert [finding.name for finding in findings] == [str(number) for number in range(60)]
    assert all(finding.frames or finding.problems for finding in findings)
    assert not [problem for one in findings for problem in one.problems if problem.kind is ProblemKind.CRASH]
    assert sum(cells(finding) > 0 for finding in findings) >= 10
