"""Contents that are named by their URL: fetched through the guarded client, where the setting ``fetch_urls`` allows."""

from __future__ import annotations

from tutela.exchange.guarded import FetchLimits, GuardedClient
from tutela.model.errors import FetchingOff, FetchRefused
from tutela.model.settings import ServerSettings
from tutela.web.hma.errors import refusal


def fetch(settings: ServerSettings, url: str, client: GuardedClient | None = None) -> tuple[str, bytes]:
    """Return the ``Content-Type`` and the bytes at a URL.

    Raises `FetchingOff`, and refuses, as HMA does, what cannot be fetched or answers with an error.
    """
    if not settings.fetch_urls:
        raise FetchingOff
    guarded = client or GuardedClient(FetchLimits(most_bytes=settings.max_body))
    try:
        found = guarded.get(url)
    except FetchRefused as error:
        raise refusal(400, f"Failed to fetch URL: {error.fields['reason']}") from None
    if not 200 <= found.status < 300:
        raise refusal(400, f"Failed to fetch URL: its server answered {found.status}")
    return found.media_type, found.data
