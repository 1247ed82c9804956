"""The store: lists and their entries in a database, published as snapshots for the engine."""

from tutela.store.importing import ImportSummary
from tutela.store.store import ListDetails, Store

__all__ = ["ImportSummary", "ListDetails", "Store"]
