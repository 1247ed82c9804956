"""Banks and lists: one thing under two names.

HMA writes a bank's name in capitals, ``[A-Z_][A-Z0-9_]*``; a list's is in lower case and may hold ``-`` and ``.`` too.
So every list has one bank name, while two lists (``ncmec-npo`` and ``ncmec_npo``) can share one.  A bank is then both
of them to whoever asks, and what is written goes to the list that is spelled as the bank.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_BANK = re.compile(r"[A-Z_][A-Z0-9_]*")
_OTHER = re.compile(r"[^A-Z0-9_]")
#: The longest name that a list can have.
LONGEST = 64


def is_bank_name(name: str) -> bool:
    """Return whether HMA would take this as a bank's name."""
    return _BANK.fullmatch(name) is not None


def bank_of(list_name: str) -> str:
    """Return the name under which HMA's clients know a list."""
    name = _OTHER.sub("_", list_name.upper())
    return f"_{name}" if name[0].isdigit() else name


def list_for(bank: str) -> str:
    """Return the name of the list that is made for a new bank."""
    return bank.lower()


def lists_of(bank: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return which of these lists a bank is, the one that is spelled as the bank first."""
    own = list_for(bank)
    return tuple(sorted((name for name in names if bank_of(name) == bank), key=lambda name: (name != own, name)))
