"""`Services`: everything that a web process works with, made once."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from tutela.access.people import People
from tutela.access.sessions import Sessions
from tutela.access.tokens import Tokens
from tutela.access.trail import AuditTrail
from tutela.jobs import Jobs, Webhooks
from tutela.model import Settings
from tutela.store import Store
from tutela.web.hit_log import HitLog
from tutela.web.matching import Matching
from tutela.web.metrics import Metrics
from tutela.web.probing import Probes
from tutela.web.usage import Usage


@dataclass(slots=True)
class Services:
    """What routes ask; one of each a process."""

    settings: Settings
    store: Store
    people: People
    sessions: Sessions
    tokens: Tokens
    audit: AuditTrail
    jobs: Jobs
    webhooks: Webhooks
    matching: Matching
    usage: Usage
    probes: Probes
    hits: HitLog
    metrics: Metrics


def services(request: Request) -> Services:
    """Return the services of the app that a request came to."""
    found: Services = request.app.state.services
    return found
