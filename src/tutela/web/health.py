"""Whether the server lives, whether it can do its work, and its metrics."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from sqlalchemy import text
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tutela.access.permissions import Permission
from tutela.model.errors import TutelaError
from tutela.web.api.answers import json
from tutela.web.metrics import MEDIA_TYPE
from tutela.web.services import Services, services
from tutela.web.signed_in import needs

router = APIRouter(tags=["operation"])


@router.get("/health/live", summary="Whether the process answers")
async def live() -> Response:
    """Answer, which is all there is to it: no account is needed, and nothing is told."""
    return json({"status": "live"})


@router.get("/health/ready", summary="Whether look-ups can be answered in full")
async def ready(request: Request) -> Response:
    """Say whether the database answers and every list can be asked in its newest state; 503 if not.

    No account is needed: the answer says what is wrong, but names no list.
    """
    here = services(request)
    checks = {"database": await run_in_threadpool(_answers, here), "lists": not here.matching.problems()}
    good = all(checks.values())
    return json({"status": "ready" if good else "not ready", "checks": checks}, 200 if good else 503)


@router.get(
    "/metrics", summary="Metrics in Prometheus' text form", dependencies=[Depends(needs(Permission.STATISTICS_READ))]
)
async def metrics(request: Request) -> Response:
    """Tell counts and times: no values, no URLs, no names of accounts."""
    here = services(request)
    return Response(await run_in_threadpool(here.metrics.text, here.matching), media_type=MEDIA_TYPE)


def _answers(here: Services) -> bool:
    try:
        with here.store.database.reading() as connection:
            connection.execute(text("SELECT 1"))
    except TutelaError:
        return False
    return True
