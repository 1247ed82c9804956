"""One form of error for the whole API: RFC 9457 problem details, as ``application/problem+json``.

``type`` is ``urn:tutela:problem:`` and the error's name in kebab case; ``detail`` is its message, which says what to
do; ``instance`` is the request's id, as the logs and the audit trail have it.
"""

from __future__ import annotations

import logging
import re
from http import HTTPStatus

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tutela.model.errors import TooMany, TutelaError

MEDIA_TYPE = "application/problem+json"
#: Beginnings of the paths that programs ask; every other is a person's, who gets a page.
PROGRAMS = ("/v1/", "/h/", "/m/", "/c/", "/hma/", "/health/", "/metrics", "/status", "/static/")
_FAILED = "Something in the server is not as it should be. Its log says what, under this answer's instance."
#: What the framework's own errors mean, where all they say is their name.
_DETAILS = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take requests of this method.",
}
_log = logging.getLogger("tutela.web")
_WORDS = re.compile(r"(?<!^)(?=[A-Z])")


def name_of(error: type[TutelaError]) -> str:
    """Return the last part of an error's ``type``: `ListUnknown` is ``list-unknown``."""
    return _WORDS.sub("-", error.__name__).lower()


def problem(request: Request, status: int, name: str, title: str, detail: str, **more: object) -> Response:
    """Return the answer that tells of an error; ``more`` are members of its own."""
    record = {
        "type": f"urn:tutela:problem:{name}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": f"urn:uuid:{request.state.request_id}" if hasattr(request.state, "request_id") else None,
        **more,
    }
    page = getattr(request.app.state, "error_page", None)
    if page is not None and not request.url.path.startswith(PROGRAMS):
        shown: Response = page(request, status, title, detail)
        return shown
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="tutela"'
    if "retry_after" in more:
        headers["Retry-After"] = str(more["retry_after"])
    return Response(orjson.dumps(record), status, headers, MEDIA_TYPE)


def of_error(request: Request, error: TutelaError) -> Response:
    """Return the answer that tells of one of our own errors."""
    title = re.sub(r"(?<!^)(?=[A-Z])", " ", type(error).__name__).capitalize()
    detail = str(error)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # What names files of the server is for its operator, who finds it in the log under the request's id.
        detail = _FAILED
        log_failure(request, error)
    if isinstance(error, TooMany):
        return problem(request, error.status, name_of(TooMany), title, detail, retry_after=error.fields["seconds"])
    return problem(request, error.status, name_of(type(error)), title, detail)


def of_fault(request: Request, error: Exception) -> Response:
    """Return the answer that tells of what nobody foresaw."""
    told = {"request": getattr(request.state, "request_id", None), "error": type(error).__name__}
    _log.error("request failed", extra={"told": told}, exc_info=error)
    return problem(request, 500, "internal-server-error", "Internal Server Error", _FAILED)


def log_failure(request: Request, error: TutelaError) -> None:
    """Write to the log what an answer does not tell."""
    told = {"request": getattr(request.state, "request_id", None), "error": type(error).__name__, "reason": str(error)}
    _log.error("request failed", extra={"told": told})


def of_http(request: Request, error: HTTPException) -> Response:
    """Return the answer that tells of a route or method that is not there."""
    status = HTTPStatus(error.status_code)
    detail = _DETAILS.get(status, str(error.detail)) if error.detail == status.phrase else str(error.detail)
    answer = problem(request, status, status.phrase.lower().replace(" ", "-"), status.phrase, detail)
    answer.headers.update(error.headers or {})
    return answer


def of_validation(request: Request, error: RequestValidationError) -> Response:
    """Return the answer that says what in a request is wrong, without repeating what it held."""
    faults = [
        {"where": ".".join(str(part) for part in fault["loc"]), "what": str(fault["msg"])} for fault in error.errors()
    ]
    detail = "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults) or "The request is not of its form."
    return problem(request, 422, "request-invalid", "Request invalid", detail, faults=faults)


def install(app: FastAPI) -> None:
    """Have the app tell of every error in this form."""

    async def own(request: Request, error: Exception) -> Response:
        assert isinstance(error, TutelaError)  # noqa: S101 - registered for it
        return of_error(request, error)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
        if isinstance(error.__cause__, TutelaError):  # the framework takes whatever ends its reading for a bad body
            return of_error(request, error.__cause__)
        return of_http(request, error)

    async def validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
        return of_validation(request, error)

    app.add_exception_handler(TutelaError, own)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, validation)
