"""Entries of a list: added, changed, switched off for a while, withdrawn; read, page by page; never deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tutela.access.permissions import Actor, Permission, decide
from tutela.model import Entry, Grade, Signal
from tutela.model.errors import RequestInvalid
from tutela.model.finding_json import signal_to_json
from tutela.store.entry_pages import EntryDetails
from tutela.web.api.answers import json, read_signal
from tutela.web.api.described import problems
from tutela.web.api.lists import Name, Reason
from tutela.web.services import Services, services
from tutela.web.signed_in import by, needs

router = APIRouter(
    prefix="/v1/lists/{name}/entries", tags=["entries"], responses=problems(400, 401, 403, 404, 409, 422, 503)
)
_may_read = Depends(needs(Permission.LISTS_READ))
_may_edit = Depends(needs(Permission.LISTS_EDIT))

Key = Annotated[str, Field(min_length=1, max_length=1000)]
Label = Annotated[str, Field(min_length=1, max_length=200)]


class GradeAsked(BaseModel):
    """A grade: its scheme, and its code within it."""

    scheme: str = Field(min_length=1, max_length=200)
    code: str = Field(min_length=1, max_length=200)


class SignalAsked(BaseModel):
    """A value in hexadecimal, and its quality where the kind has one."""

    kind: str = Field(max_length=32)
    value: str = Field(max_length=1024)
    quality: int | None = Field(None, ge=0, le=100)


class EntryAsked(BaseModel):
    """An entry to be added."""

    model_config = {
        "json_schema_extra": {
            "examples": [
                {
                    "key": "report-4711",
                    "signals": [{"kind": "md5", "value": "9e107d9d372bb6826bd81d3542a419d6"}],
                    "grades": [{"scheme": "demo", "code": "A"}],
                    "labels": ["demo"],
                    "source": "desk 3",
                    "why": "report 4711",
                }
            ]
        }
    }
    key: Key
    signals: list[SignalAsked] = Field(min_length=1, max_length=1000)
    grades: list[GradeAsked] = Field(default_factory=list, max_length=64)
    labels: list[Label] = Field(default_factory=list, max_length=64)
    source: str = Field("", max_length=1000)
    why: str = Field("", max_length=1000)


class EntryChange(BaseModel):
    """What is to change of an entry; what is left out stays."""

    grades: list[GradeAsked] | None = Field(None, max_length=64)
    labels: list[Label] | None = Field(None, max_length=64)
    why: str = Field("", max_length=1000)


class Pause(Reason):
    """Until when an entry is not to be matched."""

    until: AwareDatetime


class Withdrawal(Reason):
    """Keys of entries that are no longer listed, and why."""

    keys: list[Key] = Field(min_length=1, max_length=10_000)


def entry_to_json(details: EntryDetails, *, values: bool) -> dict[str, Any]:
    """Return what the API tells of an entry; its values only to those who may see them."""
    entry = details.entry
    told: dict[str, Any] = {
        "key": entry.key,
        "id": details.number,
        "state": details.state,
        "version": details.version,
        "grades": [{"scheme": grade.scheme, "code": grade.code} for grade in entry.grades],
        "labels": list(entry.labels),
        "source": entry.source,
        "added": _time(entry.added),
        "updated": _time(entry.updated),
        "disabled_until": _time(details.disabled_until),
        "kinds": sorted({signal.kind for signal in entry.signals}),
    }
    if details.reason:
        told["reason"] = details.reason
    if values:
        told["signals"] = [signal_to_json(signal) for signal in entry.signals]
    return told


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _sees_values(actor: Actor) -> bool:
    return decide(actor, Permission.HASHES_READ).allowed


def _signal(asked: SignalAsked) -> Signal:
    return read_signal({"kind": asked.kind, "value": asked.value, "quality": asked.quality})


def _grades(asked: list[GradeAsked]) -> tuple[Grade, ...]:
    return tuple(Grade(grade.scheme, grade.code) for grade in asked)


def _told(here: Services, name: str, key: str, actor: Actor) -> dict[str, Any]:
    return entry_to_json(here.store.entry(name, key), values=_sees_values(actor))


@router.get("", summary="Page through entries")
async def page(
    request: Request,
    name: str,
    actor: Actor = _may_read,
    after: Annotated[str | None, Query(description="The `next` of the page before.", max_length=1000)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    state: Annotated[str | None, Query(pattern="^(active|disabled|removed)$")] = None,
    label: Annotated[str | None, Query(max_length=200)] = None,
    kind: Annotated[str | None, Query(max_length=32)] = None,
    prefix: Annotated[str | None, Query(description="The key begins with this.", max_length=1000)] = None,
) -> Response:
    """Page through a list's entries by key; ``next`` is to be given as ``after`` for the following page."""
    store = services(request).store
    found = await run_in_threadpool(
        lambda: store.page(name, after=after, limit=limit, state=state, label=label, kind=kind, text=prefix)
    )
    values = _sees_values(actor)
    return json({"entries": [entry_to_json(one, values=values) for one in found.entries], "next": found.next})


@router.post("", summary="Add an entry", status_code=201)
async def add(request: Request, name: str, asked: EntryAsked, actor: Actor = _may_edit) -> Response:
    """Add an entry; it is matched within two seconds.  One of the same key is replaced, and keeps its history."""
    here = services(request)
    signals = tuple(_signal(signal) for signal in asked.signals)
    entry = Entry(asked.key, signals, _grades(asked.grades), tuple(asked.labels), asked.source)

    def work() -> dict[str, Any]:
        here.store.add_entry(name, entry, by=by(request, actor, asked.why))
        return _told(here, name, asked.key, actor)

    return json(await run_in_threadpool(work), 201)


@router.post("/withdraw", summary="Withdraw several entries")
async def withdraw(request: Request, name: Name, asked: Withdrawal, actor: Actor = _may_edit) -> Response:
    """Withdraw entries: they are matched no longer, and stay in the list's history with the reason."""
    store = services(request).store
    number = await run_in_threadpool(lambda: store.withdraw(name, asked.keys, by=by(request, actor, asked.why)))
    return json({"withdrawn": number})


@router.get("/{key:path}/history", summary="An entry's history")
async def history(request: Request, name: str, key: str, actor: Actor = _may_read) -> Response:
    """Tell what an entry said in each version of its list in which it changed, and who changed it and why."""
    store = services(request).store
    found = await run_in_threadpool(store.history, name, key)
    values = _sees_values(actor)
    told = [
        {
            "version": one.version,
            "when": one.when.isoformat(),
            "who": one.who,
            "why": one.why,
            "entry": None if one.details is None else entry_to_json(one.details, values=values),
        }
        for one in found
    ]
    return json({"history": told})


@router.post("/{key:path}/withdraw", summary="Withdraw an entry")
async def withdraw_one(request: Request, name: str, key: str, asked: Reason, actor: Actor = _may_edit) -> Response:
    """Withdraw one entry, with the reason."""
    here = services(request)

    def work() -> dict[str, Any]:
        here.store.entry(name, key)  # says so if there is none
        here.store.withdraw(name, [key], by=by(request, actor, asked.why))
        return _told(here, name, key, actor)

    return json(await run_in_threadpool(work))


@router.post("/{key:path}/disable", summary="Switch an entry off for a while")
async def disable(request: Request, name: str, key: str, asked: Pause, actor: Actor = _may_edit) -> Response:
    """Have an entry not matched until a time, at which it comes back by itself."""
    here = services(request)

    def work() -> dict[str, Any]:
        here.store.disable_entry(name, key, asked.until, by=by(request, actor, asked.why))
        return _told(here, name, key, actor)

    return json(await run_in_threadpool(work))


@router.post("/{key:path}/restore", summary="Bring an entry back")
async def restore(request: Request, name: str, key: str, asked: Reason, actor: Actor = _may_edit) -> Response:
    """Bring back an entry that was withdrawn or is switched off."""
    here = services(request)

    def work() -> dict[str, Any]:
        here.store.restore_entry(name, key, by=by(request, actor, asked.why))
        return _told(here, name, key, actor)

    return json(await run_in_threadpool(work))


@router.patch("/{key:path}", summary="Grade or label an entry")
async def change(request: Request, name: str, key: str, asked: EntryChange, actor: Actor = _may_edit) -> Response:
    """Change an entry's grades or labels."""
    here = services(request)
    if asked.grades is None and asked.labels is None:
        raise RequestInvalid(reason="give 'grades', 'labels' or both")

    def work() -> dict[str, Any]:
        grades = None if asked.grades is None else _grades(asked.grades)
        labels = None if asked.labels is None else tuple(asked.labels)
        here.store.change_entry(name, key, grades=grades, labels=labels, by=by(request, actor, asked.why))
        return _told(here, name, key, actor)

    return json(await run_in_threadpool(work))


@router.get("/{key:path}", summary="Tell of one entry")
async def one(request: Request, name: str, key: str, actor: Actor = _may_read) -> Response:
    """Tell an entry's grades, labels, source, state and times; its values only with the permission ``hashes:read``."""
    here = services(request)
    return json(await run_in_threadpool(_told, here, name, key, actor))
