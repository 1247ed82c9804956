"""`Content`: bytes from somewhere, and the type found by looking at them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class MediaType(StrEnum):
    """The types that the media room tells apart, by IANA name."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    GIF = "image/gif"
    WEBP = "image/webp"
    TIFF = "image/tiff"
    BMP = "image/bmp"
    HEIC = "image/heic"
    AVIF = "image/avif"
    MP4 = "video/mp4"
    QUICKTIME = "video/quicktime"
    MATROSKA = "video/matroska"
    WEBM = "video/webm"
    AVI = "video/vnd.avi"
    MPEG = "video/mpeg"
    MPEG_TS = "video/mp2t"
    FLV = "video/x-flv"
    OGG = "video/ogg"
    ASF = "video/x-ms-asf"

    @property
    def is_video(self) -> bool:
        """Whether this is a video container, whose frames come with times."""
        return self.value.startswith("video/")


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes to look at: either in memory (``data``) or in a file (``path``), never both.

    ``name`` is what findings call it.  The type is never taken from the name.
    """

    name: str
    data: bytes | None = None
    path: Path | None = None

    def __post_init__(self) -> None:
        if (self.data is None) == (self.path is None):
            raise ValueError("a Content has either data or a path")

    @classmethod
    def of_file(cls, path: Path) -> Content:
        """Content that is read from ``path`` when it is looked at."""
        return cls(name=str(path), path=path)
