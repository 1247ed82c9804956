"""Requests to a server: sent again where a connection was lost, their errors raised as what they are.

A request that changes something carries an ``Idempotency-Key``, the same each time that it is sent, so that a server
which had done it before the connection broke can tell.
"""

from __future__ import annotations

import inspect
import re
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from tutela.model import errors
from tutela.model.errors import ServerFailed, ServerUnreachable, TutelaError

#: What the body of a request is: bytes, or what gives it anew each time that it is sent.
Body = bytes | Callable[[], Any]

_PREFIX = "urn:tutela:problem:"
_WORDS = re.compile(r"(?<!^)(?=[A-Z])")
#: Our own errors, by the name that they have in a problem's ``type``.
_ERRORS: dict[str, type[TutelaError]] = {
    _WORDS.sub("-", name).lower(): found
    for name, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, TutelaError)
}
#: Seconds before the second try; each further one waits twice as long.
FIRST_WAIT = 0.2
#: Seconds that a server may ask to be waited for; one that asks for more is taken at its word, as an error.
LONGEST_WAIT = 20.0
_BUSY = {429, 503}


class Sender:
    """Sends requests over kept-alive connections; ``retries`` is how often a lost one is sent again."""

    def __init__(self, http: httpx.Client, retries: int, sleep: Callable[[float], None] = time.sleep) -> None:
        self._http = http
        self._retries = retries
        self._sleep = sleep

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        json: object = None,
        body: Body | None = None,
    ) -> httpx.Response:
        """Return the answer; raise the error that it tells of, or `ServerUnreachable`."""
        headers = {} if method == "GET" else {"Idempotency-Key": str(uuid.uuid4())}
        if body is not None:
            headers["Content-Type"] = "application/octet-stream"
        wait = FIRST_WAIT
        for left in range(self._retries, -1, -1):
            content = body() if callable(body) else body
            try:
                answer = self._http.request(method, path, params=query, json=json, content=content, headers=headers)
            except httpx.TransportError as error:
                if not left or isinstance(error, httpx.UnsupportedProtocol | httpx.ProxyError):
                    raise ServerUnreachable(address=self.address, reason=_reason(error)) from None
                answer = None
            if answer is not None and answer.is_success:
                return answer
            asked = None if answer is None else _asked_wait(answer)
            if answer is not None and (asked is None or not left):
                raise error_of(answer, self.address)
            self._sleep(wait if asked is None else asked)
            wait *= 2
        raise AssertionError("the last try either answers or raises")

    @property
    def address(self) -> str:
        """Where the server is, without what an address may hold of a secret."""
        return f"{self._http.base_url.scheme}://{self._http.base_url.netloc.decode()}".rstrip(":")


def _asked_wait(answer: httpx.Response) -> float | None:
    """Return for how long a busy server asks to be left alone, ``None`` if it is not that, or too long."""
    told = answer.headers.get("retry-after", "")
    if answer.status_code not in _BUSY or not told.isdecimal():
        return None
    return float(told) if float(told) <= LONGEST_WAIT else None


def _reason(error: httpx.TransportError) -> str:
    return str(error) or type(error).__name__


def error_of(answer: httpx.Response, address: str) -> TutelaError:
    """Return the error that an answer tells of: our own by the problem's ``type``, with its message.

    Anything else, as a proxy might send, is a `ServerFailed`.
    """
    try:
        problem = answer.json()
        name, detail = str(problem["type"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        name, detail, problem = "", answer.reason_phrase or "an error without words", {}
    if name.startswith(_PREFIX) and (known := _ERRORS.get(name.removeprefix(_PREFIX))) is not None:
        return known.told(detail, status=answer.status_code, instance=problem.get("instance"))
    if name.startswith(_PREFIX):
        return ServerFailed.told(detail, status=answer.status_code, instance=problem.get("instance"))
    return ServerFailed(address=address, answered=answer.status_code, reason=detail)
