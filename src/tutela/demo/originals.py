"""The demo's photographs: where they lie in the installed package, and how to open them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).parent / "pictures"


def originals() -> tuple[Path, ...]:
    """Return the files of the photographs, by name.  Their authors and licences are in NOTICE and SOURCES.csv."""
    return tuple(sorted(FOLDER.glob("*.jpg")))


@lru_cache(maxsize=200)
def opened(stem: str) -> Image.Image:
    """Return a photograph by its name without suffix, decoded to RGB.  It is shared: work on copies."""
    with Image.open(FOLDER / f"{stem}.jpg") as picture:
        return picture.convert("RGB")
