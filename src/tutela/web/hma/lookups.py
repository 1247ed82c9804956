"""``/m``: hashes or files in, the contents of banks that they meet out.

A known entry that a benign list covers is not told by ``lookup``; ``raw_lookup`` tells every one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tutela.access.permissions import Actor, Permission
from tutela.engine import Policy
from tutela.engine.matching import standing
from tutela.engine.snapshot import ListSnapshot
from tutela.model import Content, Hit, Purpose, Signal
from tutela.signals import Measure, Source, digests
from tutela.signals import kind as signal_kind
from tutela.web.api.answers import json, tell_finding, tell_lookups
from tutela.web.hma.asked import Upload, banks_asked, json_object, parameter, switch, upload
from tutela.web.hma.errors import HmaRoute, refusal
from tutela.web.hma.face import Face, face, toss
from tutela.web.hma.hashing import of_url, require_picture
from tutela.web.hma.names import bank_of
from tutela.web.hma.signal_types import SIGNAL_TYPES, SignalType, distance, parse, signal_type, wanted
from tutela.web.signed_in import needs

router = APIRouter(prefix="/m", route_class=HmaRoute)
_may_match = Depends(needs(Permission.MATCH))
_MATCH = Policy(pixels="always")

Banked = dict[str, list[dict[str, Any]]]


@router.get("/lookup")
async def lookup(request: Request, actor: Actor = _may_match) -> Response:
    """Look up a hash (``signal``, ``signal_type``), or the content at a ``url``.

    For a hash the answer is by bank, for content by signal type and bank, unless ``signal_type`` chooses one.
    """
    query = request.query_params
    if query.get("url"):
        found = await _of_content(request, actor, await of_url(request, face(request).services, query["url"]))
        chosen = query.get("signal_type")
        return json(found if chosen is None else found.get(chosen, {}))
    if not query.get("signal") or not query.get("signal_type"):
        raise refusal(400, "Either url or both signal and signal_type are required")
    signal = parse(query["signal_type"], query["signal"])
    hits = await _met(request, actor, signal, _coin(request))
    return json(banked(standing(hits)))


@router.post("/lookup")
async def lookup_file(request: Request, actor: Actor = _may_match) -> Response:
    """Look up the uploaded file; the answer is by signal type and bank."""
    given = await upload(request, face(request).services.settings.server.max_body)
    if given is None:
        raise refusal(400, "Missing multipart/form-data file upload")
    return json(await _of_content(request, actor, given))


@router.get("/raw_lookup")
async def raw_lookup(request: Request, actor: Actor = _may_match) -> Response:
    """Look up a hash in every bank, whatever its ratio; the answer is a list of content ids, nearest first."""
    text, kind = parameter(request, "signal", "signal_type")
    told = switch(request, "include_distance")
    hits = await _met(request, actor, parse(kind, text), None)
    known = _once(hit for hit in hits if hit.purpose is Purpose.KNOWN)
    return json({"matches": [_match(hit) if told else hit.number for hit in known]})


@router.get("/index/status", dependencies=[_may_match])
async def index_status(request: Request) -> Response:
    """Tell of each signal type how many values are matched against, and when a list last changed."""
    types = _types(request)
    sizes, newest = await run_in_threadpool(sizes_of, face(request))
    kinds = {name: SIGNAL_TYPES[name].kind.name for name in types}
    return json(
        {name: {"present": True, "built_to": newest, "size": sizes.get(kind, 0)} for name, kind in kinds.items()}
    )


@router.post("/compare", dependencies=[_may_match])
async def compare(request: Request) -> Response:
    """Compare pairs of hashes: for each type whether they match by its usual threshold, and their distance."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise refusal(
            415, "Did not attempt to load JSON data because the request Content-Type was not 'application/json'."
        )
    return json({name: _compared(name, pair) for name, pair in (await json_object(request)).items()})


def _compared(name: str, pair: object) -> list[Any]:
    if not isinstance(pair, list):
        raise refusal(400, f"Comparison hashes for {name[:64]} was not a list")
    if len(pair) != 2:
        raise refusal(400, "Comparison hash list length must be exactly 2")
    kind = signal_type(name).kind
    left, right = (parse(name, str(text), told="Invalid {name} hash: {reason}").value for text in pair)
    if kind.measure is Measure.EXACT:
        return [left == right, {}]
    apart = kind.distance(left, right)
    return [apart <= kind.default.distance, {"distance": apart}]


async def _met(request: Request, actor: Actor, signal: Signal, coin: float | None) -> list[Hit]:
    """Return what one value meets in the lists that are asked, once that is written down."""
    here = face(request)
    lists, banks = await here.asked(banks_asked(request), coin)
    here.services.usage.take(actor.account, 1)
    if not lists:
        return []
    answer, _ = await request.app.state.gathering.one((signal,), lists)
    await tell_lookups(request, here.services, actor, ((signal,),), (answer,))
    return _of_banks(answer[0], banks)


async def _of_content(request: Request, actor: Actor, given: Upload) -> dict[str, Banked]:
    here = face(request)
    types = request.query_params.get("types")
    chosen = wanted(given.content, types)
    lists, banks = await here.asked(banks_asked(request), _coin(request))
    here.services.usage.take(actor.account, 1)
    if any(one.kind.source is Source.FRAME for one in chosen):
        content = Content(name="upload", data=given.data)
        finding = await run_in_threadpool(here.services.matching.match, content, lists, _MATCH)
        await tell_finding(request, here.services, actor, finding)
        hits = _of_banks(finding.hits, banks)
        if not hits:
            require_picture(finding)
    else:
        signals = await run_in_threadpool(digests, given.data)
        answer, _ = await request.app.state.gathering.one(signals, lists)
        await tell_lookups(request, here.services, actor, (signals,), (answer,))
        hits = _of_banks(answer[0], banks)
    return _by_type(standing(hits), chosen, {} if types is None else None)


def _by_type(
    hits: Iterable[Hit], chosen: Iterable[SignalType], others: dict[str, list[Hit]] | None
) -> dict[str, Banked]:
    """Return hits by signal type: those chosen, and, if ``others`` may be told, each further kind under its own name.

    A hit by one digest is told under every type of digest: the bytes are equal, and so are all of them.
    """
    found: dict[str, list[Hit]] = {one.name: [] for one in chosen}
    for hit in hits:
        exact = signal_kind(hit.kind).measure is Measure.EXACT
        names = [
            one.name for one in chosen if one.kind.name == hit.kind or (exact and one.kind.measure is Measure.EXACT)
        ]
        for name in names:
            found[name].append(hit)
        if not names and others is not None:
            others.setdefault(hit.kind, []).append(hit)
    return {name: banked(each) for name, each in (found | (others or {})).items()}


def _of_banks(hits: Iterable[Hit], banks: frozenset[str]) -> list[Hit]:
    """Return the hits without those of lists that came up since the banks were read."""
    return [hit for hit in hits if hit.purpose is Purpose.BENIGN or hit.list_name in banks]


def _coin(request: Request) -> float | None:
    query = request.query_params
    return None if query.get("bypass_coinflip", "").lower() in {"1", "true"} else toss(query.get("seed"))


def banked(hits: Iterable[Hit]) -> Banked:
    """Return hits as HMA tells matches: by bank, each content once at its nearest."""
    told: Banked = {}
    for hit in _once(hits):
        told.setdefault(bank_of(hit.list_name), []).append(_match(hit))
    return told


def _once(hits: Iterable[Hit]) -> list[Hit]:
    return list({hit.number: hit for hit in reversed(list(hits))}.values())[::-1]


def _match(hit: Hit) -> dict[str, Any]:
    return {"bank_content_id": hit.number, "distance": distance(hit.kind, hit.distance)}


def _types(request: Request) -> list[str]:
    limited = request.query_params.get("signal_type")
    if limited is None:
        return list(SIGNAL_TYPES)
    if limited not in SIGNAL_TYPES:
        raise refusal(400, f"No such signal type '{limited[:64]}'")
    return [limited]


def sizes_of(here: Face) -> tuple[dict[str, int], int]:
    """Return how many values of each kind the banks hold, and when a list last changed, in seconds since 1970."""
    banks = {one.list_name for one in here.known() if not one.gone}
    sizes: dict[str, int] = {}
    for one in here.services.matching.lists():
        if isinstance(one, ListSnapshot) and one.name in banks:
            view = one.view()
            for kind in {each.kind.name for each in SIGNAL_TYPES.values()}:
                sizes[kind] = sizes.get(kind, 0) + view.size(signal_kind(kind))
    return sizes, here.banks.newest() or -1
