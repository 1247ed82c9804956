"""Durable work: imports, exports, compaction, retention, webhooks, in a process of its own.

`Jobs` and `Webhooks` are what other processes use: they write rows.  `run_jobs` is the process that does the work.
"""

from tutela.jobs.asking import Job, Jobs
from tutela.jobs.process import run_jobs
from tutela.jobs.webhooks import Webhooks

__all__ = ["Job", "Jobs", "Webhooks", "run_jobs"]
