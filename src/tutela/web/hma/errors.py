"""Errors as HMA tells them: ``{"message": ...}``, and a bare list of faults for a request that is not of its form."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tutela.model.errors import ListUnknown, NotSignedIn, TutelaError
from tutela.web.api.answers import json
from tutela.web.hma.names import bank_of
from tutela.web.problems import log_failure

#: The part of a path that holds a token, for clients that can be told nothing but where HMA is.
TOKEN = "token"  # noqa: S105 - a name


def refusal(status: int, message: str) -> HTTPException:
    """Return the error that is answered with this status and message."""
    return HTTPException(status, message)


def missing(*names: str) -> HTTPException:
    """Return the error for parameters or members that are needed and were not given."""
    return malformed([("missing", name, "Field required") for name in names])


def malformed(faults: Sequence[tuple[str, str, str]]) -> HTTPException:
    """Return the error for a request that is not of its form: what is wrong, with which member, in words.

    What the request held is not repeated, as HMA does, since it may be a hash.
    """
    told: Any = [{"type": kind, "loc": [name], "msg": message} for kind, name, message in faults]
    return HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, told)


def of_error(error: TutelaError) -> Response:
    """Return the answer that tells of one of our own errors in HMA's form."""
    if isinstance(error, ListUnknown):
        return json({"message": f"bank '{bank_of(str(error.fields['name']))}' not found"}, error.status)
    message = str(error)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # What names files of the server is for its operator.
        message = "Something in the server is not as it should be, or is busy. Its log says what."
    answer = json({"message": message}, error.status)
    if isinstance(error, NotSignedIn):
        answer.headers["WWW-Authenticate"] = 'Bearer realm="tutela"'
    if "seconds" in error.fields:
        answer.headers["Retry-After"] = str(error.fields["seconds"])
    return answer


class HmaRoute(APIRoute):
    """A route that tells every error in HMA's form, and knows accounts by their tokens only.

    A cookie is passed over: this face is for programs, and so no other site can have a browser use it.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(_by_token(request))
            except TutelaError as error:
                if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    log_failure(request, error)
                return of_error(error)
            except HTTPException as error:
                told: Any = error.detail  # a list where `malformed` made it
                refused = json(told if isinstance(told, list) else {"message": told}, error.status_code)
                refused.headers.update(error.headers or {})
                return refused

        return answer


def _by_token(request: Request) -> Request:
    headers = [(name, value) for name, value in request.scope["headers"] if name != b"cookie"]
    token = request.path_params.get(TOKEN)
    if token is not None:
        headers = [(name, value) for name, value in headers if name != b"authorization"]
        headers.append((b"authorization", b"Bearer " + str(token).encode("latin-1", "replace")))
    return Request({**request.scope, "headers": headers}, request.receive)
