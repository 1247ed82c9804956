"""Sheets of demo pictures with known boxes."""

import numpy as np
from PIL import Image

from tutela.demo.originals import originals


def pictures(count):
    return [Image.open(path).convert("RGB") for path in originals()[:count]]


def sheet(columns, rows, width, height, gutter, *, background=(255, 255, 255)):
    """A sheet of demo pictures, and the boxes of its cells."""
    size = (columns * width + (columns + 1) * gutter, rows * height + (rows + 1) * gutter)
    made, boxes, found = Image.new("RGB", size, background), [], pictures(columns * rows)
    for number, picture in enumerate(found):
        x = gutter + number % columns * (width + gutter)
        y = gutter + number // columns * (height + gutter)
        made.paste(picture.resize((width, height), Image.Resampling.BICUBIC), (x, y))
        boxes.append((x, y, width, height))
    return np.asarray(made), boxes
