"""`KeptPictures`: thumbnails set aside until it is known which of them are shown."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self


class KeptPictures:
    """Thumbnails in a file without a name, beside the page they are for: a killed run leaves none behind.

    Memory does not grow with them, but for 16 bytes each.
    """

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile("w+b", dir=folder)  # noqa: SIM115 - closed by the with block of the user
        self._places: dict[int, tuple[int, int]] = {}
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def keep(self, number: int, picture: bytes) -> None:
        """Set a picture aside under a number."""
        self._file.seek(self._end)
        self._file.write(picture)
        self._places[number] = (self._end, len(picture))
        self._end += len(picture)

    def get(self, number: int) -> bytes | None:
        """Return the picture of this number, or ``None`` if there is none."""
        if number not in self._places:
            return None
        start, length = self._places[number]
        self._file.seek(start)
        return self._file.read(length)
