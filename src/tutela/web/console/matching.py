"""The overview, and the page that matches a file or values."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from tutela.access.permissions import Actor, Permission
from tutela.engine import Policy
from tutela.model import Content, Signal
from tutela.model.errors import RequestInvalid, SignalInvalid, UsageError
from tutela.report import Places
from tutela.signals import kind as signal_kind
from tutela.signals import kinds
from tutela.store.entry_rows import precise_now
from tutela.web.api.answers import tell_finding, tell_lookups, verdict_name
from tutela.web.console.charts import Chart, bars
from tutela.web.console.rendering import render, text
from tutela.web.forms import read_form
from tutela.web.services import services
from tutela.web.signed_in import needs
from tutela.web.usage import HOUR, Counted

router = APIRouter(include_in_schema=False)
_may_see = Depends(needs(Permission.STATISTICS_READ))
_may_match = Depends(needs(Permission.MATCH))
_POLICY = Policy(pixels="always", thumbnails=True)
MOST_VALUES = 100

#: key -> (label, hours, hours that make a bar, how a bar is called)
_SPANS = {
    "day": ("24 hours", 24, 1, "%H:00"),
    "week": ("7 days", 7 * 24, 6, "%a %H:00"),
    "month": ("30 days", 30 * 24, 24, "%d %b"),
}


@router.get("/", dependencies=[_may_see])
async def overview(request: Request) -> Response:
    """Show what was looked up and met, and the lists."""
    here = services(request)
    chosen = request.query_params.get("span", "day")
    if chosen not in _SPANS:
        chosen = "day"
    label, hours, step, form = _SPANS[chosen]
    now = precise_now() // HOUR * HOUR
    since = now - (hours - 1) * HOUR
    counted = await run_in_threadpool(here.usage.since, since)
    lists = await run_in_threadpool(lambda: [here.store.show(info.name) for info in here.store.lists()])
    hits: dict[str, int] = defaultdict(int)
    for row in counted:
        if row.what == "hits":
            hits[row.list_name] += row.count
    return render(
        request,
        "overview.html",
        span=label,
        spans=[(key, span[0]) for key, span in _SPANS.items()],
        chosen=chosen,
        lookups=_total(counted, "lookups"),
        contents=_total(counted, "contents"),
        hits=_total(counted, "hits"),
        list_hits=hits,
        lists=lists,
        entries=sum(one.entries for one in lists),
        charts=[
            _chart("Looked up and looked at", counted, ("lookups", "contents"), since, hours, step, form),
            _chart("Hits", counted, ("hits",), since, hours, step, form, hot=True),
        ],
        problems=here.matching.problems(),
    )


def _total(counted: Sequence[Counted], what: str) -> int:
    return sum(row.count for row in counted if row.what == what)


def _chart(
    title: str,
    counted: Sequence[Counted],
    what: tuple[str, ...],
    since: int,
    hours: int,
    step: int,
    form: str,
    *,
    hot: bool = False,
) -> Chart:
    sums = [0] * -(-hours // step)
    for row in counted:
        if row.what in what:
            sums[(row.hour - since) // HOUR // step] += row.count
    moments = [datetime.fromtimestamp((since + at * step * HOUR) / 1e6, UTC) for at in range(len(sums))]
    return bars(title, [(moment.strftime(form), count) for moment, count in zip(moments, sums, strict=True)], hot=hot)


@router.get("/match", dependencies=[_may_match])
async def match_page(request: Request) -> Response:
    """Ask for a file or values."""
    return render(request, "match.html", finding=None, answers=None, pasted="")


@router.post("/match")
async def match(request: Request, actor: Actor = _may_match) -> Response:
    """Look at a file, in memory, and show its finding."""
    here, form = services(request), await read_form(request)
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.size:
        raise RequestInvalid(reason="choose a file to match")
    content = Content(name=(file.filename or "file")[:200], data=await file.read())
    here.usage.take(actor.account, 1)
    policy = replace(_POLICY, orientations=bool(text(form, "orientations")))
    finding = await run_in_threadpool(here.matching.match, content, here.matching.lists(), policy)
    await tell_finding(request, here, actor, finding)
    thumbnail = None
    if finding.thumbnail:
        thumbnail = "data:image/jpeg;base64," + base64.b64encode(finding.thumbnail).decode()
    verdict = verdict_name(finding.verdict)
    return render(
        request,
        "match.html",
        finding=finding,
        verdict=verdict,
        thumbnail=thumbnail,
        places=Places(finding),
        answers=None,
        pasted="",
    )


@router.post("/match/values")
async def match_values(request: Request, actor: Actor = _may_match) -> Response:
    """Look up values that were pasted in."""
    here, form = services(request), await read_form(request)
    pasted = text(form, "values")
    try:
        asked = [(signal,) for line in pasted.splitlines() if line.strip() for signal in _signals(line)]
        if not 0 < len(asked) <= MOST_VALUES:
            raise UsageError(reason=f"Give 1 to {MOST_VALUES} values.")
    except UsageError as error:
        return render(request, "match.html", 400, finding=None, answers=None, pasted=pasted, wrong=str(error))
    here.usage.take(actor.account, len(asked))
    answers, _ = await request.app.state.gathering.many(asked, here.matching.lists())
    await tell_lookups(request, here, actor, asked, answers)
    told = [
        (signal, hits, verdict, verdict_name(verdict))
        for (signal,), (hits, _, verdict) in zip(asked, answers, strict=True)
    ]
    return render(request, "match.html", finding=None, answers=told, pasted=pasted)


def _signals(line: str) -> list[Signal]:
    """Return the signals that a line can mean: of the kind it names, else of every kind of that length."""
    name, _, value = line.strip().rpartition(" ")
    if name:
        kind = signal_kind(name.strip().lower())
        return [Signal(kind.name, kind.parse(value))]
    found = [Signal(kind.name, kind.parse(value)) for kind in kinds() if len(value) == 2 * kind.size]
    if not found:
        raise SignalInvalid(value="A line", kind="known", reason=f"no kind has values of {len(value)} characters")
    return found
