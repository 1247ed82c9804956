"""Content to finding: digests, decoding in sandboxed workers, signals, lists, verdict."""

from tutela.engine.examining import Examined, Wanted, examine
from tutela.engine.pipeline import Engine, sandbox_report
from tutela.engine.policy import Policy
from tutela.engine.snapshot import ListSnapshot, UnaskedList, open_snapshots

__all__ = [
    "Engine",
    "Examined",
    "ListSnapshot",
    "Policy",
    "UnaskedList",
    "Wanted",
    "examine",
    "open_snapshots",
    "sandbox_report",
]
