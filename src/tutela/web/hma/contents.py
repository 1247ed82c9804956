"""``/c/bank/{name}/content`` and ``.../signal``: entries of a list, as HMA's clients know them.

A content's id is its entry's number.  What is said of a content of another bank than the path names is refused as if it
were not there.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tutela.access.permissions import Actor, Permission
from tutela.exchange.record import derived_key, opaque_key
from tutela.model import Entry, Signal
from tutela.signals import Source
from tutela.store.audit import By
from tutela.store.banks import Note
from tutela.store.entry_pages import EntryDetails
from tutela.web.api.answers import json
from tutela.web.hma.asked import (
    Remarks,
    Upload,
    json_object,
    note_of,
    remarks_of_body,
    remarks_of_texts,
    upload,
)
from tutela.web.hma.banks import bank_to_json
from tutela.web.hma.errors import HmaRoute, refusal
from tutela.web.hma.face import Face, face
from tutela.web.hma.hashing import of_url, signals_of
from tutela.web.hma.names import bank_of, lists_of
from tutela.web.hma.signal_types import SIGNAL_TYPES, is_fit, parse, told, wanted
from tutela.web.signed_in import allow, by, needs

router = APIRouter(prefix="/c/bank/{name}", route_class=HmaRoute)
_may_read = Depends(needs(Permission.LISTS_READ))
_may_edit = Depends(needs(Permission.LISTS_EDIT))

#: HMA's two special times of ``disable_until_ts``.
DISABLED, ENABLED = 0, 1
#: Until when an entry is disabled that is disabled for good.
FOR_GOOD = datetime(9999, 1, 1, tzinfo=UTC)
_MOST_AHEAD = timedelta(days=5 * 365)
#: What stands as the source of entries that came this way.
SOURCE = "HMA face"


@router.post("/content")
async def add_content(request: Request, name: str, actor: Actor = _may_edit) -> Response:
    """Bank a file, uploaded or at the URL that the query names: its digests, and for a photo its PDQ."""
    here = face(request)
    url = request.query_params.get("url")
    if url:
        list_name = (await run_in_threadpool(here.bank, name)).list_name
        remarks = await remarks_of_body(request)
        given = await of_url(request, here.services, url)
    else:
        uploaded = await upload(request, here.services.settings.server.max_body)
        list_name = (await run_in_threadpool(here.bank, name)).list_name
        if uploaded is None:
            raise refusal(400, "Neither `url` nor multipart file upload was received")
        given, remarks = uploaded, remarks_of_texts(uploaded.texts)
    signals, answered = await _of_file(request, here, given)
    why = by(request, actor, "HMA face: content added")
    return json(await run_in_threadpool(_add, here, list_name, signals, answered, remarks, why))


@router.post("/signal")
async def add_signal(request: Request, name: str, actor: Actor = _may_edit) -> Response:
    """Bank values as they are given, by signal type."""
    here = face(request)
    list_name = (await run_in_threadpool(here.bank, name)).list_name
    asked = await json_object(request)
    note = note_of(asked.pop("note", None))
    if not asked:
        raise refusal(400, "No signals given")
    signals = []
    for kind, text in asked.items():
        if kind not in SIGNAL_TYPES:
            raise refusal(400, f"No such signal type {kind[:64]}")
        if not isinstance(text, str):
            raise refusal(400, f"Invalid {kind} signal: it is no text")
        signal = parse(kind, text, told="Invalid {name} signal: {reason}")
        if (unfit := SIGNAL_TYPES[kind].kind.unfit(signal.value)) is not None:
            raise refusal(400, f"Invalid {kind} signal: {unfit}")
        signals.append(signal)
    answered = told([SIGNAL_TYPES[kind] for kind in asked], signals)
    why = by(request, actor, "HMA face: signal added")
    return json(await run_in_threadpool(_add, here, list_name, tuple(signals), answered, Remarks(note), why))


@router.get("/content/{content_id:int}")
async def one_content(request: Request, name: str, content_id: int, actor: Actor = _may_read) -> Response:
    """Tell of a content; its values only to those who may see them."""
    query = request.query_params
    signals = query.get("include_signals", "false").lower() == "true"
    if signals:
        allow(actor, Permission.HASHES_READ)
    metadata = query.get("include_metadata", "true").lower() == "true"
    here = face(request)
    return json(await run_in_threadpool(_told, here, name, content_id, signals=signals, metadata=metadata))


@router.put("/content/{content_id:int}")
async def change_content(request: Request, name: str, content_id: int, actor: Actor = _may_edit) -> Response:
    """Disable a content until a time (0: for good; 1: enable it), or change its note."""
    here = face(request)
    asked = await json_object(request)
    until = _until(asked["disable_until_ts"]) if "disable_until_ts" in asked else None
    why = by(request, actor, "HMA face: content changed")

    def change() -> dict[str, Any]:
        list_name, details = _place(here, name, content_id)
        if until is not None:
            _switch(here, list_name, details, until, why)
        if "note" in asked:
            kept = here.banks.note(content_id)
            here.banks.set_note(content_id, Note(note_of(asked["note"]), kept.metadata), why)
        found = _told(here, name, content_id, signals=False, metadata=True)
        kept = here.banks.note(content_id)
        found |= {"note": kept.note, "user_metadata": dict(kept.metadata) or None}
        found["collab_metadata"] = (found.pop("metadata", None) or {}).get("collab") or {}
        return found

    return json(await run_in_threadpool(change))


@router.delete("/content/{content_id:int}")
async def delete_content(request: Request, name: str, content_id: int, actor: Actor = _may_edit) -> Response:
    """Withdraw a content, with that reason; it stays in its list's history."""
    here = face(request)
    why = by(request, actor, "HMA face: content deleted")

    def remove() -> int:
        here.bank(name)  # refuses one that is not there
        found = _find(here, name, content_id)
        return 0 if found is None else here.services.store.withdraw(found[0], [found[1].entry.key], by=why)

    return json({"deleted": await run_in_threadpool(remove)})


async def _of_file(request: Request, here: Face, given: Upload) -> tuple[tuple[Signal, ...], dict[str, str]]:
    """Return the signals to bank of a file, and what HMA would tell of them."""
    types = wanted(given.content, request.query_params.get("types"))
    found = await signals_of(here.services, given, types)
    frames = [one for one in found if SIGNAL_TYPES[one.kind].kind.source is Source.FRAME and is_fit(one)]
    digests = [one for one in found if SIGNAL_TYPES[one.kind].kind.source is Source.BYTES and is_fit(one)]
    # One frame of a photo, as HMA has it; all of a video, where they were asked for.
    signals = (*digests, *(frames[:1] if given.content == "photo" else frames))
    if not signals:
        raise refusal(400, "No signals given")
    return signals, {name: value for name, value in told(types, signals).items() if value}


def _add(
    here: Face, list_name: str, signals: tuple[Signal, ...], answered: Mapping[str, str], remarks: Remarks, why: By
) -> dict[str, Any]:
    entry = Entry(_key(signals), signals, source=SOURCE)
    number = here.services.store.add_entry(list_name, entry, by=why).number
    if remarks.note or remarks.metadata:
        here.banks.set_note(number, Note(remarks.note, remarks.metadata or {}), why)
    return {"id": number, "signals": dict(answered)}


def _key(signals: tuple[Signal, ...]) -> str:
    """Return the key of an entry of these signals and no others: so the same content is the same entry, and none that
    shares only some of them.
    """
    if len(signals) == 1:
        return derived_key(signals)
    values = sorted((one.kind, one.value, one.time or 0.0) for one in signals)
    return opaque_key("several", b"\0".join(kind.encode() + b"\0" + value for kind, value, _ in values))


def _find(here: Face, bank: str, number: int) -> tuple[str, EntryDetails] | None:
    if not 0 < number < 1 << 63:
        return None
    place = here.banks.place(number)
    if place is None or place[0] not in lists_of(bank, (one.list_name for one in here.banks.all() if not one.gone)):
        return None
    details = here.services.store.entry(*place)
    return None if details.state == "removed" else (place[0], details)


def _place(here: Face, bank: str, number: int) -> tuple[str, EntryDetails]:
    here.bank(bank)
    found = _find(here, bank, number)
    if found is None:
        raise refusal(404, f"content '{number}' not found")
    return found


def _told(here: Face, bank: str, number: int, *, signals: bool, metadata: bool) -> dict[str, Any]:
    list_name, details = _place(here, bank, number)
    kept = here.banks.note(number)
    ratio = {one.list_name: one.ratio for one in here.banks.all()}[list_name]
    found: dict[str, Any] = {
        "id": number,
        "disable_until_ts": disabled_until(details),
        "original_media_uri": None,
        "bank": bank_to_json(bank_of(list_name), ratio),
    }
    if signals:
        values = {name: one for name, one in SIGNAL_TYPES.items() if name == one.kind.name}
        found["signals"] = {name: text for name, text in told(values.values(), details.entry.signals).items() if text}
    entry = details.entry
    collab = {entry.source: [entry.key]} if entry.source not in {"", SOURCE} else None
    if metadata and (kept.metadata or collab):
        empty = {"content_id": None, "content_uri": None, "json": None}
        found["metadata"] = empty | dict(kept.metadata) | {"collab": collab}
    if kept.note is not None:
        found["note"] = kept.note
    return found


def disabled_until(details: EntryDetails) -> int:
    """Return HMA's ``disable_until_ts`` for an entry."""
    if details.state != "disabled" or details.disabled_until is None:
        return ENABLED
    return DISABLED if details.disabled_until >= FOR_GOOD else int(details.disabled_until.timestamp())


def _until(told: object) -> int:
    try:
        until = int(told) if isinstance(told, int | float | str) else None
    except (ValueError, OverflowError):
        until = None
    if until is None:
        raise refusal(400, "Invalid int: disable_until_ts is a whole number of seconds since 1970")
    if until < 0:
        raise refusal(400, "disable_until_ts must be a non-negative integer")
    if until > time.time() + _MOST_AHEAD.total_seconds():
        raise refusal(400, "disable_until_ts must be less than 5 years in the future")
    return until


def _switch(here: Face, list_name: str, details: EntryDetails, until: int, why: By) -> None:
    store, key = here.services.store, details.entry.key
    if until == DISABLED:
        store.disable_entry(list_name, key, FOR_GOOD, by=why)
    elif until == ENABLED or until <= time.time():
        if details.state == "disabled":
            store.restore_entry(list_name, key, by=why)
    else:
        store.disable_entry(list_name, key, datetime.fromtimestamp(until, UTC), by=why)
