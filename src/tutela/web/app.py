"""`create_app`: the server's routes, put together."""

from __future__ import annotations

import json as text_json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

import tutela
from tutela.web import health, hma, problems
from tutela.web.api import contents, entries, jobs, lists, lookups
from tutela.web.console import error_page
from tutela.web.console import router as console
from tutela.web.console.rendering import STATIC
from tutela.web.direct import Direct
from tutela.web.gathering import Gathering
from tutela.web.policy import Policy
from tutela.web.services import Services
from tutela.web.signed_in import Callers

_log = logging.getLogger("tutela.web")
#: Routes whose successes are counted, and not written to the log one by one.
_QUIET = {"/v1/lookup", "/health/live", "/health/ready", "/metrics", "/m/lookup", "/m/raw_lookup", "/status"}
_QUIET |= {"/hma/{token}/m/lookup", "/hma/{token}/m/raw_lookup"}


def create_app(services: Services) -> FastAPI:
    """Return the app over these services; it closes none of them."""
    settings = services.settings.server

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield

    app = FastAPI(
        title="Tutela",
        version=tutela.__version__,
        summary="Matching of pictures and videos against lists of known ones.",
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        lifespan=lifespan,
        separate_input_output_schemas=False,
        # Whatever the environment says of collectors: nothing of a request leaves this server.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.services = services
    app.state.callers = Callers(services.sessions, services.tokens, secure=settings.public_url.startswith("https:"))
    app.state.gathering = Gathering()
    app.state.error_page = error_page
    problems.install(app)
    for router in (lookups.router, contents.router, lists.router, entries.router, jobs.router, health.router, console):
        app.include_router(router)
    hma.install(app, services)

    def told(scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "none")
        services.metrics.answered(route, scope["method"], status, seconds)
        if status >= 400 or route not in _QUIET:
            log_request(scope, route, status, seconds)

    app.mount("/static", Static(directory=STATIC), name="static")
    ways = {
        ("GET", "/v1/lookup"): (lookups.who, lookups.look_up),
        ("POST", "/v1/lookup"): (lookups.who, lookups.look_up_many),
    }
    app.add_middleware(Direct, ways=ways, owner=lambda: app)
    app.add_middleware(Policy, most=settings.max_body, told=told, unlimited=("/imports",))
    return app


def log_request(scope: Scope, route: str, status: int, seconds: float) -> None:
    """Write a line about a request: the route's pattern, never its path or query, which may hold values."""
    caller = scope.get("state", {}).get("caller")
    record = {
        "request": scope["state"]["request_id"],
        "method": scope["method"],
        "route": route,
        "status": status,
        "milliseconds": round(seconds * 1000, 2),
        "who": None if caller is None else caller.actor.who,
    }
    _log.info("request", extra={"told": record})


class Static(StaticFiles):
    """Files of the console; their names or queries change with them, so browsers may keep them."""

    def file_response(self, *args: Any, **more: Any) -> Response:  # noqa: ANN401 - the base class's own
        """Return a file, to be kept for a day."""
        answer = super().file_response(*args, **more)
        answer.headers["cache-control"] = "public, max-age=86400"
        return answer


class JsonLines(logging.Formatter):
    """Writes each record of the log as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record; what was given as ``extra={"told": {...}}`` stands in it as fields."""
        line: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "told", {})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return text_json.dumps(line, ensure_ascii=False, default=str)
