"""`Client`: the server's API in Python.

    with tutela.Client("https://tutela.example", token) as client:
        finding = client.match(Path("upload.jpg"))
        print(finding.verdict)

Answers are the library's own values (`tutela.model`): a finding is the same `Finding` that an `Engine` makes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from tutela.client.answers import Batch, EntryState, JobState, ListState, Looked, VersionState
from tutela.client.sending import Sender
from tutela.model import Entry, Finding, Grade, Signal
from tutela.model.errors import JobFailed, JobUnfinished, TutelaError, UsageError
from tutela.model.finding_json import finding_from_json

#: Values that one request may ask for.
MOST_VALUES = 10_000
#: Bytes of a file that are read at once.
PIECE = 1 << 20
#: Seconds between two looks at a job, at first and at most.
SOON, LATE = 0.1, 2.0

Query = dict[str, str | int]


class Client:
    """Talks to a server; may be used by several threads.

    ``address`` is where the server is (``https://tutela.example``), ``token`` a token of an account.  ``timeout`` is in
    seconds, for each step of a request; ``retries`` how often one is sent again whose connection was lost, or which the
    server was too busy for.  ``verify`` and ``transport`` are httpx's: a certificate authority's file, a way of one's
    own.  Raises the errors of `tutela.model.errors` that the server tells of, `ServerUnreachable`, `ServerFailed`.
    """

    def __init__(
        self,
        address: str,
        token: str,
        *,
        timeout: float = 30.0,
        retries: int = 3,
        verify: bool | str = True,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout,
            verify=verify,
            transport=transport,
        )
        self._sender = Sender(self._http, retries)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # --------------------------------------------------------------------------------------------------- matching
    def match(
        self,
        content: bytes | Path,
        *,
        name: str | None = None,
        lists: Iterable[str] | None = None,
        orientations: bool = False,
        cells: bool = True,
        complete: bool = False,
    ) -> Finding:
        """Return the finding of a picture or video.

        ``lists`` are the names of those to ask, all if ``None``; ``orientations`` looks in all eight ways to lay a
        frame, ``cells`` separates contact sheets, ``complete`` decodes also what a list has byte for byte.
        """
        data = content.read_bytes() if isinstance(content, Path) else content
        query = _how(lists, orientations=orientations, cells=cells, complete=complete)
        if name is None and isinstance(content, Path):
            name = content.name
        if name is not None:
            query["name"] = name
        return finding_from_json(self._sender.send("POST", "/v1/match", query=query, body=data).json())

    def match_url(
        self, url: str, *, lists: Iterable[str] | None = None, orientations: bool = False, cells: bool = True
    ) -> Finding:
        """Return the finding of what lies at a URL, which the server fetches if its setting ``fetch_urls`` allows."""
        query = _how(lists, orientations=orientations, cells=cells, complete=False)
        return finding_from_json(self._sender.send("POST", "/v1/match/url", query=query, json={"url": url}).json())

    def look_up(
        self, kind: str, value: str | bytes, *, quality: int | None = None, lists: Iterable[str] | None = None
    ) -> Looked:
        """Return what a digest or perceptual hash meets: ``value`` in bytes or in hexadecimal."""
        query: Query = {"kind": kind, "value": value.hex() if isinstance(value, bytes) else value, **_lists(lists)}
        if quality is not None:
            query["quality"] = quality
        return Looked.of(self._sender.send("GET", "/v1/lookup", query=query).json())

    def look_up_many(self, signals: Sequence[Signal], *, lists: Iterable[str] | None = None) -> Batch:
        """Return what up to `MOST_VALUES` values meet, each for itself, all in one state of the lists."""
        if not 0 < len(signals) <= MOST_VALUES:
            raise UsageError(reason=f"One look-up takes 1 to {MOST_VALUES:,} values; {len(signals):,} were given.")
        body: dict[str, Any] = {"signals": [_signal(one) for one in signals]}
        if lists is not None:
            body["lists"] = list(lists)
        answer = self._sender.send("POST", "/v1/lookup", json=body).json()
        return Batch(tuple(map(Looked.of, answer["results"])), answer["versions"])

    # ------------------------------------------------------------------------------------------------------ lists
    def lists(self) -> tuple[ListState, ...]:
        """Return every list, without counts."""
        return tuple(map(ListState.of, self._get("/v1/lists")["lists"]))

    def list(self, name: str) -> ListState:
        """Return a list with its thresholds and counts."""
        return ListState.of(self._get(f"/v1/lists/{_part(name)}"))

    def versions(self, name: str, *, limit: int = 100) -> tuple[VersionState, ...]:
        """Return the newest versions of a list, newest first."""
        found = self._get(f"/v1/lists/{_part(name)}/versions", {"limit": limit})
        return tuple(map(VersionState.of, found["versions"]))

    def version_at(self, name: str, time: datetime) -> VersionState:
        """Return the version of a list that was in force at a time (with its zone)."""
        found = self._get(f"/v1/lists/{_part(name)}/versions", {"at": time.isoformat()})
        return VersionState.of(found["versions"][0])

    # ---------------------------------------------------------------------------------------------------- entries
    def entries(
        self, name: str, *, state: str | None = None, label: str | None = None, prefix: str | None = None
    ) -> Iterator[EntryState]:
        """Yield a list's entries by key, fetched page by page; ``prefix`` is how their keys begin."""
        asked = {"state": state, "label": label, "prefix": prefix}
        query: Query = {"limit": 1000} | {name: text for name, text in asked.items() if text is not None}
        while True:
            page = self._get(f"/v1/lists/{_part(name)}/entries", query)
            yield from map(EntryState.of, page["entries"])
            if page["next"] is None:
                return
            query["after"] = page["next"]

    def entry(self, name: str, key: str) -> EntryState:
        """Return an entry as it stands."""
        return EntryState.of(self._get(_entry(name, key)))

    def add_entry(self, name: str, entry: Entry, *, why: str = "") -> EntryState:
        """Add an entry, or replace the one of its key; it is matched within two seconds."""
        body = {
            "key": entry.key,
            "signals": [_signal(one) for one in entry.signals],
            "grades": _grades(entry.grades),
            "labels": list(entry.labels),
            "source": entry.source,
            "why": why,
        }
        return EntryState.of(self._post(f"/v1/lists/{_part(name)}/entries", body))

    def change_entry(
        self,
        name: str,
        key: str,
        *,
        grades: Iterable[Grade] | None = None,
        labels: Iterable[str] | None = None,
        why: str = "",
    ) -> EntryState:
        """Change an entry's grades or labels; what is ``None`` stays."""
        body: dict[str, Any] = {"why": why}
        if grades is not None:
            body["grades"] = _grades(grades)
        if labels is not None:
            body["labels"] = list(labels)
        return EntryState.of(self._sender.send("PATCH", _entry(name, key), json=body).json())

    def withdraw(self, name: str, key: str, why: str) -> EntryState:
        """Withdraw an entry: it is matched no longer, and stays in the list's history with the reason."""
        return EntryState.of(self._post(f"{_entry(name, key)}/withdraw", {"why": why}))

    def disable(self, name: str, key: str, until: datetime, why: str) -> EntryState:
        """Have an entry not matched until a time (with its zone), at which it comes back by itself."""
        return EntryState.of(self._post(f"{_entry(name, key)}/disable", {"until": until.isoformat(), "why": why}))

    def restore(self, name: str, key: str, why: str) -> EntryState:
        """Bring back an entry that was withdrawn or is switched off."""
        return EntryState.of(self._post(f"{_entry(name, key)}/restore", {"why": why}))

    # ------------------------------------------------------------------------------------------------------- jobs
    def import_file(self, name: str, path: Path, *, form: str | None = None, why: str = "") -> JobState:
        """Upload a file of entries and begin its import into a list; see `wait`.

        ``form`` names its format (docs/formats.md), which is found out if left out.  The file is streamed.
        """
        query: Query = {"why": why} if why else {}
        if form is not None:
            query["format"] = form
        body = lambda: _pieces(path)  # noqa: E731 - read anew each time that it is sent
        return JobState.of(self._sender.send("POST", f"/v1/lists/{_part(name)}/imports", query=query, body=body).json())

    def job(self, number: str) -> JobState:
        """Return a job as it stands."""
        return JobState.of(self._get(f"/v1/jobs/{_part(number)}"))

    def cancel(self, number: str) -> JobState:
        """Have a job end."""
        return JobState.of(self._post(f"/v1/jobs/{_part(number)}/cancel", {}))

    def wait(
        self, number: str, *, timeout: float | None = None, progress: Callable[[JobState], None] | None = None
    ) -> JobState:
        """Return a job once it is done; ``progress`` is called with each state that was seen.

        Raises `JobFailed` if it ends in another way, `JobUnfinished` if it is not done within ``timeout`` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        pause = SOON
        while True:
            job = self.job(number)
            if progress is not None:
                progress(job)
            if job.ended:
                if job.state != "done":
                    raise JobFailed(job=job.id, state=job.state, reason=job.error or job.message or "no reason told")
                return job
            if end is not None and time.monotonic() + pause > end:
                raise JobUnfinished(job=job.id, seconds=timeout)
            time.sleep(pause)
            pause = min(LATE, pause * 1.5)

    # -------------------------------------------------------------------------------------------------- operation
    def ready(self) -> bool:
        """Return whether the server can answer look-ups in full, as far as it can be reached."""
        try:
            self._sender.send("GET", "/health/ready")
        except TutelaError:
            return False
        return True

    def _get(self, path: str, query: Query | None = None) -> Any:  # noqa: ANN401 - JSON
        return self._sender.send("GET", path, query=query).json()

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        return self._sender.send("POST", path, json=body).json()


def _part(text: str) -> str:
    return quote(text, safe="")


def _entry(name: str, key: str) -> str:
    return f"/v1/lists/{_part(name)}/entries/{_part(key)}"


def _lists(names: Iterable[str] | None) -> Query:
    return {} if names is None else {"lists": ",".join(names)}


def _how(lists: Iterable[str] | None, *, orientations: bool, cells: bool, complete: bool) -> Query:
    return {**_lists(lists), "orientations": int(orientations), "cells": int(cells), "complete": int(complete)}


def _signal(signal: Signal) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": signal.kind, "value": signal.value.hex()}
    return told if signal.quality is None else told | {"quality": signal.quality}


def _grades(grades: Iterable[Grade]) -> list[dict[str, str]]:
    return [{"scheme": grade.scheme, "code": grade.code} for grade in grades]


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
