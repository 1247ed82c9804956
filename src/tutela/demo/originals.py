"""The demo's photographs: where they lie in the installed package, and how to open them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).parent / "pictures"


def originals() -> tuple[Path, ...]:
    """Return the files of the photographs, by name.  Their authors and licences are in NOTICE and SOURCES.csv."""
    return tuple(sorted(FOLDER.glob("*.jpg")))


def opened(stem: str) -> Image.Image:
    """Return a photograph by its name without suffix, decoded to RGB.

    Each caller gets a copy: Pillow keeps settings of the encoder in a picture while it is saved, so two threads may
    not save one.
    """
    return _decoded(stem).copy()


@lru_cache(maxsize=200)
def _decoded(stem: str) -> Image.Image:
    with Image.open(FOLDER / f"{stem}.jpg") as picture:
        return picture.convert("RGB")
