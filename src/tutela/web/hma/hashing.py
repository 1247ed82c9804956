"""``/h/hash``: a file in, its hashes out.  Nothing of it is stored."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tutela.access.permissions import Actor, Permission
from tutela.engine import Policy
from tutela.model import Content, Finding, Signal
from tutela.signals import Source, digests
from tutela.web.api.answers import json
from tutela.web.hma.asked import Upload, parameter, upload
from tutela.web.hma.errors import HmaRoute, refusal
from tutela.web.hma.fetching import fetch
from tutela.web.hma.signal_types import SignalType, content_type, content_type_of, told, wanted
from tutela.web.services import Services, services
from tutela.web.signed_in import needs

router = APIRouter(prefix="/h", route_class=HmaRoute)
_may_match = Depends(needs(Permission.MATCH))
#: One picture as it is: no sheets taken apart, since HMA tells one value a type.
PLAIN = Policy(pixels="always", cells=False)


@router.get("/hash")
async def hash_url(request: Request, actor: Actor = _may_match) -> Response:
    """Fetch a URL and return its hashes."""
    (url,) = parameter(request, "url")
    here = services(request)
    given = await of_url(request, here, url)
    return json(await hashes(here, actor, given, request.query_params.get("types")))


@router.post("/hash")
async def hash_file(request: Request, actor: Actor = _may_match) -> Response:
    """Return the hashes of the uploaded file."""
    here = services(request)
    given = await upload(request, here.settings.server.max_body)
    if given is None:
        raise refusal(400, "Missing multipart/form-data file upload")
    return json(await hashes(here, actor, given, request.query_params.get("types")))


async def of_url(request: Request, here: Services, url: str) -> Upload:
    """Return what lies at a URL, as if it had been uploaded; its type is what the query or its server says."""
    media_type, data = await run_in_threadpool(fetch, here.settings.server, url)
    named = request.query_params.get("content_type")
    content = content_type(named) if named else content_type_of(media_type)
    return Upload(content, "url", data)


async def hashes(here: Services, actor: Actor, given: Upload, types: str | None) -> dict[str, str]:
    """Return a file's hashes by type, as HMA tells them."""
    chosen = wanted(given.content, types)
    here.usage.take(actor.account, 1)
    here.usage.count(actor.account, "contents")
    return told(chosen, await signals_of(here, given, chosen))


async def signals_of(here: Services, given: Upload, types: tuple[SignalType, ...]) -> tuple[Signal, ...]:
    """Return a file's digests, and the signals of its frames if a type needs them; refuse what cannot be decoded."""
    if not any(one.kind.source is Source.FRAME for one in types):
        return await run_in_threadpool(digests, given.data)
    content = Content(name=given.name[:1000], data=given.data)
    finding = await run_in_threadpool(here.matching.match, content, (), PLAIN)
    require_picture(finding)
    return finding.signals


def require_picture(finding: Finding) -> None:
    """Refuse a content of which no frame could be decoded."""
    if not finding.frames:
        raise refusal(400, "The file cannot be read as a picture or video")
