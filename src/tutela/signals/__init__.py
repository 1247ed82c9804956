"""Fingerprints: digests of bytes, perceptual hashes of frames."""

from tutela.signals.digest import MD5, SHA1, SHA256, DigestPass, digests, digests_of_stream
from tutela.signals.kind import Measure, SignalKind, Source
from tutela.signals.kinds import kind, kind_title, kinds
from tutela.signals.pdq import ORIENTATIONS, PDQ, PERIODIC, frame_signals
from tutela.signals.photodna import PHOTODNA

__all__ = [
    "MD5",
    "ORIENTATIONS",
    "PDQ",
    "PERIODIC",
    "PHOTODNA",
    "SHA1",
    "SHA256",
    "DigestPass",
    "Measure",
    "SignalKind",
    "Source",
    "digests",
    "digests_of_stream",
    "frame_signals",
    "kind",
    "kind_title",
    "kinds",
]
