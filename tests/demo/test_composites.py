import numpy as np
import pytest
from PIL import Image

from tutela.demo.composites import composites
from tutela.demo.originals import opened, originals
from tutela.media import frames, sniff
from tutela.model import Limits


def made(one):
    return one.make([opened(path.stem) for path in originals()[: one.count]])


@pytest.mark.parametrize("one", composites(), ids=lambda one: one.name)
def test_each_is_a_file_of_its_type(one):
    data = made(one)
    kind = sniff(data)
    assert kind is not None
    assert kind.is_video == (one.suffix == ".mp4")


@pytest.mark.parametrize("one", [one for one in composites() if one.suffix != ".mp4"], ids=lambda one: one.name)
def test_a_sheet_holds_every_picture(one):
    problems = []
    (frame,) = frames(made(one), Limits(), problems.append)
    assert not problems
    tones = {
        int(np.asarray(opened(path.stem).resize((1, 1), Image.Resampling.BOX).convert("L"))[0, 0])
        for path in originals()[:12]
    }
    assert len(tones) > 4
    assert frame.pixels.std() > 20
    assert min(frame.pixels.shape[:2]) >= 3 * 150


def test_equal_pictures_make_equal_files():
    for one in composites():
        assert made(one) == made(one)


def test_names_are_different():
    assert len({one.name for one in composites()}) == len(composites())
