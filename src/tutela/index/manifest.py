"""The manifest of an index folder: which segment files make up the committed state.

``manifest.json`` holds one line of JSON and, on a second line, the CRC-32C of the first in hexadecimal.  It is replaced
as a whole (written beside, made durable, renamed), so that a reader sees the old state or the new one.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tutela import _kernel
from tutela.index.container import Bytes
from tutela.model.errors import IndexDamaged

NAME = "manifest.json"
FORMAT = "tutela-index"
VERSION = 1


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """One segment of a part: its file, rows, and the checksum of its header, which ties the manifest to this very file;
    ``removed`` is the file of its bitmap of removed rows, if any, with that file's checksum.
    """

    file: str
    rows: int
    sum: int
    removed: str | None = None
    removed_sum: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """A committed state.  ``stale`` names files that the state before still needs; the next commit deletes them."""

    generation: int = 0
    meta: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, tuple[SegmentEntry, ...]] = field(default_factory=dict)
    stale: tuple[str, ...] = ()

    def files(self) -> set[str]:
        """Return the names of all files that this state needs."""
        entries = [entry for segments in self.parts.values() for entry in segments]
        return {entry.file for entry in entries} | {entry.removed for entry in entries if entry.removed}


def crc(data: bytes) -> int:
    """Return the CRC-32C of ``data``."""
    return _kernel.crc32c(np.frombuffer(data, np.uint8))


def write_durably(path: Path, data: bytes) -> None:
    """Write a small file so that after a crash it is there whole or not at all."""
    waiting = path.with_name(path.name + ".part")
    with waiting.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)


def sync_folder(folder: Path) -> None:
    """Make renames within a folder durable (where the system can open folders)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Commit a state."""
    parts = {
        name: [[e.file, e.rows, e.sum, e.removed, e.removed_sum] for e in segments]
        for name, segments in manifest.parts.items()
    }
    document = {
        "format": FORMAT,
        "version": VERSION,
        "generation": manifest.generation,
        "meta": manifest.meta,
        "parts": parts,
        "stale": sorted(manifest.stale),
    }
    line = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
    write_durably(folder / NAME, line + b"\n%08x\n" % crc(line))
    sync_folder(folder)


def read_manifest(folder: Path) -> Manifest:
    """Read the committed state; raise `IndexDamaged` naming what is wrong."""
    path = folder / NAME
    try:
        data = path.read_bytes()
    except OSError as error:
        raise IndexDamaged(path=folder.name, reason=f"its manifest cannot be read ({error.strerror})") from None
    line, _, rest = data.partition(b"\n")
    if rest != b"%08x\n" % crc(line):
        raise IndexDamaged(path=folder.name, reason="the checksum of its manifest is wrong")
    document = json.loads(line)
    if document.get("format") != FORMAT or document.get("version") != VERSION:
        raise IndexDamaged(path=folder.name, reason=f"its manifest is of another format than {FORMAT} {VERSION}")
    parts = {name: tuple(SegmentEntry(*entry) for entry in segments) for name, segments in document["parts"].items()}
    return Manifest(document["generation"], document["meta"], parts, tuple(document["stale"]))


def read_removed(folder: Path, entry: SegmentEntry) -> Bytes | None:
    """Return the bitmap of removed rows of a segment, checked; raise `IndexDamaged` if it is not as committed."""
    if entry.removed is None:
        return None
    try:
        data = (folder / entry.removed).read_bytes()
    except OSError as error:
        raise IndexDamaged(path=entry.removed, reason=error.strerror) from None
    if len(data) != -(-entry.rows // 8) or crc(data) != entry.removed_sum:
        raise IndexDamaged(path=entry.removed, reason="its checksum is wrong")
    return np.frombuffer(data, np.uint8)
