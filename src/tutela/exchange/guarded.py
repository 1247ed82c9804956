"""`GuardedClient`: the one way in which Tutela asks other servers for something.

Whoever can name a URL could have the server ask its own network.  So every address that a name stands for is checked,
on every redirect, and the connection goes to the very address that was checked; only ports 80 and 443 are asked;
nothing is unpacked; and size, time and pace of an answer are bounded.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import httpx

from tutela.model.errors import FetchRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: Returns the addresses that a name and port stand for.
Resolve = Callable[[str, int], list[str]]

PORTS = frozenset({80, 443})
REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What an answer may cost: bytes, seconds in all, and bytes a second from the fifth second on."""

    most_bytes: int = 64 << 20
    seconds: float = 60.0
    pace: int = 1024
    connect: float = 10.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: its status, its media type as told, and its bytes."""

    status: int
    media_type: str
    data: bytes


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host.  Raises `FetchRefused`."""
    try:
        return sorted({str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})
    except (OSError, UnicodeError):
        raise FetchRefused(reason="its host has no address") from None


def is_public(text: str) -> bool:
    """Say whether an address belongs to the public network, whatever form it hides in."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if hidden is not None:
            address = hidden
        elif address in ipaddress.ip_network("64:ff9b::/96"):
            address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.is_global and not address.is_multicast


@dataclass(slots=True)
class GuardedClient:
    """Fetches and posts, guarded.

    ``allowed`` and ``ports`` are for tests against servers of this machine: addresses that are asked though they are
    not public, and ports beside 80 and 443.
    """

    limits: FetchLimits = field(default_factory=FetchLimits)
    allowed: frozenset[str] = frozenset()
    ports: frozenset[int] = PORTS
    resolve: Resolve = resolve

    def get(self, url: str) -> Fetched:
        """Fetch a URL, following redirects.  Raises `FetchRefused` with the reason, which never holds the URL."""
        last = time.monotonic() + self.limits.seconds
        for _ in range(REDIRECTS + 1):
            answer, target = self._ask("GET", url, {}, b"", last)
            if target is None:
                return answer
            url = urljoin(url, target)
        raise FetchRefused(reason=f"it redirects more than {REDIRECTS} times")

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Fetched:
        """Post to a URL; a redirect is not followed.  Raises `FetchRefused`."""
        answer, _ = self._ask("POST", url, headers, body, time.monotonic() + self.limits.seconds)
        return answer

    def check(self, url: str) -> None:
        """Raise `FetchRefused` for a URL that would not be asked."""
        self._place(url)

    def _place(self, url: str) -> tuple[str, str, int, str]:
        """Return scheme, host, port and the address to connect to."""
        try:
            split = urlsplit(url)
            host, port = split.hostname, split.port
        except ValueError:
            raise FetchRefused(reason="it is no URL") from None
        if split.scheme not in {"http", "https"} or not host or split.username is not None:
            raise FetchRefused(reason="only http and https URLs without a user name are fetched")
        port = port or (443 if split.scheme == "https" else 80)
        if port not in self.ports:
            raise FetchRefused(reason=f"its port is {port}, and only 80 and 443 are asked")
        addresses = self.resolve(host, port)
        # One address that is not public is enough to refuse: which of several is asked must not be luck.
        if not addresses or not all(address in self.allowed or is_public(address) for address in addresses):
            raise FetchRefused(reason="its host does not lie in the public network")
        return split.scheme, host, port, addresses[0]

    def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, last: float
    ) -> tuple[Fetched, str | None]:
        scheme, host, port, address = self._place(url)
        named = f"[{address}]" if ":" in address else address
        split = urlsplit(url)
        target = f"{scheme}://{named}:{port}{split.path or '/'}" + (f"?{split.query}" if split.query else "")
        default = 443 if scheme == "https" else 80
        sent = {
            **headers,
            "Host": (f"[{host}]" if ":" in host else host) + ("" if port == default else f":{port}"),
            "Accept-Encoding": "identity",
            "User-Agent": "tutela",
        }
        timeout = httpx.Timeout(max(0.1, last - time.monotonic()), connect=self.limits.connect)
        try:
            with (
                httpx.Client(trust_env=False, timeout=timeout, follow_redirects=False) as client,
                client.stream(method, target, headers=sent, content=body, extensions={"sni_hostname": host}) as answer,
            ):
                if method == "GET" and answer.is_redirect:
                    return Fetched(answer.status_code, "", b""), answer.headers["location"]
                return Fetched(
                    answer.status_code, answer.headers.get("content-type", ""), self._read(answer, last)
                ), None
        except httpx.TimeoutException:
            raise FetchRefused(reason="it did not answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise FetchRefused(reason=f"it could not be asked ({type(error).__name__})") from None

    def _read(self, answer: httpx.Response, last: float) -> bytes:
        if answer.headers.get("content-encoding", "identity") not in {"", "identity"}:
            raise FetchRefused(reason="its answer is packed, though nothing packed was asked for")
        pieces, size, since = [], 0, time.monotonic()
        for piece in answer.iter_raw():
            size += len(piece)
            now = time.monotonic()
            if size > self.limits.most_bytes:
                raise FetchRefused(reason=f"its answer has more than {self.limits.most_bytes} bytes")
            if now > last or (now > since + 5 and size < (now - since) * self.limits.pace):
                raise FetchRefused(reason="its answer comes too slowly")
            pieces.append(piece)
        return b"".join(pieces)
