import io

import numpy as np
from PIL import Image

from grids.test_separation import sheet
from tutela import _kernel
from tutela.engine.examining import Wanted, examine
from tutela.engine.sheets import MOST_CELLS, SHEET, Sheet, Sheets
from tutela.model import Frame, Limits


def jpeg(pixels, **options):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def bits_apart(first, second):
    return (int.from_bytes(first) ^ int.from_bytes(second)).bit_count()


def test_every_cell_is_a_frame_with_its_own_hash():
    pixels, boxes = sheet(4, 3, 200, 150, 6)
    found = examine(jpeg(pixels), Limits())
    whole, *cells = found.frames
    assert (whole.layout, whole.parent) == ("grid", None)
    assert [(frame.parent, frame.cell.x, frame.cell.y, frame.width, frame.height) for frame in cells] == [
        (0, *box) for box in boxes
    ]
    hashes = {signal.frame: signal for signal in reversed(found.signals) if signal.kind == "pdq"}
    assert hashes[0].unfit == SHEET
    for frame, (x, y, width, height) in zip(cells, boxes, strict=True):
        perfect, quality, _ = _kernel.pdq_rgb(np.ascontiguousarray(pixels[y : y + height, x : x + width]))
        assert hashes[frame.number].unfit is None
        if quality >= 50:
            assert bits_apart(hashes[frame.number].value, perfect) <= 10


def test_a_reduced_sheet_is_decoded_once_more_for_its_cells():
    pixels, boxes = sheet(4, 3, 700, 500, 12)
    cells = examine(jpeg(pixels), Limits()).frames[1:]
    assert len(cells) == 12
    for frame, box in zip(cells, boxes, strict=True):
        got = (frame.cell.x, frame.cell.y, frame.cell.width, frame.cell.height)
        assert max(abs(a - b) for a, b in zip(got, box, strict=True)) <= 4


def test_a_sheet_on_its_side_is_laid_upright_first():
    pixels, _ = sheet(4, 3, 160, 120, 6)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = examine(jpeg(np.ascontiguousarray(np.rot90(pixels)), exif=exif.tobytes()), Limits())
    assert (turned.frames[0].width, turned.frames[0].height) == (pixels.shape[1], pixels.shape[0])
    assert len(turned.frames) == 13


def test_without_cells_nothing_is_cut():
    pixels, _ = sheet(4, 3, 160, 120, 6)
    found = examine(jpeg(pixels), Limits(), Wanted(cells=False))
    assert len(found.frames) == 1
    assert all(signal.unfit is None for signal in found.signals)


def test_more_cells_than_the_limit_are_told():
    pixels, _ = sheet(4, 3, 160, 120, 6)
    problems = []
    sheets = Sheets(problems.append)
    sheets._cells = MOST_CELLS - 5
    found = sheets.look(Frame(0, pixels, pixels.shape[1], pixels.shape[0]))
    assert found == Sheet("grid", found.confidence, SHEET)
    assert len(list(sheets.cells(1))) == 5
    assert [problem.place for problem in problems] == ["frame 0"]
