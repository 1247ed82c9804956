"""A client of the server's API, for Python programs.  Needs ``pip install 'tutela[client]'`` (or ``[server]``)."""

from tutela.client.answers import Batch, EntryState, JobState, ListState, Looked, VersionState
from tutela.client.client import Client

__all__ = ["Batch", "Client", "EntryState", "JobState", "ListState", "Looked", "VersionState"]
