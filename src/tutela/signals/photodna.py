"""``photodna``: imported, exported and matched, never computed here (the algorithm is licensed).

A value has 144 bytes.  Lists write it as 288 hexadecimal digits or as 192 characters of base64.  The distance is the
sum of the squared differences of the bytes; the default threshold is 0, since a useful one comes with the licence.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from tutela.model import Threshold
from tutela.signals.kind import Measure, SignalKind, Source


@dataclass(frozen=True, slots=True)
class PhotoDnaKind(SignalKind):
    """PhotoDNA values."""

    def parse(self, text: str) -> bytes:
        """Return the value written in hexadecimal or base64; raise `SignalInvalid` otherwise."""
        stripped = text.strip()
        if len(stripped) != self.size * 4 // 3:
            return SignalKind.parse(self, stripped)
        try:
            return base64.b64decode(stripped, validate=True)
        except (binascii.Error, ValueError):
            raise self.invalid("it has characters that are no base64") from None

    def unfit(self, value: bytes) -> str | None:
        """Return a reason for the value of a picture without any gradient."""
        return "it is the hash of a blank picture" if len(set(value)) == 1 else None


PHOTODNA = PhotoDnaKind("photodna", 144, Measure.SQUARES, Source.GIVEN, Threshold(0))
