import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from tutela.model import Frame

PIXELS = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_is_what_exif_means(orientation):
    """Pillow's own reading of the tag is the judge."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, "PNG", exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(buffer)))
    upright = Frame(0, PIXELS, expected.shape[1], expected.shape[0], orientation).upright()
    assert np.array_equal(upright, expected)
    assert upright.flags.c_contiguous


@pytest.mark.parametrize(
    ("full", "stored", "orientation", "reduction"),
    [
        ((100, 200), (100, 200), 1, 1),
        ((100, 200), (50, 100), 1, 2),
        ((101, 203), (26, 51), 3, 4),
        ((203, 101), (26, 51), 3, 1),
        ((203, 101), (26, 51), 6, 4),
        ((203, 101), (51, 26), 4, 4),
        ((203, 101), (26, 51), 8, 4),
    ],
)
def test_reduction_is_told_from_the_sizes(full, stored, orientation, reduction):
    frame = Frame(0, np.zeros(stored, np.uint8), full[1], full[0], orientation)
    assert frame.reduction == reduction


def test_the_way_back_to_the_file_is_no_part_of_the_value():
    plain = Frame(0, PIXELS, 7, 5)
    assert plain.exact is None
    assert "exact" not in repr(Frame(0, PIXELS, 7, 5, exact=lambda: None))
