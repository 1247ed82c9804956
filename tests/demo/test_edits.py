import numpy as np
import pytest

from tutela.demo.edits import edits
from tutela.demo.originals import opened

PICTURE, OTHER = opened("bison"), opened("coffee")

SIZES = {
    "resize-50": (300, 225),
    "resize-75": (450, 338),
    "resize-150": (900, 675),
    "resize-200": (1200, 900),
    "stretch-110": (660, 450),
    "crop-1": (588, 442),
    "crop-2": (576, 432),
    "crop-5": (540, 406),
    "crop-10": (480, 360),
    "frame-5": (660, 494),
    "caption": (600, 518),
    "side-by-side": (1200, 450),
}


def test_names_are_different():
    names = [edit.name for edit in edits()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("edit", edits(), ids=lambda edit: edit.name)
def test_an_edit_changes_a_copy(edit):
    before = PICTURE.tobytes()
    edited = edit.apply(PICTURE, np.random.default_rng(1), OTHER)
    assert PICTURE.tobytes() == before
    assert edited.mode == "RGB"
    assert edited.size == SIZES.get(edit.name, PICTURE.size)
    assert edited.tobytes() != before


@pytest.mark.parametrize("edit", edits(), ids=lambda edit: edit.name)
def test_an_edit_depends_on_nothing_but_its_generator(edit):
    first, second = (edit.apply(PICTURE, np.random.default_rng(7), OTHER) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_what_is_survivable_is_declared_and_not_fitted_to_results():
    """A change here changes what the demo's recall means: it needs a reason that is no result."""
    hard = {edit.name for edit in edits() if not edit.survivable}
    assert hard == {"crop-5", "crop-10", "turned-2", "frame-5", "caption", "sticker", "side-by-side"}
    assert {"crop-1", "crop-2", "resize-50", "jpeg-q40", "watermark"} <= {e.name for e in edits() if e.survivable}
