"""Tutela: exact and fast matching of pictures against lists of known ones.

    content -> media (pixels, frames) -> signals -> matches -> verdict

Stable names: `tutela.pdq`, `tutela.index.HammingIndex`, `tutela.engine.Engine`; docs/reference lists them all.
"""

from importlib.metadata import PackageNotFoundError, version

from tutela.signals.pdq import pdq

try:
    __version__ = version("tutela")
except PackageNotFoundError:  # a source tree on the path that was never installed
    __version__ = "0+unknown"

__all__ = ["__version__", "pdq"]
