"""Contact sheets and videos: pictures that stand among others in one file."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

Picture = Image.Image

#: Pictures beside each other on a sheet.
COLUMNS = 4
#: Seconds that a video shows each picture for.
SHOT_SECONDS = 1.5
_RATE = 8  # frames a second
_SHOT = int(SHOT_SECONDS * _RATE)  # frames


@dataclass(frozen=True, slots=True)
class Composite:
    """One way to put pictures together.  ``make`` takes RGB pictures, ``count`` of them, and returns a file."""

    name: str
    count: int
    suffix: str
    make: Callable[[Sequence[Picture]], bytes]


def composites() -> tuple[Composite, ...]:
    """Return all of them: sheets as other programs make them, and a video of still shots."""
    return (
        Composite("sheet, white gutter", 12, ".png", lambda pictures: _sheet(pictures, gutter=6, ground="white")),
        Composite("sheet, butted", 12, ".jpg", lambda pictures: _sheet(pictures, gutter=0, ground="white")),
        Composite("sheet, dark, captions", 12, ".jpg", lambda pictures: _sheet(pictures, gutter=10, caption=14)),
        Composite("video", 4, ".mp4", _video),
    )


def _sheet(pictures: Sequence[Picture], *, gutter: int, ground: str = "#202428", caption: int = 0) -> bytes:
    width, height = 200, 150
    rows = -(-len(pictures) // COLUMNS)
    size = (COLUMNS * (width + gutter) + gutter, rows * (height + caption + gutter) + gutter)
    sheet = Image.new("RGB", size, ground)
    draw = ImageDraw.Draw(sheet)
    for number, picture in enumerate(pictures):
        x = gutter + number % COLUMNS * (width + gutter)
        y = gutter + number // COLUMNS * (height + caption + gutter)
        sheet.paste(ImageOps.contain(picture, (width, height)).resize((width, height)), (x, y))
        if caption:
            draw.text((x + 4, y + height + 1), f"00:0{number // 6}:{number % 6}0", "white", ImageFont.load_default(11))
    file = io.BytesIO()
    if ground == "white" and gutter:
        sheet.save(file, "PNG")
    else:
        sheet.save(file, "JPEG", quality=85)
    return file.getvalue()


def _video(pictures: Sequence[Picture]) -> bytes:
    """One shot a picture, MPEG-4 part 2: what every build of FFmpeg can write."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(_RATE))
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.codec_context.options = {"qscale": "3", "flags": "qscale"}
        for picture in pictures:
            small = picture.resize((320, 240), Image.Resampling.LANCZOS)
            frame = av.VideoFrame.from_ndarray(np.asarray(small), format="rgb24")
            for _ in range(_SHOT):
                frame.pts = None
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()
