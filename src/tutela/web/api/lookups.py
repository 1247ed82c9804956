"""Look-ups of digests and perceptual hashes: one, or thousands at once.

These two routes take the request as it is and read it themselves: they are asked thousands of times a second.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tutela.access.permissions import Actor, Permission
from tutela.model import Signal
from tutela.model.errors import RequestInvalid
from tutela.signals import kind as signal_kind
from tutela.web.api.answers import (
    MOST_VALUES,
    answer_to_json,
    json,
    json_body,
    lists_asked,
    read_signal,
    tell_lookups,
    time_asked,
)
from tutela.web.api.described import LOOKUP, LOOKUPS
from tutela.web.services import Services, services
from tutela.web.signed_in import needs

router = APIRouter(prefix="/v1", tags=["match"])
#: Who may ask; also for requests that do not come by way of the framework.
who = needs(Permission.MATCH)
_may_match = Depends(who)


@router.get("/lookup", summary="Look up one value", openapi_extra=LOOKUP)
async def look_up(request: Request, actor: Actor = _may_match) -> Response:
    """Look up one digest or perceptual hash.

    The answer holds the verdict with its reasons, every hit with its list, that list's version, entry, grades, source,
    distance, and the version in which each list was asked.
    """
    here = services(request)
    query = request.query_params
    quality = query.get("quality")
    told: dict[str, Any] = {"kind": query.get("kind"), "value": query.get("value")}
    if quality is not None:
        if not quality.isdecimal() or len(quality) > 3:
            raise RequestInvalid(reason="the quality of the signal is a whole number from 0 to 100")
        told["quality"] = int(quality)
    signals = (read_signal(told),)
    lists = await lists_asked(request, here)
    here.usage.take(actor.account, 1)
    answer, versions = await request.app.state.gathering.one(signals, lists)
    await tell_lookups(request, here, actor, (signals,), (answer,))
    return json(answer_to_json(answer) | {"versions": versions})


@router.post("/lookup", summary="Look up many values", openapi_extra=LOOKUPS)
async def look_up_many(request: Request, actor: Actor = _may_match) -> Response:
    """Look up up to 10,000 digests and perceptual hashes, each for itself, all in one state of the lists."""
    here = services(request)
    body = await json_body(request)
    if not isinstance(body, dict):
        raise RequestInvalid(reason="the body is an object with 'signals', or with 'kind' and 'values'")
    asked = [(signal,) for signal in _signals(body)]
    lists = await _lists(body, here)
    here.usage.take(actor.account, len(asked))
    answers, versions = await request.app.state.gathering.many(asked, lists)
    await tell_lookups(request, here, actor, asked, answers)
    return json({"results": [answer_to_json(answer) for answer in answers], "versions": versions})


def _signals(body: dict[str, Any]) -> list[Signal]:
    if isinstance(body.get("kind"), str) and isinstance(body.get("values"), list):
        kind = signal_kind(body["kind"])
        values = _bounded(body["values"])
        if not all(isinstance(value, str) for value in values):
            raise RequestInvalid(reason="'values' are texts in hexadecimal")
        return [Signal(kind.name, kind.parse(value)) for value in values]
    if isinstance(body.get("signals"), list):
        return [read_signal(one, f"signal {at}") for at, one in enumerate(_bounded(body["signals"]))]
    raise RequestInvalid(reason="give 'signals' (each with kind and value), or one 'kind' and its 'values'")


def _bounded(values: list[Any]) -> list[Any]:
    if not 0 < len(values) <= MOST_VALUES:
        raise RequestInvalid(
            reason=f"one request asks for 1 to {MOST_VALUES:,} values, and this one for {len(values):,}"
        )
    return values


async def _lists(body: dict[str, Any], here: Services) -> tuple[Any, ...]:
    names, time = body.get("lists"), time_asked(body.get("at"))
    if names is not None and (not isinstance(names, list) or not all(isinstance(name, str) for name in names)):
        raise RequestInvalid(reason="'lists' are names of lists")
    if time is None:
        return here.matching.lists(names)
    return await run_in_threadpool(here.matching.lists_at, names, time)
