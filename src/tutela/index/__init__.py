"""Exact search: Hamming codes, digests and records in checksummed, memory-mapped, growing files."""

from tutela.index.change import Change
from tutela.index.folder import IndexFolder
from tutela.index.hamming import HammingIndex
from tutela.index.view import DigestView, HammingView, IndexView, RecordView

__all__ = ["Change", "DigestView", "HammingIndex", "HammingView", "IndexFolder", "IndexView", "RecordView"]
