"""Optional parts: what is said where one is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tutela.model.errors import ExtraMissing


@contextmanager
def needs_extra(what: str, extra: str) -> Iterator[None]:
    """Import inside; raises `ExtraMissing` for a module that is not there, unless it is one of our own."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "tutela":
            raise
        raise ExtraMissing(what=what, extra=extra) from None
