"""Tutela's compiled kernel: PDQ and exact Hamming search."""

from collections.abc import Sequence
from typing import Annotated

import numpy
from numpy.typing import NDArray


class Damaged(Exception):
    pass

def path() -> str:
    """The CPU path in use."""

def paths() -> list[str]:
    """The CPU paths that can run here, best first."""

def use_path(name: str) -> None:
    """Switch the process to a path (`auto`: the best)."""

def pdq_grey(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], orientation: int = 1, reduction: int = 1, full: tuple[int, int] = (0, 0)) -> tuple[bytes, int, int]: ...

def pdq_rgb(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, 3), order='C', device='cpu', writable=False)], orientation: int = 1, reduction: int = 1, full: tuple[int, int] = (0, 0)) -> tuple[bytes, int, int]: ...

def pdq_orientations_grey(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], orientation: int = 1, reduction: int = 1, full: tuple[int, int] = (0, 0)) -> list[tuple[bytes, int, int]]: ...

def pdq_orientations_rgb(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, 3), order='C', device='cpu', writable=False)], orientation: int = 1, reduction: int = 1, full: tuple[int, int] = (0, 0)) -> list[tuple[bytes, int, int]]: ...

def jpeg_luma(data: bytes, size: tuple[int, int], reduction: int = 1) -> Annotated[NDArray[numpy.uint8], dict(shape=(None, None))] | None:
    """Luma of an ordinary JPEG, reduced; None if it is not one."""

def crc32c(data: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> int: ...

def crc32c_portable(data: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> int: ...

def block_sums(data: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> Annotated[NDArray[numpy.uint32], dict(shape=(None,))]: ...

class Forest:
    """Decision trees whose leaves are summed."""

    def __init__(self, feature: Sequence[int], split: Sequence[float], left: Sequence[int], right: Sequence[int], roots: Sequence[int], width: int) -> None: ...

    def sums(self, rows: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> Annotated[NDArray[numpy.float64], dict(shape=(None,))]: ...

class Evidence:
    """
    Brightness [height, width] and, once gathered, its lines; for one thread at a time.
    """

    def __init__(self, pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)]) -> None: ...

def luma(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None, 3), order='C', device='cpu', writable=False)]) -> Annotated[NDArray[numpy.uint8], dict(shape=(None, None))]:
    """Brightness of RGB pixels (BT.601)."""

def reduced(pixels: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), order='C', device='cpu', writable=False)], by: int) -> Annotated[NDArray[numpy.uint8], dict(shape=(None, None))]:
    """Means of squares of pixels."""

def outlines(evidence: Evidence) -> tuple[NDArray[numpy.float32], NDArray[numpy.float32]]:
    """
    Outlines of pictures within a page: boxes, flat [4 n], and features, flat [49 n].
    """

def prints(pixels: NDArray[numpy.uint8]) -> NDArray[numpy.float32]:
    """
    Prints tilted on a still ground: middle, size, angle in degrees and fill, flat [6 n].
    """

def trimmed(pixels: NDArray[numpy.uint8], cells: NDArray[numpy.int32]) -> NDArray[numpy.int32]:
    """
    Cells, [n, 4], with their edges where the ground between them ends: flat [4 n].
    """

def separate(evidence: Evidence) -> list[tuple[NDArray[numpy.float32], NDArray[numpy.float32]]]:
    """Readings of a composite picture: cells, flat [5 n], and features [59]."""

class Blocks:
    """
    Checksums of a mapped file, checked before a block's bytes are first used.
    """

    def __init__(self, data: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)], sums: Annotated[NDArray[numpy.uint32], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> None: ...

    def check(self, at: int, length: int) -> None: ...

    def check_all(self) -> None: ...

    @property
    def whole(self) -> bool: ...

class Segment:
    """One immutable segment of a Hamming index."""

    @staticmethod
    def build(codes: Annotated[NDArray[numpy.uint8], dict(shape=(None, 32), order='C', device='cpu', writable=False)], ids: Annotated[NDArray[numpy.uint64], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> Segment: ...

    @staticmethod
    def map(blocks: Blocks, rows: int, bucket_bits: int, at: Sequence[int]) -> Segment: ...

    def without(self, dead: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> Segment: ...

    def parts(self) -> list[Annotated[NDArray[numpy.uint8], dict(shape=(None,), writable=False)]]: ...

    def method_for(self, query: Annotated[NDArray[numpy.uint8], dict(shape=(None, 32), order='C', device='cpu', writable=False)], radius: int) -> str: ...

    def codes(self) -> Annotated[NDArray[numpy.uint8], dict(shape=(None, None))]: ...

    def ids(self) -> Annotated[NDArray[numpy.uint64], dict(shape=(None,), writable=False)]: ...

    @property
    def bucket_bits(self) -> int: ...

    def __len__(self) -> int: ...

def search(segments: Sequence[Segment], queries: Annotated[NDArray[numpy.uint8], dict(shape=(None, 32), order='C', device='cpu', writable=False)], radius: int, threads: int = 1, method: str = 'auto') -> tuple[NDArray[numpy.int64], NDArray[numpy.uint64], NDArray[numpy.uint16]]: ...

def plan(rows: int, radius: int, queries: int = 1) -> tuple[str, float]: ...

def dbscan(codes: Annotated[NDArray[numpy.uint8], dict(shape=(None, 32), order='C', device='cpu', writable=False)], radius: int, min_points: int, never: Annotated[NDArray[numpy.uint8], dict(shape=(None,), order='C', device='cpu', writable=False)] | None = None, step: object | None = None) -> tuple[Annotated[NDArray[numpy.int64], dict(shape=(None,))], Annotated[NDArray[numpy.uint32], dict(shape=(None,))]]:
    """Labels of DBSCAN, and each row's neighbours counted up to min_points."""

MAX_ROWS: int = 16777216

BLOCK: int = 16384
