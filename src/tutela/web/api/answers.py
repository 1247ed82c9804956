"""What every way of asking has in common: askers are counted and bounded, hits written down, probes noticed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tutela.access.permissions import Actor
from tutela.model import Finding, Hit, Signal, Verdict
from tutela.model.errors import RequestInvalid
from tutela.model.finding_json import hit_to_json, problem_to_json, verdict_to_json
from tutela.signals import kind as signal_kind
from tutela.store.audit import AuditRow
from tutela.web.hit_log import rows_of
from tutela.web.matching import NOTHING, Answer, Asked
from tutela.web.services import Services
from tutela.web.signed_in import by

#: Values of one request.
MOST_VALUES = 10_000


def json(record: object, status: int = 200) -> Response:
    """Return a record as an answer."""
    return Response(orjson.dumps(record), status, media_type="application/json")


async def json_body(request: Request) -> Any:  # noqa: ANN401 - whatever was sent
    """Return the body as JSON; raise `RequestInvalid`."""
    try:
        return orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        # The decoder's own message quotes nothing of the text.
        raise RequestInvalid(reason=f"the body is not JSON ({error.msg} at byte {error.pos})") from None


def time_asked(text: object) -> datetime | None:
    """Return the time as of which lists are to be asked; raise `RequestInvalid`."""
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        raise RequestInvalid(reason="'at' is a time, as in 2026-11-23T12:00:00Z") from None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


async def lists_asked(request: Request, services: Services) -> tuple[Asked, ...]:
    """Return the lists that the query's ``lists`` names, separated by commas; all without it.

    With ``at`` they are as they were at that time.  Raises `ListUnknown`, `VersionUnknown`, `RequestInvalid`.
    """
    told, time = request.query_params.get("lists"), time_asked(request.query_params.get("at"))
    named = None if told is None else [name for name in told.split(",") if name]
    if time is None:
        return services.matching.lists(named)
    return await run_in_threadpool(services.matching.lists_at, named, time)


def flag(request: Request, name: str, *, default: bool) -> bool:
    """Return a switch of the query; raise `RequestInvalid` for what is neither on nor off."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if text.lower() not in {"0", "1", "true", "false"}:
        raise RequestInvalid(reason=f"{name} is 1 or 0, true or false")
    return text.lower() in {"1", "true"}


def read_signal(record: object, place: str = "the signal") -> Signal:
    """Return the signal that ``{"kind", "value", "quality"?}`` writes; raise `RequestInvalid`, `SignalInvalid`."""
    if (
        not isinstance(record, dict)
        or not isinstance(record.get("kind"), str)
        or not isinstance(record.get("value"), str)
    ):
        raise RequestInvalid(reason=f"{place} needs a text 'kind' and a text 'value' in hexadecimal")
    quality = record.get("quality")
    if quality is not None and (not isinstance(quality, int) or isinstance(quality, bool) or not 0 <= quality <= 100):
        raise RequestInvalid(reason=f"the quality of {place} is a whole number from 0 to 100")
    kind = signal_kind(record["kind"])
    return Signal(kind.name, kind.parse(record["value"]), quality)


_NOTHING = {"verdict": verdict_to_json(NOTHING[2]), "hits": [], "problems": []}


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """Return what was met by one value or content's signals: verdict, hits with their provenance, problems."""
    if answer is NOTHING:
        return _NOTHING
    hits, problems, verdict = answer
    return {
        "verdict": verdict_to_json(verdict),
        "hits": [hit_to_json(hit) for hit in hits],
        "problems": [problem_to_json(one) for one in problems],
    }


async def tell_lookups(
    request: Request,
    services: Services,
    actor: Actor,
    asked: Sequence[Sequence[Signal]],
    answers: Sequence[Answer],
) -> None:
    """Do what has to be done before look-ups are answered; raises `Probing`, or what the audit trail raises."""
    services.usage.count(actor.account, "lookups", len(asked))
    services.metrics.looked_up(len(asked))
    services.probes.check(
        actor, [(signals, hits) for signals, (hits, _, _) in zip(asked, answers, strict=True)], request.state.request_id
    )
    rows: list[AuditRow] = []
    for hits, _, _ in answers:
        if hits:
            rows += _met(request, services, actor, "lookup", hits)
    if rows:
        await asyncio.wrap_future(services.hits.write(rows))


async def tell_finding(request: Request, services: Services, actor: Actor, finding: Finding) -> None:
    """Do what has to be done before a finding is answered; raises `Probing`, or what the audit trail raises."""
    services.usage.count(actor.account, "contents")
    services.metrics.looked_at(verdict_name(finding.verdict))
    services.probes.check(actor, [(finding.signals, finding.hits)], request.state.request_id)
    if finding.hits:
        rows = _met(request, services, actor, "content", finding.hits)
        await asyncio.wrap_future(services.hits.write(rows))


def verdict_name(verdict: Verdict) -> str:
    """Return a verdict's name as findings have it."""
    return str(verdict_to_json(verdict)["name"])


def _met(request: Request, services: Services, actor: Actor, what: str, hits: Sequence[Hit]) -> list[AuditRow]:
    for name in {hit.list_name for hit in hits}:
        services.usage.count(actor.account, "hits", 1, name)
        services.metrics.met(name)
    return rows_of(by(request, actor), what, hits)
