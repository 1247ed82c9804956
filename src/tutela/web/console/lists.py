"""Pages of lists and entries."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from tutela import exchange
from tutela.access.permissions import Actor, Permission, decide
from tutela.model import Entry, Grade, Purpose, Signal, Threshold
from tutela.model.errors import RequestInvalid, TutelaError, UsageError
from tutela.signals import Measure, kind_title, kinds
from tutela.signals import kind as signal_kind
from tutela.store import ListDetails
from tutela.store.entry_pages import EntryPage
from tutela.web.console.rendering import go, render, text
from tutela.web.forms import read_form
from tutela.web.services import Services, services
from tutela.web.signed_in import by, needs

router = APIRouter(prefix="/lists", include_in_schema=False)
_may_read = Depends(needs(Permission.LISTS_READ))
_may_edit = Depends(needs(Permission.LISTS_EDIT))
_may_create = Depends(needs(Permission.LISTS_CREATE))
_may_export = Depends(needs(Permission.LISTS_EXPORT))
_NEAR = tuple(kind for kind in kinds() if kind.measure is not Measure.EXACT)
PAGE = 50


@router.get("", dependencies=[_may_read])
async def every_list(request: Request) -> Response:
    """Name every list."""
    store = services(request).store
    found = await run_in_threadpool(lambda: [store.show(info.name) for info in store.lists()])
    return render(request, "lists.html", lists=found)


@router.get("/new", dependencies=[_may_create])
async def new_page(request: Request) -> Response:
    """Ask for a new list's particulars."""
    return _form(request, None, {}, None)


@router.post("/new")
async def new(request: Request, actor: Actor = _may_create) -> Response:
    """Make a list."""
    form, here = await read_form(request), services(request)
    name = text(form, "name")
    try:
        purpose = Purpose(text(form, "purpose") or "known")
        limits = _limits(form)

        def make() -> None:
            who = by(request, actor, text(form, "why"))
            here.store.create_list(name, owner=text(form, "owner"), purpose=purpose, thresholds=limits, by=who)
            here.matching.refresh()

        await run_in_threadpool(make)
    except (TutelaError, ValueError) as error:
        return _form(request, None, dict(form), error)
    return go(f"/lists/{name}", "saved")


@router.get("/{name}/edit", dependencies=[_may_edit])
async def edit_page(request: Request, name: str) -> Response:
    """Show a list's particulars for changing."""
    details = await run_in_threadpool(services(request).store.show, name)
    values = {f"distance-{kind}": limit.distance for kind, limit in details.info.thresholds.items()}
    return _form(request, details, values | {"owner": details.info.owner}, None)


@router.post("/{name}/edit")
async def edit(request: Request, name: str, actor: Actor = _may_edit) -> Response:
    """Change a list."""
    form, store = await read_form(request), services(request).store
    details = await run_in_threadpool(store.show, name)
    try:
        who, limits = by(request, actor, text(form, "why")), _limits(form, details.info.thresholds)
        await run_in_threadpool(lambda: store.change_list(name, owner=text(form, "owner"), thresholds=limits, by=who))
    except (TutelaError, ValueError) as error:
        return _form(request, details, dict(form), error)
    return go(f"/lists/{name}", "saved")


def _form(
    request: Request, details: ListDetails | None, values: Mapping[str, Any], error: Exception | None
) -> Response:
    names = ("name", "owner", *(f"distance-{kind.name}" for kind in _NEAR))
    return render(
        request,
        "list_form.html",
        200 if error is None else 400,
        heading="Make a list" if details is None else f"Edit {details.info.name}",
        button="Make it" if details is None else "Save",
        details=details,
        near_kinds=_NEAR,
        values={name: values.get(name, "") for name in names},
        wrong=None if error is None else str(error),
    )


def _limits(form: FormData, before: Mapping[str, Threshold] | None = None) -> dict[str, Threshold]:
    limits = {}
    for kind in _NEAR:
        told = text(form, f"distance-{kind.name}")
        if told:
            if not told.isdecimal():
                raise UsageError(reason=f"The distance of {kind_title(kind.name)} is a whole number.")
            quality = (before or {}).get(kind.name, kind.default).quality
            limits[kind.name] = Threshold(int(told), quality)
    return limits


@router.post("/{name}/remove")
async def remove(request: Request, name: str, actor: Actor = _may_create) -> Response:
    """Remove a list whose name was typed in."""
    form, here = await read_form(request), services(request)
    if text(form, "name") != name or not text(form, "why"):
        raise RequestInvalid(reason="to remove a list, type its name in and say why")

    def work() -> None:
        here.store.remove_list(name, by=by(request, actor, text(form, "why")))
        here.matching.refresh()

    await run_in_threadpool(work)
    return go("/lists", "removed")


@router.post("/{name}/imports")
async def import_file(request: Request, name: str, actor: Actor = _may_edit) -> Response:
    """Begin the import of an uploaded file."""
    form, here = await read_form(request), services(request)
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.size:
        raise RequestInvalid(reason="choose a file to import")
    await run_in_threadpool(here.store.info, name)
    upload = await run_in_threadpool(_keep, file, here.settings.home / "uploads")
    arguments = {
        "list": name,
        "upload": upload,
        "format": text(form, "format") or None,
        "live": not text(form, "whole"),
    }
    who = by(request, actor, text(form, "why"))
    job = await run_in_threadpool(lambda: here.jobs.enqueue("import", arguments, who))
    return go(f"/jobs/{job.id}")


def _keep(file: UploadFile, folder: Path) -> str:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = secrets.token_hex(16)
    part = folder / f"{name}.part"
    with part.open("xb") as out:
        shutil.copyfileobj(file.file, out)
        out.flush()
        os.fsync(out.fileno())
    part.rename(folder / name)
    return name


@router.post("/{name}/export")
async def export(request: Request, name: str, actor: Actor = _may_export) -> Response:
    """Begin an export."""
    form, here = await read_form(request), services(request)
    who = by(request, actor, text(form, "why"))
    arguments = {"list": name, "format": text(form, "format")}
    await run_in_threadpool(here.store.info, name)
    job = await run_in_threadpool(lambda: here.jobs.enqueue("export", arguments, who))
    return go(f"/jobs/{job.id}")


@router.get("/{name}/add", dependencies=[_may_edit])
async def add_page(request: Request, name: str) -> Response:
    """Ask for an entry."""
    await run_in_threadpool(services(request).store.info, name)
    return _entry_form(request, name, {}, None)


@router.post("/{name}/add")
async def add(request: Request, name: str, actor: Actor = _may_edit) -> Response:
    """Add an entry."""
    form, store = await read_form(request), services(request).store
    try:
        entry = Entry(
            text(form, "key"),
            tuple(_signals(text(form, "values"))),
            _grades(text(form, "grade")),
            _labels(text(form, "labels")),
            text(form, "source"),
        )
        await run_in_threadpool(lambda: store.add_entry(name, entry, by=by(request, actor, text(form, "why"))))
    except UsageError as error:
        return _entry_form(request, name, dict(form), error)
    return go(_entry_path(name, entry.key), "saved")


def _entry_form(request: Request, name: str, values: Mapping[str, Any], error: Exception | None) -> Response:
    shown = {field: values.get(field, "") for field in ("key", "values", "grade", "labels", "source")}
    status = 200 if error is None else 400
    return render(
        request, "entry_form.html", status, name=name, values=shown, wrong=None if error is None else str(error)
    )


def _signals(told: str) -> list[Signal]:
    found = []
    for line in told.splitlines():
        if line.strip():
            name, _, value = line.strip().partition(" ")
            kind = signal_kind(name.lower())
            found.append(Signal(kind.name, kind.parse(value)))
    return found


def _grades(told: str) -> tuple[Grade, ...]:
    grades = []
    for piece in filter(None, (part.strip() for part in told.split(","))):
        scheme, _, code = piece.partition(" ")
        if not code.strip():
            raise UsageError(reason="A grade is its scheme and its code, as in “iwf A”.")
        grades.append(Grade(scheme, code.strip()))
    return tuple(grades)


def _labels(told: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in told.split(","))))


def _entry_path(name: str, key: str) -> str:
    return f"/lists/{name}/entry?key={quote(key, safe='')}"


@router.get("/{name}/entry", dependencies=[_may_read])
async def entry_page(request: Request, name: str) -> Response:
    """Show one entry with its history."""
    return await _entry(request, name, None)


async def _entry(request: Request, name: str, error: TutelaError | None) -> Response:
    store, key = services(request).store, request.query_params.get("key", "")
    details = await run_in_threadpool(store.entry, name, key)
    history = await run_in_threadpool(store.history, name, key)
    return render(
        request,
        "entry.html",
        200 if error is None else error.status,
        name=name,
        details=details,
        entry=details.entry,
        history=history,
        wrong=None if error is None else str(error),
    )


@router.post("/{name}/entry/{action}")
async def change_entry(request: Request, name: str, action: str, actor: Actor = _may_edit) -> Response:
    """Do something to an entry: ``change``, ``disable``, ``restore`` or ``withdraw``."""
    form, here = await read_form(request), services(request)
    key = request.query_params.get("key", "")
    try:
        await run_in_threadpool(_do, request, here, name, key, action, actor, form)
    except UsageError as error:
        return await _entry(request, name, error)
    return go(_entry_path(name, key), "withdrawn" if action == "withdraw" else "saved")


def _do(request: Request, here: Services, name: str, key: str, action: str, actor: Actor, form: FormData) -> None:
    who, store = by(request, actor, text(form, "why")), here.store
    if action == "change":
        grades, labels = _grades(text(form, "grade")), _labels(text(form, "labels"))
        store.change_entry(name, key, grades=grades, labels=labels, by=who)
        return
    if not who.why:
        raise UsageError(reason="Say why.")
    store.entry(name, key)
    if action == "withdraw":
        store.withdraw(name, [key], by=who)
    elif action == "restore":
        store.restore_entry(name, key, by=who)
    elif action == "disable":
        try:
            until = datetime.fromisoformat(text(form, "until"))
        except ValueError:
            raise UsageError(reason="Say until when, as in 2027-01-31 12:00.") from None
        store.disable_entry(name, key, until if until.tzinfo else until.replace(tzinfo=UTC), by=who)
    else:
        raise RequestInvalid(reason=f"nothing called {action!r} is done to entries")


@router.get("/{name}")
async def one_list(request: Request, name: str, actor: Actor = _may_read) -> Response:
    """Show a list with a page of its entries."""
    here = services(request)
    query = request.query_params
    asked = {field: query.get(field, "") for field in ("q", "state", "label", "grade", "after")}
    details = await run_in_threadpool(here.store.show, name)
    page = await run_in_threadpool(_page, here, name, asked, decide(actor, Permission.HASHES_READ).allowed)
    versions = await run_in_threadpool(here.store.versions, name, 8)
    kept = {field: value for field, value in asked.items() if value and field != "after"}
    following = None if page.next is None else f"/lists/{name}?{urlencode(kept | {'after': page.next})}"
    return render(
        request,
        "list.html",
        details=details,
        page=page,
        asked=asked,
        filtered=bool(kept),
        first=f"/lists/{name}?{urlencode(kept)}",
        following=following,
        versions=versions,
        formats=exchange.formats(),
    )


def _page(here: Services, name: str, asked: Mapping[str, str], by_value: bool) -> EntryPage:
    """Return the page asked for; ``by_value``: of a value's entries, which is to be told who may see values only."""
    sought = asked["q"].strip()
    for kind in kinds() if by_value else ():
        if len(sought) == 2 * kind.size and not set(sought.lower()) - set("0123456789abcdef"):
            keys = here.store.find(name, kind.name, kind.parse(sought))
            if keys:
                return EntryPage(tuple(here.store.entry(name, key) for key in keys[:PAGE]), None)
    return here.store.page(
        name,
        after=asked["after"] or None,
        limit=PAGE,
        state=asked["state"] if asked["state"] in {"active", "disabled", "removed"} else None,
        label=asked["label"] or None,
        grade=asked["grade"] or None,
        text=sought or None,
    )
