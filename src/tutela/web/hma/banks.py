"""``/c/banks`` and ``/c/bank/{name}``: lists, as HMA's clients know them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from tutela.access.permissions import Actor, Permission
from tutela.model import Purpose
from tutela.model.errors import ListExists
from tutela.store.audit import By
from tutela.store.banks import Bank
from tutela.web.api.answers import json
from tutela.web.hma.asked import json_object
from tutela.web.hma.errors import HmaRoute, malformed, missing, refusal
from tutela.web.hma.face import Face, face
from tutela.web.hma.names import LONGEST, bank_of, is_bank_name, list_for, lists_of
from tutela.web.signed_in import by, needs

router = APIRouter(prefix="/c", route_class=HmaRoute)
_may_read = Depends(needs(Permission.LISTS_READ))
_may_create = Depends(needs(Permission.LISTS_CREATE))
_may_edit = Depends(needs(Permission.LISTS_EDIT))
_NOT_A_NAME = "Bank names must be UPPER_WITH_UNDERSCORE"


def bank_to_json(name: str, ratio: float) -> dict[str, Any]:
    """Return what HMA tells of a bank."""
    return {"matching_enabled_ratio": ratio, "name": name}


@router.get("/banks", dependencies=[_may_read])
async def every_bank(request: Request) -> Response:
    """Name every bank; lists that share a bank's name are told once."""
    known = await run_in_threadpool(face(request).banks.all)
    there = {one.list_name: one for one in known if not one.gone}
    names = sorted({bank_of(name) for name in there})
    return json([bank_to_json(name, there[lists_of(name, there)[0]].ratio) for name in names])


@router.get("/bank/{name}", dependencies=[_may_read])
async def one_bank(request: Request, name: str) -> Response:
    """Tell of one bank."""
    found = await run_in_threadpool(face(request).bank, name)
    return json(bank_to_json(name, found.ratio))


@router.post("/banks")
async def make_bank(request: Request, actor: Actor = _may_create) -> Response:
    """Make a bank: an empty known list."""
    asked = await _body(request)
    if "name" not in asked:
        raise missing("name")
    name, ratio = _text(asked, "name"), _ratio(asked)
    if ratio is None:
        ratio = 1.0
    why = by(request, actor, "HMA face: bank made")
    await run_in_threadpool(_make, face(request), name, ratio, why)
    return json(bank_to_json(name, ratio), 201)


@router.put("/bank/{name}")
async def change_bank(request: Request, name: str, actor: Actor = _may_edit) -> Response:
    """Change the share of look-ups that ask a bank.  A bank cannot be renamed: audit rows and hits name its list."""
    asked = await _body(request)
    new, ratio = asked.get("name"), _ratio(asked)
    here = face(request)
    why = by(request, actor, "HMA face: bank changed")

    def change() -> float:
        found = _found(here, name)
        if new is not None and new != name:
            if not is_bank_name(_text(asked, "name")):
                raise refusal(400, _NOT_A_NAME)
            raise refusal(400, "This server does not rename banks. Make one of the new name and import the content")
        if ratio is not None:
            here.banks.set_ratio(found.list_name, ratio, why)
            here.forget()
        return found.ratio if ratio is None else ratio

    return json(bank_to_json(name, await run_in_threadpool(change)))


@router.delete("/bank/{name}")
async def delete_bank(request: Request, name: str, actor: Actor = _may_create) -> Response:
    """Delete a bank: its entries are withdrawn with that reason, and its list and its history stay."""
    here = face(request)
    why = by(request, actor, "HMA face: bank deleted")

    def remove() -> None:
        there = {one.list_name for one in here.banks.all() if not one.gone}
        for list_name in lists_of(name, there)[:1]:
            keys = here.banks.keys(list_name)
            if keys:
                here.services.store.withdraw(list_name, keys, by=why)
            here.banks.bury(list_name, why)
            here.forget()

    await run_in_threadpool(remove)
    return json({"message": "Done"})


def _make(here: Face, name: str, ratio: float, why: By) -> None:
    if not is_bank_name(name):
        raise refusal(400, _NOT_A_NAME)
    if len(name) > LONGEST:
        raise refusal(400, f"Bank names have at most {LONGEST} characters here")
    known = {one.list_name: one for one in here.banks.all()}
    own = list_for(name)
    if own in known and known[own].gone:
        here.banks.set_ratio(own, ratio, why)
        here.forget()
        return
    if lists_of(name, (list_name for list_name, one in known.items() if not one.gone)):
        raise refusal(403, "Bank already exists")
    try:
        here.services.store.create_list(own, purpose=Purpose.KNOWN, by=why)
    except ListExists:  # of another purpose, or made at this moment
        raise refusal(403, "Bank already exists") from None
    if ratio != 1.0:
        here.banks.set_ratio(own, ratio, why)
    here.forget()


def _found(here: Face, name: str) -> Bank:
    there = {one.list_name: one for one in here.banks.all() if not one.gone}
    for list_name in lists_of(name, there):
        return there[list_name]
    raise refusal(404, "Bank not found")


async def _body(request: Request) -> dict[str, Any]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise malformed([("model_type", "body", "Input should be a valid dictionary")])
    return await json_object(request)


def _text(asked: Mapping[str, Any], name: str) -> str:
    if not isinstance(asked[name], str):
        raise malformed([("string_type", name, "Input should be a valid string")])
    return str(asked[name])


def _ratio(asked: Mapping[str, Any]) -> float | None:
    """Return the ratio that a body asks for: ``enabled_ratio``, a number or (as Coop writes it) a text, or else
    ``enabled``.
    """
    told, enabled = asked.get("enabled_ratio"), asked.get("enabled")
    if told is None:
        if enabled is None:
            return None
        if not isinstance(enabled, bool):
            raise malformed([("bool_type", "enabled", "Input should be a valid boolean")])
        return float(enabled)
    try:
        ratio = float(told) if isinstance(told, int | float | str) else math.nan
    except ValueError:
        ratio = math.nan
    if math.isnan(ratio):
        raise malformed([("float_parsing", "enabled_ratio", "Input should be a valid number")])
    if not 0 <= ratio <= 1:
        raise refusal(400, "enabled_ratio must be a number from 0 to 1")
    return ratio
