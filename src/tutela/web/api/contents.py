"""Matching of bytes: a picture or video in, its finding out.  Nothing of it is stored."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from tutela.access.permissions import Actor, Permission
from tutela.engine import Policy
from tutela.exchange.guarded import FetchLimits, GuardedClient
from tutela.model import Content
from tutela.model.errors import FetchingOff, FetchRefused, RequestInvalid
from tutela.model.finding_json import finding_to_json
from tutela.web.api.answers import flag, json, json_body, lists_asked, tell_finding
from tutela.web.api.described import MATCH, MATCH_URL
from tutela.web.forms import read_form
from tutela.web.services import services
from tutela.web.signed_in import needs

router = APIRouter(prefix="/v1", tags=["match"])
_may_match = Depends(needs(Permission.MATCH))
_POLICY = Policy()


@router.post("/match", summary="Match bytes", openapi_extra=MATCH)
async def match(request: Request, actor: Actor = _may_match) -> Response:
    """Look at a picture or video, sent as the body itself or as the form field ``file``.

    The answer is its finding (docs/reference/finding.md).
    """
    here = services(request)
    lists = await lists_asked(request, here)
    policy = policy_asked(request)
    name, data = await read_bytes(request)
    here.usage.take(actor.account, 1)
    content = Content(name=request.query_params.get("name", name)[:1000], data=data)
    finding = await run_in_threadpool(here.matching.match, content, lists, policy)
    await tell_finding(request, here, actor, finding)
    return json(finding_to_json(finding))


@router.post("/match/url", summary="Fetch a URL and match it", openapi_extra=MATCH_URL)
async def match_url(request: Request, actor: Actor = _may_match) -> Response:
    """Fetch a picture or video through the guarded client, where the setting ``fetch_urls`` allows, and look at it."""
    here = services(request)
    if not here.settings.server.fetch_urls:
        raise FetchingOff
    lists = await lists_asked(request, here)
    policy = policy_asked(request)
    body = await json_body(request)
    if not isinstance(body, dict) or not isinstance(body.get("url"), str):
        raise RequestInvalid(reason="the body is an object with a text 'url'")
    here.usage.take(actor.account, 1)
    client = GuardedClient(FetchLimits(most_bytes=here.settings.server.max_body))
    found = await run_in_threadpool(client.get, body["url"])
    if not 200 <= found.status < 300:
        raise FetchRefused(reason=f"its server answered {found.status}")
    # Its name is not the URL: findings go into reports and logs.
    content = Content(name=request.query_params.get("name", "fetched")[:1000], data=found.data)
    finding = await run_in_threadpool(here.matching.match, content, lists, policy)
    await tell_finding(request, here, actor, finding)
    return json(finding_to_json(finding))


def policy_asked(request: Request) -> Policy:
    """Return what the query asks the engine to do; raise `RequestInvalid`."""
    return replace(
        _POLICY,
        orientations=flag(request, "orientations", default=False),
        cells=flag(request, "cells", default=True),
        pixels="always" if flag(request, "complete", default=False) else "when-needed",
    )


async def read_bytes(request: Request) -> tuple[str, bytes]:
    """Return the name and the bytes that were sent, in memory and nowhere else; raise `RequestInvalid`."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        data = await request.body()
        if not data:
            raise RequestInvalid(reason="the body is empty; send the bytes of a picture or video")
        return "body", data
    file = (await read_form(request)).get("file")
    if not isinstance(file, UploadFile):
        raise RequestInvalid(reason="the form has no file field called 'file'")
    return file.filename or "file", await file.read()
