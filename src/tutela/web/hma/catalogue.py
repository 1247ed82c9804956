"""What HMA tells of itself: its state, its routes, its types; and that exchanges are not kept this way."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from tutela.access.permissions import Permission
from tutela.web.api.answers import json
from tutela.web.hma.errors import HmaRoute, refusal
from tutela.web.hma.face import face
from tutela.web.hma.lookups import sizes_of
from tutela.web.hma.signal_types import CONTENT_TYPES, SIGNAL_TYPES
from tutela.web.signed_in import needs

router = APIRouter(route_class=HmaRoute)
_may_read = Depends(needs(Permission.LISTS_READ))
_may_edit = Depends(needs(Permission.LISTS_EDIT))
_NO_EXCHANGES = (
    "Exchanges are not configured through HMA's API here. Import their files into a list, as docs/how-to/replace-hma.md"
    " says"
)


@router.get("/status")
async def status(request: Request) -> Response:
    """Say that look-ups can be answered; 503 if a list cannot be asked."""
    if face(request).services.matching.problems():
        return PlainTextResponse("INDEX-NOT-LOADED", 503)
    return PlainTextResponse("I-AM-ALIVE")


@router.get("/status/live")
async def live() -> Response:
    """Say that requests are answered."""
    return PlainTextResponse("I-AM-ALIVE")


@router.get("/site-map")
async def site_map(request: Request) -> Response:
    """Name the paths of this face."""
    return json(request.app.state.hma_paths)


@router.get("/c/signal_type", dependencies=[_may_read])
async def signal_types() -> Response:
    """Name the types of signals."""
    return json([{"enabled_ratio": 1.0, "name": name} for name in SIGNAL_TYPES])


@router.get("/c/signal_type/index", dependencies=[_may_read])
async def signal_index(request: Request) -> Response:
    """Tell of each type how far the index is; it is never behind its store by more than a moment."""
    sizes, newest = await run_in_threadpool(sizes_of, face(request))
    told: dict[str, Any] = {}
    for name, one in SIGNAL_TYPES.items():
        size = sizes.get(one.kind.name, 0)
        told[name] = {
            "db_size": size,
            "index_size": size,
            "index_out_of_date": False,
            "newest_db_item": newest,
            "index_built_to": newest,
        }
    return json(told)


@router.put("/c/signal_type/{name}", dependencies=[_may_edit])
async def change_signal_type(name: str) -> Response:
    """Refuse: a type is matched in every list that has values of it."""
    raise refusal(501, f"Signal types are not switched here, nor is '{name[:64]}'. Take its values off the lists")


@router.get("/c/content_type", dependencies=[_may_read])
async def content_types() -> Response:
    """Name the types of content."""
    return json([{"enabled": True, "name": name} for name in CONTENT_TYPES])


@router.get("/c/exchanges", dependencies=[_may_read])
@router.get("/c/exchanges/apis", dependencies=[_may_read])
async def exchanges() -> Response:
    """Name no exchange and no type of one."""
    return json([])


@router.get("/c/exchange/{name}", dependencies=[_may_read])
@router.get("/c/exchange/{name}/status", dependencies=[_may_read])
async def exchange(name: str) -> Response:
    """Say that a bank has no exchange."""
    raise refusal(404, f"Exchange '{name[:64]}' not found")


@router.delete("/c/exchange/{name}", dependencies=[_may_edit])
async def delete_exchange(name: str) -> Response:
    """Say that there is no exchange of this name, in HMA's words."""
    del name
    return json({"message": "Exchange deleted"})


@router.get("/c/exchanges/api/{name}/schema", dependencies=[_may_read])
async def exchange_schema(name: str) -> Response:
    """Say that there is no exchange of this type."""
    raise refusal(404, f"Exchange API '{name[:64]}' not found")


@router.get("/c/exchanges/api/{name}", dependencies=[_may_read])
async def exchange_type(name: str) -> Response:
    """Say that there is no exchange of this type."""
    raise refusal(400, f"no such Exchange API '{name[:64]}'")


@router.post("/c/exchanges", dependencies=[_may_edit])
@router.post("/c/exchanges/api/{name}", dependencies=[_may_edit])
async def change_exchanges() -> Response:
    """Refuse: credentials and lists of others are not configured by this API."""
    raise refusal(400, _NO_EXCHANGES)
