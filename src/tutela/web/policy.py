"""What holds for every request: its id, its size and pace, and the headers of its answer.

Pure ASGI, since it stands before the look-ups, of which there are thousands a second.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tutela.model.errors import BodyTooLarge, BodyTooSlow, PathTooLong
from tutela.web.problems import of_error, of_fault

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
_NO_STORE = (b"cache-control", b"no-store")
#: A body has this long, in seconds, and a second more for each `PACE` bytes of it.
PATIENCE = 15.0
PACE = 16 * 1024
#: Characters of a path: room for the longest names, and fewer than the digits at which a number is none any more.
LONGEST_PATH = 4096

#: Told of every answered request: its scope, status and the seconds that it took.
Told = Callable[[Scope, int, float], None]


class Policy:
    """Gives each request an id, holds its body to ``most`` bytes and to its pace, and its answer to our headers.

    ``unlimited`` are the ends of paths whose body streams through and may have any size.
    """

    def __init__(self, app: ASGIApp, *, most: int, told: Told, unlimited: tuple[str, ...] = ()) -> None:
        self._app = app
        self._most = most
        self._told = told
        self._unlimited = unlimited

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        since = time.perf_counter()
        scope.setdefault("state", {})["request_id"] = request_id = str(uuid.uuid4())
        most = None if scope["path"].endswith(self._unlimited) else self._most
        length = _length(scope)
        paced = None if scope["method"] in {"GET", "HEAD"} or length == 0 else _Paced(receive, most)
        status, begun = 500, False

        async def sending(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                headers = message.setdefault("headers", [])
                headers.extend(_HEADERS)
                headers.append((b"x-request-id", request_id.encode()))
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append(_NO_STORE)
                if length != 0 and (paced is None or paced.more):
                    # Else what nobody reads any more could go on dripping in, and hold the connection.
                    headers.append((b"connection", b"close"))
            await send(message)

        request = Request(scope)
        answer = self._refused(request, most, length) or self._app
        try:
            await answer(scope, receive if paced is None else paced.receive, sending)
        except ClientDisconnect:  # nobody is there to be answered
            pass
        except Exception as error:
            if not begun:
                await of_fault(request, error)(scope, receive, sending)
            raise
        finally:
            form = scope["state"].get("form")
            if form is not None:  # read in parts of a request's handling that do not know of each other
                await form.close()
            with suppress(Exception):  # telling must not turn an answer into an error
                self._told(scope, status, time.perf_counter() - since)

    @staticmethod
    def _refused(request: Request, most: int | None, length: int | None) -> ASGIApp | None:
        """Return what refuses a request that need not be read for that."""
        if len(request.scope["path"]) > LONGEST_PATH:
            return of_error(request, PathTooLong(most=LONGEST_PATH))
        if most is not None and length is not None and length > most:
            return of_error(request, BodyTooLarge(most=most))
        return None


class _Paced:
    """A body that has to come at a pace, and must not be too large.

    The errors come up in the handler that reads, and are answered as any other.
    """

    def __init__(self, receive: Receive, most: int | None) -> None:
        self._receive = receive
        self._most = most
        self._taken = 0
        #: Whether some of it has not come yet.
        self.more = True
        self._since = time.monotonic()

    async def receive(self) -> Message:
        if not self.more:
            return await self._receive()  # waits for the end of the connection, which may take as long as the work
        left = self._since + PATIENCE + self._taken / PACE - time.monotonic()
        try:
            message = await asyncio.wait_for(self._receive(), max(left, 0.01))
        except TimeoutError:
            raise BodyTooSlow from None
        self._taken += len(message.get("body", b""))
        self.more = message["type"] == "http.request" and message.get("more_body", False)
        if self._most is not None and self._taken > self._most:
            raise BodyTooLarge(most=self._most)
        return message


def _length(scope: Mapping[str, object]) -> int | None:
    headers = scope["headers"]
    assert isinstance(headers, list)  # noqa: S101 - ASGI says so
    for name, value in headers:
        if name == b"content-length":
            return int(value)  # the server itself has refused what is no number
        if name == b"transfer-encoding":
            return None
    return 0
