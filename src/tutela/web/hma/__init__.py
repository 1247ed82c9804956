"""HMA's face: the API of Meta's Hasher-Matcher-Actioner 1.x over our lists, so that its clients go on working.

Everything under ``/h``, ``/m``, ``/c``, ``/status`` and ``/site-map`` answers as HMA does, errors too; what differs,
and why, is in docs/how-to/replace-hma.md.  The same is there under ``/hma/<token>``, for clients that can be told
nothing but where HMA is.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tutela.store.banks import Banks
from tutela.web.hma import banks, catalogue, contents, hashing, lookups
from tutela.web.hma.errors import TOKEN, HmaRoute
from tutela.web.hma.face import Face
from tutela.web.services import Services

_METHODS = ["GET", "POST", "PUT", "DELETE"]


def install(app: FastAPI, services: Services) -> None:
    """Have an app answer HMA's clients."""
    app.state.hma = Face(services, Banks(services.store.database))
    parts = [part.router for part in (hashing, lookups, banks, contents, catalogue)]
    routes = (route for part in parts for route in part.routes)
    app.state.hma_paths = sorted({route.path for route in routes if isinstance(route, HmaRoute)})
    for part in parts:
        app.include_router(part, include_in_schema=False)
        app.include_router(part, prefix=f"/hma/{{{TOKEN}}}", include_in_schema=False)
    app.router.add_route("//{rest:path}", one_slash, methods=_METHODS, include_in_schema=False)


async def one_slash(request: Request) -> Response:
    """Send a client on whose address of HMA ends in a slash, as Coop's does unless it is told another."""
    path = "/" + request.url.path.lstrip("/\\")
    return RedirectResponse(f"{path}?{request.url.query}" if request.url.query else path, 308)
