"""What the demo's files are and what should be said of them: the ground truth, written before anything is matched."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from tutela.model import FrameInfo


class Group(StrEnum):
    """What a file is in the demo for."""

    EXACT = "exact"  #: the very bytes of a known picture
    FORMAT = "format"  #: a known picture in another file format
    EDIT = "edit"  #: a known picture after an edit that PDQ is meant to survive
    ORIENTATION = "orientation"  #: a known picture, turned or mirrored
    COMPOSITE = "composite"  #: a known picture among strangers, in a contact sheet or a video
    HARD = "hard"  #: a known picture after an edit that PDQ is not meant to survive; not counted in the recall
    APART = "apart"  #: a known picture in a format that shows little of it; not counted in the recall
    DAMAGED = "damaged"  #: a damaged file, or none of a picture; not counted in the recall
    BENIGN = "benign"  #: a picture of the benign list, also edited
    STRANGER = "stranger"  #: a picture of no list, untouched or in another format


#: The groups that the recall is taken over.
COUNTED = (Group.EXACT, Group.FORMAT, Group.EDIT, Group.ORIENTATION, Group.COMPOSITE)


@dataclass(frozen=True, slots=True)
class Shown:
    """Which photographs a file shows, by their stems: one, or several frame by frame.

    With ``columns`` they stand on one frame, row by row, with so many in each; with ``seconds`` each is shown for so
    long, one after another.
    """

    stems: tuple[str, ...]
    columns: int = 0
    seconds: float = 0.0

    def photograph(self, frame: FrameInfo, parent: FrameInfo | None = None) -> str | None:
        """Return which of them a frame shows, a cell by the frame it was cut from; ``None`` for a whole sheet."""
        if len(self.stems) == 1:
            return self.stems[0]
        whole = parent or frame
        if not self.columns:
            place = int(((whole.time or 0.0) + 1e-6) / self.seconds) if self.seconds else whole.number
            return self.stems[min(place, len(self.stems) - 1)]
        if parent is None or frame.cell is None:
            return None
        rows = -(-len(self.stems) // self.columns)
        across = int((frame.cell.x + frame.cell.width / 2) / parent.width * self.columns)
        down = int((frame.cell.y + frame.cell.height / 2) / parent.height * rows)
        return self.stems[min(down * self.columns + across, len(self.stems) - 1)]


@dataclass(frozen=True, slots=True)
class DemoFile:
    """One file.

    ``name`` is relative to the folder of pictures; ``what`` names the format, edit, orientation or damage; ``source``
    is the stem of the demo picture it was made of (the key of its entry on a list), ``None`` if there is none.
    ``expected`` are the verdicts, by their JSON names, that are right; ``frame`` is the frame that shows the picture,
    or in a cell of which it is, ``None`` where many do;
    ``problem`` says that the finding must tell of a problem.  ``shown`` are all the photographs that can be seen in it.
    """

    name: str
    group: Group
    what: str
    source: str | None
    expected: tuple[str, ...]
    frame: int | None = 0
    problem: bool = False
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class DemoTruth:
    """Everything the demo made: which pictures are on which list, every file, and the formats it had to leave out."""

    seed: int
    known: tuple[str, ...]
    benign: tuple[str, ...]
    strangers: tuple[str, ...]
    files: tuple[DemoFile, ...]
    left_out: tuple[str, ...] = ()

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> DemoTruth:
        """Read what `write` wrote."""
        told = json.loads(path.read_text(encoding="utf-8"))
        files = tuple(_file(file) for file in told["files"])
        lists = {name: tuple(told[name]) for name in ("known", "benign", "strangers", "left_out")}
        return cls(seed=told["seed"], files=files, **lists)


def _file(told: dict[str, Any]) -> DemoFile:
    shown = told["shown"] and Shown(**{**told["shown"], "stems": tuple(told["shown"]["stems"])})
    return DemoFile(**{**told, "group": Group(told["group"]), "expected": tuple(told["expected"]), "shown": shown})
