"""Lists in service: made, changed, read; their versions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tutela.access.permissions import Actor, Permission
from tutela.model import Purpose, Threshold
from tutela.store.store import ListDetails
from tutela.web.api.answers import json
from tutela.web.api.described import problems
from tutela.web.services import services
from tutela.web.signed_in import by, needs

router = APIRouter(prefix="/v1/lists", tags=["lists"], responses=problems(400, 401, 403, 404, 409, 422, 503))
_may_read = Depends(needs(Permission.LISTS_READ))
_may_create = Depends(needs(Permission.LISTS_CREATE))
_may_edit = Depends(needs(Permission.LISTS_EDIT))

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_-][a-z0-9._-]{0,63}$")]


class ThresholdAsked(BaseModel):
    """When a value meets an entry of the list."""

    distance: int = Field(ge=0, le=100_000)
    quality: int = Field(0, ge=0, le=100)


class ListAsked(BaseModel):
    """A list to be made."""

    model_config = {
        "json_schema_extra": {
            "examples": [
                {"name": "hotline", "owner": "A hotline", "purpose": "known", "thresholds": {"pdq": {"distance": 31}}}
            ]
        }
    }
    name: Name
    owner: str = Field("", max_length=200)
    purpose: Purpose = Purpose.KNOWN
    thresholds: dict[str, ThresholdAsked] = Field(default_factory=dict, max_length=16)
    why: str = Field("", max_length=1000)


class ListChange(BaseModel):
    """What is to change of a list; what is left out stays."""

    owner: str | None = Field(None, max_length=200)
    thresholds: dict[str, ThresholdAsked] | None = Field(None, max_length=16)
    why: str = Field("", max_length=1000)


class Reason(BaseModel):
    """Why something is done; it goes into the audit trail."""

    why: str = Field(min_length=1, max_length=1000)


def details_to_json(details: ListDetails) -> dict[str, Any]:
    """Return what the API tells of a list."""
    info = details.info
    return {
        "name": info.name,
        "owner": info.owner,
        "purpose": info.purpose.value,
        "version": info.version,
        "thresholds": {
            kind: {"distance": limit.distance, "quality": limit.quality} for kind, limit in info.thresholds.items()
        },
        "entries": details.entries,
        "removed": details.removed,
        "signals": details.signals,
        "created": details.created.isoformat(),
        "changed": details.changed.isoformat(),
        "published": details.published,
    }


def _limits(asked: dict[str, ThresholdAsked]) -> dict[str, Threshold]:
    return {kind: Threshold(limit.distance, limit.quality) for kind, limit in asked.items()}


@router.get("", summary="Name every list", dependencies=[_may_read])
async def every_list(request: Request) -> Response:
    """Name every list with its version, owner and purpose."""
    infos = await run_in_threadpool(services(request).store.lists)
    told = [
        {"name": one.name, "owner": one.owner, "purpose": one.purpose.value, "version": one.version} for one in infos
    ]
    return json({"lists": told})


@router.post("", summary="Make a list", status_code=201)
async def make_list(request: Request, asked: ListAsked, actor: Actor = _may_create) -> Response:
    """Make an empty list; it can be asked within two seconds."""
    here = services(request)

    def make() -> dict[str, Any]:
        here.store.create_list(
            asked.name,
            owner=asked.owner,
            purpose=asked.purpose,
            thresholds=_limits(asked.thresholds),
            by=by(request, actor, asked.why),
        )
        here.matching.refresh()
        return details_to_json(here.store.show(asked.name))

    return json(await run_in_threadpool(make), 201)


@router.get("/{name}", summary="Tell of one list", dependencies=[_may_read])
async def one_list(request: Request, name: str) -> Response:
    """Tell a list's version, thresholds, and how many entries and values it has."""
    return json(details_to_json(await run_in_threadpool(services(request).store.show, name)))


@router.patch("/{name}", summary="Change a list")
async def change_list(request: Request, name: str, asked: ListChange, actor: Actor = _may_edit) -> Response:
    """Change a list's owner or thresholds; thresholds that are given take the place of all."""
    here = services(request)

    def change() -> dict[str, Any]:
        limits = None if asked.thresholds is None else _limits(asked.thresholds)
        here.store.change_list(name, owner=asked.owner, thresholds=limits, by=by(request, actor, asked.why))
        return details_to_json(here.store.show(name))

    return json(await run_in_threadpool(change))


@router.delete("/{name}", summary="Remove a list", status_code=204)
async def remove_list(request: Request, name: str, asked: Reason, actor: Actor = _may_create) -> Response:
    """Remove a list with all its entries.  Its audit rows stay."""
    here = services(request)

    def remove() -> None:
        here.store.remove_list(name, by=by(request, actor, asked.why))
        here.matching.refresh()

    await run_in_threadpool(remove)
    return Response(status_code=204)


@router.get("/{name}/versions", summary="Name a list's versions", dependencies=[_may_read])
async def versions(
    request: Request,
    name: str,
    before: Annotated[int | None, Query(description="Only versions before this one.", ge=0, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    at: Annotated[datetime | None, Query(description="Only the version that was in force at this time.")] = None,
) -> Response:
    """Name a list's versions, newest first, with the time since which each was in force."""
    store = services(request).store

    def read() -> dict[str, Any]:
        if at is not None:
            number = store.version_at(name, at)
            found = store.versions(name, 1, number + 1)
        else:
            found = store.versions(name, limit, before)
        return {"versions": [{"version": one.number, "made": one.made.isoformat()} for one in found]}

    return json(await run_in_threadpool(read))
