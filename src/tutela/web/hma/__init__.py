"""HMA's face: the API of Meta's Hasher-Matcher-Actioner 1.x over our lists, so that its clients go on working.

Everything under ``/h``, ``/m``, ``/c``, ``/status`` and ``/site-map`` answers as HMA does, errors too; what differs,
and why, is in docs/how-to/replace-hma.md.  The same is there under ``/hma/<token>``, for clients that can be told
nothing but where HMA is.
"""

from __future__ import annotations

import re

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from tutela.store.banks import Banks
from tutela.web.hma import banks, catalogue, contents, hashing, lookups
from tutela.web.hma.errors import TOKEN, HmaRoute
from tutela.web.hma.face import Face
from tutela.web.services import Services


def install(app: FastAPI, services: Services) -> None:
    """Have an app answer HMA's clients."""
    app.state.hma = Face(services, Banks(services.store.database))
    parts = [part.router for part in (hashing, lookups, banks, contents, catalogue)]
    routes = (route for part in parts for route in part.routes)
    app.state.hma_paths = sorted({route.path for route in routes if isinstance(route, HmaRoute)})
    for part in parts:
        app.include_router(part, include_in_schema=False)
        app.include_router(part, prefix=f"/hma/{{{TOKEN}}}", include_in_schema=False)
    app.add_middleware(OneSlash)


class OneSlash:
    """Takes several slashes in a path for one, as HMA's server does, where it begins so or is of a token.

    An address of HMA that ends in a slash, as Coop's does unless it is told another, makes ``//c/banks``.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        if scope["type"] == "http" and scope["path"].startswith(("//", "/hma/")):
            scope["path"] = re.sub("//+", "/", scope["path"])
            scope["raw_path"] = re.sub(b"//+", b"/", scope.get("raw_path", b""))
        await self._app(scope, receive, send)
