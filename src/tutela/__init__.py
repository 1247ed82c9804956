"""Tutela: exact and fast matching of pictures against lists of known ones.

    content -> media (pixels, frames) -> signals -> matches -> verdict

Stable names: `tutela.pdq`, `tutela.index.HammingIndex`, `tutela.engine.Engine`; docs/reference lists them all.
"""

import importlib
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutela.signals.pdq import pdq

    __version__: str

__all__ = ["__version__", "pdq"]


def __getattr__(name: str) -> object:
    """Load `pdq`, and look up the version, when first asked for: the help of the command line waits for neither."""
    found: object
    if name == "pdq":
        found = importlib.import_module("tutela.signals.pdq").pdq
    elif name == "__version__":
        try:
            found = version("tutela")
        except PackageNotFoundError:  # a source tree on the path that was never installed
            found = "0+unknown"
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found
