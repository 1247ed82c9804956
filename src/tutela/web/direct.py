"""`Direct`: the look-ups' way past the framework.

A look-up takes tens of microseconds, and the framework's way to its route several times that.  So requests for these
routes are answered before it, by the same functions; it keeps the routes for its description of the API.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tutela.access.permissions import Actor
from tutela.model.errors import TutelaError
from tutela.web.problems import of_error

#: What a request needs, and what answers it.
Way = tuple[Callable[[Request], Awaitable[Actor]], Callable[[Request, Actor], Awaitable[Response]]]


class _Route:
    """Stands in the scope where the framework would put its own."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path


class Direct:
    """Answers requests for ``ways``, by (method, path); hands every other on."""

    def __init__(self, app: ASGIApp, *, ways: Mapping[tuple[str, str], Way], owner: Callable[[], ASGIApp]) -> None:
        self._app = app
        self._ways = {name: (*way, _Route(name[1])) for name, way in ways.items()}
        self._owner = owner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        way = self._ways.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if way is None:
            await self._app(scope, receive, send)
            return
        who, answer, route = way
        scope["app"] = self._owner()
        scope["route"] = route
        request = Request(scope, receive, send)
        try:
            told = await answer(request, await who(request))
        except TutelaError as error:
            told = of_error(request, error)
        await told(scope, receive, send)
