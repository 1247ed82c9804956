"""`SignalKind`: what a kind of fingerprint is, and what every kind can do."""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from enum import StrEnum

from tutela.model import Threshold
from tutela.model.errors import SignalInvalid


class Measure(StrEnum):
    """How two values of a kind are compared."""

    EXACT = "exact"  #: equal or not
    HAMMING = "hamming"  #: number of different bits
    SQUARES = "squares"  #: sum of squared differences of the bytes


class Source(StrEnum):
    """What a kind is computed from."""

    BYTES = "bytes"  #: the file as it is
    FRAME = "frame"  #: the pixels of a frame
    GIVEN = "given"  #: never computed here: values are imported, or come from a caller's own hasher


@dataclass(frozen=True, slots=True)
class SignalKind:
    """A kind of fingerprint: its name, the length of its value in bytes, its measure, where it comes from, and the
    threshold that a list has unless it says otherwise.
    """

    name: str
    size: int
    measure: Measure
    source: Source
    default: Threshold

    @property
    def furthest(self) -> int:
        """The largest distance that a threshold may have: for bits half of them, where values of strangers lie."""
        return {Measure.EXACT: 0, Measure.HAMMING: 4 * self.size, Measure.SQUARES: 255**2 * self.size}[self.measure]

    def parse(self, text: str) -> bytes:
        """Return the value that ``text`` writes in hexadecimal, in either case.

        Raises `SignalInvalid` with the reason and without the text, which may be confidential.
        """
        stripped = text.strip()
        if len(stripped) != 2 * self.size:
            raise self.invalid(f"it has {len(stripped)} characters where {2 * self.size} hexadecimal digits are needed")
        try:
            return binascii.unhexlify(stripped)
        except ValueError:
            raise self.invalid("it has characters that are no hexadecimal digits") from None

    def format(self, value: bytes) -> str:
        """Return the value in lower-case hexadecimal."""
        return value.hex()

    def check(self, value: bytes) -> bytes:
        """Return ``value`` if it has the right length; raise `SignalInvalid` otherwise."""
        if len(value) != self.size:
            raise self.invalid(f"it has {len(value)} bytes where {self.size} are needed")
        return value

    def unfit(self, value: bytes) -> str | None:
        """Return the reason why this value must never be on a list, or ``None`` if it may."""
        del value
        return None

    def distance(self, left: bytes, right: bytes) -> int:
        """Return how far two values lie apart in the kind's measure."""
        if self.measure is Measure.HAMMING:
            return (int.from_bytes(left) ^ int.from_bytes(right)).bit_count()
        if self.measure is Measure.SQUARES:
            return sum((a - b) ** 2 for a, b in zip(left, right, strict=True))
        return 0 if left == right else 1

    def invalid(self, reason: str) -> SignalInvalid:
        """Return the error for a text or value that is none of this kind."""
        return SignalInvalid(value="this", kind=self.name, reason=reason)
