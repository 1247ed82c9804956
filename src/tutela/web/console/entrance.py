"""Getting in and out: set-up, invitations, signing in, signing out, colours."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from tutela.access.permissions import Actor
from tutela.model.errors import TutelaError, UsageError
from tutela.web.console.rendering import THEMES, go, open_form, render, text
from tutela.web.forms import read_form
from tutela.web.services import services
from tutela.web.signed_in import Callers, by, signed_in

router = APIRouter(include_in_schema=False)
_open_form = Depends(open_form)
_signed_in = Depends(signed_in)


@router.get("/setup")
async def set_up_page(request: Request) -> Response:
    """Ask for the first administrator's name and password, as long as there is nobody."""
    if await run_in_threadpool(services(request).people.accounts):
        return _spent(request, 410, "There is an administrator already. Sign in, or ask them for an invitation.")
    return _set_up(request, request.query_params.get("key", ""), None)


@router.post("/setup")
async def set_up(request: Request, form: FormData = _open_form) -> Response:
    """Make the first administrator."""
    people, key = services(request).people, text(form, "key")
    try:
        _same(form)
        await run_in_threadpool(people.create_first, key, text(form, "name"), str(form.get("password", "")))
    except TutelaError as error:
        return _set_up(request, key, error, text(form, "name"))
    return go("/sign-in", "ready")


def _set_up(request: Request, key: str, error: TutelaError | None, name: str = "") -> Response:
    return render(
        request,
        "set_up.html",
        200 if error is None else error.status,
        heading="Make the first account",
        lead="It looks after people and the server. If you look after lists too, give yourself further roles then.",
        action="/setup",
        key=key,
        ask_name=True,
        name=name,
        button="Make the account",
        wrong=None if error is None else str(error),
    )


@router.get("/invite")
async def invite_page(request: Request) -> Response:
    """Ask whoever was invited for a password."""
    return await _invite(request, request.query_params.get("key", ""), None)


@router.post("/invite")
async def invite(request: Request, form: FormData = _open_form) -> Response:
    """Set the password of an account by its one-time link."""
    key = text(form, "key")
    try:
        _same(form)
        await run_in_threadpool(services(request).people.accept, key, str(form.get("password", "")))
    except TutelaError as error:
        return await _invite(request, key, error)
    return go("/sign-in", "ready")


def _spent(request: Request, status: int, why: str) -> Response:
    return render(request, "error.html", status, heading="This link is spent", detail=why, code=status)


async def _invite(request: Request, key: str, error: TutelaError | None) -> Response:
    account = await run_in_threadpool(services(request).people.invited, key)
    if account is None:
        return _spent(request, 403, "This link was used already, or is too old. Ask an administrator for another.")
    return render(
        request,
        "set_up.html",
        200 if error is None else error.status,
        heading=f"Welcome, {account.name}",
        lead="Choose a password. Then sign in, and set up a second factor in your account.",
        action="/invite",
        key=key,
        ask_name=False,
        name=account.name,
        button="Set the password",
        wrong=None if error is None else str(error),
    )


def _same(form: FormData) -> None:
    if form.get("password") != form.get("again"):
        raise UsageError(reason="The two passwords are not the same.")


@router.get("/sign-in")
async def sign_in_page(request: Request) -> Response:
    """Ask for name, password and code."""
    return render(request, "sign_in.html", name="", next=_inside(request.query_params.get("next", "/")))


@router.post("/sign-in")
async def sign_in(request: Request, form: FormData = _open_form) -> Response:
    """Sign in; the cookie is a new one each time."""
    name, target = text(form, "name"), _inside(text(form, "next"))
    address = request.client.host if request.client else "unknown"
    password = str(form.get("password", ""))
    try:
        found = await run_in_threadpool(services(request).sessions.sign_in, name, password, text(form, "code"), address)
    except TutelaError as error:
        return render(request, "sign_in.html", error.status, name=name, next=target, wrong=str(error))
    answer = go(target)
    callers: Callers = request.app.state.callers
    answer.set_cookie(callers.cookie, found.secret, httponly=True, samesite="lax", secure=callers.secure, path="/")
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, actor: Actor = _signed_in) -> Response:
    """End this sign-in."""
    if actor.session is not None:
        await run_in_threadpool(services(request).sessions.end, actor.session, by(request, actor))
    callers: Callers = request.app.state.callers
    callers.forget()
    answer = go("/sign-in", "out")
    answer.delete_cookie(callers.cookie, path="/", secure=callers.secure, httponly=True, samesite="lax")
    return answer


@router.post("/theme")
async def theme(request: Request, _actor: Actor = _signed_in) -> Response:
    """Choose the colours."""
    form = await read_form(request)
    answer = go(_inside(text(form, "back")))
    chosen = text(form, "theme")
    if chosen in THEMES:
        answer.set_cookie("tutela-theme", chosen, max_age=31_536_000, httponly=True, samesite="lax", path="/")
    return answer


def _inside(target: str) -> str:
    """Return a path of this server: a redirect leads nowhere else."""
    good = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if good and "\\" not in target else "/"
