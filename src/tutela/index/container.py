"""The segment file: a header, aligned sections, and a checksum for every 16 KiB.

All numbers are little-endian.

====== ====== ==========================================================================
offset bytes  content
====== ====== ==========================================================================
0      8      magic ``TUTSEG`` 0, format version 1
8      4      kind of segment: 1 Hamming, 2 digests, 3 records
12     4      parameter of the kind (bucket bits; bytes of a digest)
16     8      rows
24     8      length of the whole file
32     8      offset of the checksum table
40     4      CRC-32C of the checksum table
44     4      number of sections
48     16 n   each section's offset and length
4092   4      CRC-32C of bytes 0 to 4091
4096          sections, each at a multiple of 64; then the table: a CRC-32C a block of 16 KiB, counted from 4096
====== ====== ==========================================================================

A file is opened by checking its header and its table; a block is checked before its bytes are first used.  So opening
costs the same at any size, and no answer comes from bytes that were not checked.  (A file that somebody changes *while*
it is mapped, after its blocks were checked, is outside what a checksum can see.)
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tutela import _kernel
from tutela.model.errors import IndexDamaged

MAGIC = b"TUTSEG\x00\x01"
HEADER = 4096
ALIGN = 64
_FIXED = struct.Struct("<8sIIQQQII")
_SECTION = struct.Struct("<QQ")
_MOST_SECTIONS = 16

Bytes = npt.NDArray[np.uint8]


class SegmentType(IntEnum):
    """What a segment file holds."""

    HAMMING = 1
    DIGESTS = 2
    RECORDS = 3


@dataclass(frozen=True, slots=True)
class Container:
    """An opened segment file: its sections as read-only uint8 arrays over the mapping, and the checker of its
    blocks.
    """

    path: Path
    type: SegmentType
    parameter: int
    rows: int
    sections: tuple[tuple[int, int], ...]  # (offset from the body's beginning, length)
    body: Bytes
    blocks: _kernel.Blocks
    header_sum: int

    def section(self, number: int) -> Bytes:
        """Return a section's bytes, unchecked; call `check` before using them."""
        start, length = self.sections[number]
        return self.body[start : start + length]

    def check(self, number: int, start: int = 0, length: int | None = None) -> None:
        """Check the blocks under bytes [start, start + length) of a section; raise `IndexDamaged` if one is wrong."""
        offset, whole = self.sections[number]
        try:
            self.blocks.check(offset + start, whole - start if length is None else length)
        except _kernel.Damaged as error:
            raise IndexDamaged(path=self.path.name, reason=error) from None

    def check_all(self) -> None:
        """Check every block not checked yet; raise `IndexDamaged` if one is wrong."""
        try:
            self.blocks.check_all()
        except _kernel.Damaged as error:
            raise IndexDamaged(path=self.path.name, reason=error) from None


def as_bytes(array: npt.NDArray[np.generic]) -> Bytes:
    """Return the array's memory as a flat uint8 array."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


class _Body:
    """Writes the body and sums its blocks as they fill."""

    def __init__(self, file: int) -> None:
        self.file = file
        self.size = 0
        self.sums: list[npt.NDArray[np.uint32]] = []
        self._open = bytearray()  # the block that is not full yet

    def write(self, data: Bytes) -> None:
        self.size += len(data)
        if self._open:
            take = min(_kernel.BLOCK - len(self._open), len(data))
            self._open += data[:take].tobytes()
            data = data[take:]
            if len(self._open) < _kernel.BLOCK:
                return
            self._flush()
        whole = len(data) // _kernel.BLOCK * _kernel.BLOCK
        if whole:
            self.sums.append(_kernel.block_sums(data[:whole]))
            _write_all(self.file, data[:whole].data)
        self._open += data[whole:].tobytes()

    def align(self) -> int:
        self.write(np.zeros(-self.size % ALIGN, np.uint8))
        return self.size

    def finish(self) -> npt.NDArray[np.uint32]:
        self.align()
        if self._open:
            self._flush()
        return np.concatenate(self.sums) if self.sums else np.zeros(0, np.uint32)

    def _flush(self) -> None:
        block = np.frombuffer(bytes(self._open), np.uint8)
        self.sums.append(_kernel.block_sums(block))
        _write_all(self.file, block.data)
        self._open.clear()


def _write_all(file: int, data: memoryview) -> None:
    while len(data):
        data = data[os.write(file, data[: 1 << 28]) :]


def write_container(path: Path, kind: SegmentType, parameter: int, rows: int, sections: Iterable[Bytes]) -> int:
    """Write a segment file and make it durable; return the checksum of its header, which names this very file.

    The file appears under its name only when it is whole.
    """
    waiting = path.with_name(path.name + ".part")
    file = os.open(waiting, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)
    try:
        os.lseek(file, HEADER, os.SEEK_SET)
        body = _Body(file)
        places: list[tuple[int, int]] = []
        for data in sections:
            places.append((body.align() + HEADER, len(data)))
            body.write(data)
        table = body.finish()
        table_bytes = as_bytes(table)
        _write_all(file, table_bytes.data)
        sums_at = HEADER + body.size
        header = bytearray(HEADER)
        table_sum = _kernel.crc32c(table_bytes)
        length = sums_at + len(table_bytes)
        _FIXED.pack_into(header, 0, MAGIC, kind, parameter, rows, length, sums_at, table_sum, len(places))
        for number, place in enumerate(places):
            _SECTION.pack_into(header, _FIXED.size + number * _SECTION.size, *place)
        header_sum = _kernel.crc32c(np.frombuffer(bytes(header[:-4]), np.uint8))
        struct.pack_into("<I", header, HEADER - 4, header_sum)
        os.pwrite(file, header, 0)
        os.fsync(file)
    finally:
        os.close(file)
    waiting.replace(path)
    return header_sum


def open_container(path: Path) -> Container:
    """Map a segment file and check its header and table; raise `IndexDamaged` naming what is wrong."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < HEADER:
                raise IndexDamaged(path=path.name, reason=f"it has {size} bytes, fewer than its header")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise IndexDamaged(path=path.name, reason=error.strerror or "it cannot be opened") from None
    whole = np.frombuffer(mapped, np.uint8)
    magic, kind, parameter, rows, length, sums_at, table_sum, count = _FIXED.unpack_from(mapped, 0)
    (header_sum,) = struct.unpack_from("<I", mapped, HEADER - 4)

    def refuse_if(wrong: bool, reason: str) -> None:
        if wrong:
            raise IndexDamaged(path=path.name, reason=reason)

    refuse_if(magic[:7] != MAGIC[:7], "it is no tutela segment")
    refuse_if(magic[7] != MAGIC[7], f"it is of format version {magic[7]}, and this program reads version {MAGIC[7]}")
    refuse_if(_kernel.crc32c(whole[: HEADER - 4]) != header_sum, "the checksum of its header is wrong")
    refuse_if(length != size, f"it has {size} bytes where its header names {length}")
    refuse_if(not HEADER <= sums_at <= size or count > _MOST_SECTIONS, "its header contradicts itself")
    table = whole[sums_at:]
    body = whole[HEADER:sums_at]
    blocks = -(-len(body) // _kernel.BLOCK)
    refuse_if(len(table) != 4 * blocks or _kernel.crc32c(table) != table_sum, "its table of checksums is wrong")
    places = [_SECTION.unpack_from(mapped, _FIXED.size + number * _SECTION.size) for number in range(count)]
    sections = tuple((start - HEADER, extent) for start, extent in places)
    refuse_if(
        any(start < 0 or extent < 0 or start + extent > len(body) for start, extent in sections),
        "a section lies beyond its end",
    )
    checker = _kernel.Blocks(body, np.frombuffer(table.tobytes(), np.uint32))
    return Container(path, SegmentType(kind), parameter, rows, sections, body, checker, header_sum)
