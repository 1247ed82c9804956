"""The one list of signal kinds.  A new kind is a file beside this one and a line in `kinds`."""

from __future__ import annotations

from tutela.model.errors import SignalInvalid
from tutela.signals.digest import MD5, SHA1, SHA256
from tutela.signals.kind import SignalKind
from tutela.signals.pdq import PDQ
from tutela.signals.photodna import PHOTODNA

_TITLES = {"sha1": "SHA-1", "sha256": "SHA-256", "photodna": "PhotoDNA"}


def kinds() -> tuple[SignalKind, ...]:
    """Return every kind, in the order in which findings list them."""
    return (MD5, SHA1, SHA256, PDQ, PHOTODNA)


def kind(name: str) -> SignalKind:
    """Return the kind of this name (in any case); raise `SignalInvalid` if there is none."""
    wanted = name.strip().lower()
    for known in kinds():
        if known.name == wanted:
            return known
    names = ", ".join(known.name for known in kinds())
    raise SignalInvalid(value="This", kind="signal kind", reason=f"the kinds known here are {names}")


def kind_title(name: str) -> str:
    """Return what a kind is called where people read: ``SHA-256`` for ``sha256``."""
    return _TITLES.get(name, name.upper())
