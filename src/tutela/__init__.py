"""Tutela: exact and fast matching of pictures against lists of known ones.

    content -> media (pixels, frames) -> signals -> matches -> verdict

Stable names: `tutela.pdq`, `tutela.index.HammingIndex`, `tutela.engine.Engine`; docs/reference lists them all.
"""

import importlib
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutela.client import Client
    from tutela.signals.pdq import pdq

    __version__: str

__all__ = ["Client", "__version__", "pdq"]


def __getattr__(name: str) -> object:
    """Load `pdq` and `Client`, and look up the version, when first asked for: the command line's help waits for none.

    `Client` needs the optional part ``client``; `ExtraMissing` says so where it is not there.
    """
    found: object
    if name == "pdq":
        found = importlib.import_module("tutela.signals.pdq").pdq
    elif name == "Client":
        if find_spec("httpx") is None:
            raise importlib.import_module("tutela.model.errors").ExtraMissing(what="The client", extra="client")
        found = importlib.import_module("tutela.client").Client
    elif name == "__version__":
        try:
            found = version("tutela")
        except PackageNotFoundError:  # a source tree on the path that was never installed
            found = "0+unknown"
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found
