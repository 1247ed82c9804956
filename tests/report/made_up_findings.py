"""Made-up findings; the pictures are plain colours."""

import io
from datetime import UTC, datetime, timedelta

from PIL import Image

from tutela.model import (
    Finding,
    FrameInfo,
    Grade,
    Hit,
    Known,
    ListedBenign,
    MediaType,
    Near,
    NothingFound,
    Orientation,
    Purpose,
    Signal,
)

NOW = datetime(2026, 11, 23, 2, 31, tzinfo=UTC)
DIGESTS = (Signal("md5", bytes(range(16))), Signal("sha256", bytes(range(32))))
PDQ = Signal("pdq", bytes(range(100, 132)), 93, 0)
ONE_FRAME = (FrameInfo(0, 1280, 960),)


def make_hit(**changes):
    fields = {
        "list_name": "Partners",
        "list_version": 7,
        "purpose": Purpose.KNOWN,
        "entry_key": "P-1",
        "kind": "pdq",
        "distance": 12,
        "orientation": Orientation.ROTATE_90,
        "frame": 0,
        "grades": (Grade("INHOPE", "baseline"),),
        "labels": ("seen twice",),
        "source": "desk 4",
        "added": NOW - timedelta(days=3),
    }
    return Hit(**(fields | changes))


def make_finding(verdict=None, **changes):
    verdict = verdict or NothingFound(("No list has it.",))
    hits = (verdict.hit,) if isinstance(verdict, Known | Near | ListedBenign) else ()
    fields = {
        "name": "/a/folder/picture.jpg",
        "size": 214_000,
        "media_type": MediaType.JPEG,
        "frames": ONE_FRAME,
        "signals": (*DIGESTS, PDQ),
        "unhashable": (),
        "hits": hits,
        "verdict": verdict,
        "problems": (),
    }
    return Finding(**(fields | changes))


def webp():
    out = io.BytesIO()
    Image.new("RGB", (16, 12), (200, 40, 90)).save(out, "WEBP")
    return out.getvalue()
