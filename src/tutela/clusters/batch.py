"""`dbscan`: exact clusters of 256-bit codes, all at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from tutela import _kernel
from tutela.index.view import code_array

Codes = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: The distance up to which PDQ hashes count as one picture (Meta, "The TMK+PDQF video-hashing algorithm and the
#: PDQ image-hashing algorithm", 2019).
EPS = 31
#: Quality below which a PDQ hash says too little to decide (same source).
QUALITY = 50


def dbscan(
    codes: Codes,
    eps: int,
    min_pts: int,
    *,
    core: npt.NDArray[Any] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Labels:
    """Return the cluster of each of the codes, uint8 [n, 32]: int64 [n], -1 for noise.

    DBSCAN (Ester, Kriegel, Sander and Xu 1996) as scikit-learn defines it: a code with at least ``min_pts`` codes
    within ``eps`` bits (0 to 256), itself among them, is core; core codes within ``eps`` of each other share a cluster;
    any other code within ``eps`` of a core is on its border.  Clusters are numbered in the order of their first core.
    The labels are scikit-learn's, but for border codes that lie beside several clusters: here they belong to the
    nearest core's, of equally near cores the first one's.

    ``core``, bool [n], says which codes may be core at all; the others count as neighbours and may lie on a border.

    Nothing is approximate, and memory is about 100 bytes a code however dense the codes lie.  ``progress`` is
    called now and then with the share that is done, 0 to 1.

    >>> codes = np.zeros((4, 32), np.uint8); codes[1, 0] = 3; codes[2:, :16] = 255
    >>> dbscan(codes, eps=31, min_pts=2).tolist()
    [0, 0, 1, 1]

    Raises `ValueError` for arrays of another shape or type, and for numbers out of range.
    """
    return labelled(codes, eps, min_pts, core, progress)[0]


def labelled(
    codes: Codes,
    eps: int,
    min_pts: int,
    core: npt.NDArray[Any] | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[Labels, npt.NDArray[np.uint32]]:
    """Return the labels, and how many neighbours each code has: counted up to ``min_pts``, for codes that may be
    core.
    """
    checked = code_array(codes)
    check_parameters(eps, min_pts)
    never = None
    if core is not None:
        flags = flag_array(core, len(checked))
        never = np.ascontiguousarray(~flags).view(np.uint8)
    labels, counts = _kernel.dbscan(checked, int(eps), int(min_pts), never, progress)
    return np.asarray(labels), np.asarray(counts)


def check_parameters(eps: int, min_pts: int) -> None:
    """Raise `ValueError` unless 0 <= eps <= 256 and 1 <= min_pts < 2^32."""
    if not 0 <= eps <= 256:
        raise ValueError("eps must be 0 to 256 bits")
    if not 1 <= min_pts < 1 << 32:
        raise ValueError("min_pts must be 1 or more: a code counts itself")


def flag_array(flags: npt.NDArray[Any], length: int) -> Flags:
    """Return ``flags`` if they are bool [length]; raise `ValueError` for anything else."""
    if not isinstance(flags, np.ndarray) or flags.dtype != np.bool_ or flags.shape != (length,):
        raise ValueError(f"a numpy array of bool [{length}] is needed, one flag for each code")
    return flags
