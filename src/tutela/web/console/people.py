"""Pages of people, the own account, tokens, and why anybody may do anything."""

from __future__ import annotations

from typing import Any

import segno
from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from tutela.access.people import NewFactor
from tutela.access.permissions import GRANTS, MEANINGS, Actor, Permission, Role, decide
from tutela.model.errors import AccountExists, RequestInvalid, SignInRefused, TutelaError, UsageError
from tutela.web.console.rendering import Number, go, number_asked, render, several, text
from tutela.web.forms import read_form
from tutela.web.services import services
from tutela.web.signed_in import allow, by, needs, signed_in

router = APIRouter(include_in_schema=False)
_may_manage = Depends(needs(Permission.PEOPLE_MANAGE))
_may_tokens = Depends(needs(Permission.TOKENS_OWN))
_signed_in = Depends(signed_in)

#: What each role is for, in a line.
ROLES = (
    (Role.READER.value, "Sees lists, statistics and jobs, and changes nothing."),
    (Role.MATCHER.value, "Matches contents and values; makes tokens for programs that do."),
    (Role.ANALYST.value, "Matches, reads lists and sees the values of entries."),
    (Role.CURATOR.value, "Looks after lists: entries, grades, imports, exports."),
    (Role.ADMINISTRATOR.value, "Looks after people, webhooks and the server."),
    (Role.AUDITOR.value, "Reads and verifies the audit trail; changes nothing."),
)


@router.get("/people", dependencies=[_may_manage])
async def people(request: Request) -> Response:
    """Name every account."""
    return await _people(request)


async def _people(request: Request, **more: object) -> Response:
    accounts = await run_in_threadpool(services(request).people.accounts)
    return render(request, "people.html", **({"accounts": accounts, "roles": ROLES, "link": None} | more))


@router.post("/people/invite")
async def invite(request: Request, actor: Actor = _may_manage) -> Response:
    """Make an account, and show the link for it."""
    form, here = await read_form(request), services(request)
    try:
        account, secret = await run_in_threadpool(
            here.people.invite, text(form, "name"), _roles(form), by(request, actor, text(form, "why"))
        )
    except (AccountExists, UsageError) as error:
        return await _people(request, wrong=str(error))
    return await _people(request, link=_link(request, secret), link_for=account.name)


def _link(request: Request, secret: str) -> str:
    base = services(request).settings.server.public_url or str(request.base_url).rstrip("/")
    return f"{base}/invite?key={secret}"


def _roles(form: FormData) -> list[Role]:
    try:
        return [Role(name) for name in several(form, "roles")]
    except ValueError:
        raise RequestInvalid(reason="there is no such role") from None


@router.get("/people/{number}", dependencies=[_may_manage])
async def person(request: Request, number: Number) -> Response:
    """Show an account."""
    return await _person(request, number)


async def _person(request: Request, number: int, **more: object) -> Response:
    here = services(request)
    account = await run_in_threadpool(here.people.account, number)
    rows = await run_in_threadpool(lambda: here.audit.rows(who=f"account {number} (", limit=20))
    held = {role.value for role in account.roles}
    known: dict[str, Any] = {"account": account, "roles": ROLES, "held": held, "rows": rows, "link": None}
    return render(request, "person.html", **(known | more))


@router.post("/people/{number}/{action}")
async def change_person(request: Request, number: Number, action: str, actor: Actor = _may_manage) -> Response:
    """Do something to an account: ``roles``, ``link``, ``factor``, ``enable`` or ``disable``."""
    form, here = await read_form(request), services(request)
    who = by(request, actor, text(form, "why"))
    try:
        if action == "roles":
            await run_in_threadpool(here.people.set_roles, number, _roles(form), who)
        elif action == "link":
            secret = await run_in_threadpool(here.people.new_link, number, who)
            return await _person(request, number, link=_link(request, secret))
        elif action == "factor":
            await run_in_threadpool(here.people.drop_second_factor, number, who)
        elif action == "enable":
            await run_in_threadpool(here.people.enable, number, who)
        elif action == "disable":
            await run_in_threadpool(here.people.disable, number, who)
        else:
            raise RequestInvalid(reason=f"nothing called {action!r} is done to accounts")
    except TutelaError as error:
        if error.status == 404:
            raise
        return await _person(request, number, wrong=str(error))
    request.app.state.callers.forget()
    return go(f"/people/{number}", "saved")


# --------------------------------------------------------------------------------------------------- the own account
@router.get("/account")
async def account_page(request: Request, actor: Actor = _signed_in) -> Response:
    """Show the own account."""
    return await _account(request, actor)


async def _account(request: Request, actor: Actor, factor: NewFactor | None = None, **more: object) -> Response:
    here, number = services(request), _number(actor)
    account = await run_in_threadpool(here.people.account, number)
    sessions = await run_in_threadpool(here.sessions.of, number)
    known: dict[str, Any] = {"account": account, "sessions": sessions, "codes": None, "factor": factor, "qr": None}
    if factor is not None:
        known["qr"] = _qr(factor.uri)
    return render(request, "account.html", **(known | more))


def _number(actor: Actor) -> int:
    if actor.account is None or actor.session is None:
        raise RequestInvalid(reason="an account is looked after by its person, not by a token")
    return actor.account


def _qr(uri: str) -> str:
    return segno.make(uri, error="m").svg_data_uri(scale=4, border=2)


@router.post("/account/password")
async def password(request: Request, actor: Actor = _signed_in) -> Response:
    """Change the own password."""
    form, here, number = await read_form(request), services(request), _number(actor)
    try:
        if form.get("new") != form.get("again"):
            raise UsageError(reason="The two new passwords are not the same.")
        old, new = str(form.get("old", "")), str(form.get("new", ""))
        who = by(request, actor)
        await run_in_threadpool(lambda: here.people.change_password(number, old, new, who, keep=actor.session))
    except TutelaError as error:
        wrong = "The present password is wrong." if isinstance(error, SignInRefused) else str(error)
        return await _account(request, actor, wrong=wrong)
    return go("/account", "password")


@router.post("/account/factor/{action}")
async def factor(request: Request, action: str, actor: Actor = _signed_in) -> Response:
    """Set a second factor up: ``begin``, ``confirm``; or ``drop`` it."""
    form, here, number = await read_form(request), services(request), _number(actor)
    if action == "begin":
        return await _account(request, actor, await run_in_threadpool(here.people.begin_second_factor, number))
    try:
        if action == "confirm":
            codes = await run_in_threadpool(
                here.people.confirm_second_factor, number, text(form, "code"), by(request, actor)
            )
            return await _account(request, actor, codes=codes)
        if action == "drop":
            account = await run_in_threadpool(here.people.account, number)
            await run_in_threadpool(here.people.check_password, account.id, str(form.get("password", "")))
            await run_in_threadpool(here.people.drop_second_factor, number, by(request, actor))
            return go("/account", "saved")
    except SignInRefused:
        wrong = "This code is wrong or too old. Begin again." if action == "confirm" else "The password is wrong."
        return await _account(request, actor, wrong=wrong)
    raise RequestInvalid(reason=f"nothing called {action!r} is done to a second factor")


@router.post("/account/sessions/end")
async def end_sessions(request: Request, actor: Actor = _signed_in) -> Response:
    """End every other sign-in of the own account."""
    here, number = services(request), _number(actor)
    who = by(request, actor)
    await run_in_threadpool(lambda: here.sessions.end_all(number, who, keep=actor.session))
    request.app.state.callers.forget()
    return go("/account", "ended")


# ------------------------------------------------------------------------------------------------------------ tokens
@router.get("/tokens")
async def tokens_page(request: Request, actor: Actor = _may_tokens) -> Response:
    """Name the own tokens."""
    return await _tokens(request, actor)


async def _tokens(request: Request, actor: Actor, **more: object) -> Response:
    found = await run_in_threadpool(services(request).tokens.of, actor.account)
    scopes = [(one.value, MEANINGS[one]) for one in Permission if any(one in GRANTS[role] for role in actor.roles)]
    return render(request, "tokens.html", **({"tokens": found, "scopes": scopes, "secret": None} | more))


@router.post("/tokens")
async def make_token(request: Request, actor: Actor = _may_tokens) -> Response:
    """Make a token and show its secret, once."""
    form, here, number = await read_form(request), services(request), _number(actor)
    try:
        days = text(form, "days")
        if not days.isdecimal():
            raise UsageError(reason="Days are a whole number.")
        scopes = [Permission(name) for name in several(form, "scopes")]
        if not scopes:
            raise UsageError(reason="Choose at least one scope: a token without any opens nothing.")
        who = by(request, actor)
        secret, _ = await run_in_threadpool(here.tokens.make, number, text(form, "name"), scopes, int(days[:6]), who)
    except (UsageError, ValueError) as error:
        return await _tokens(request, actor, wrong=str(error))
    return await _tokens(request, actor, secret=secret)


@router.post("/tokens/{number}/revoke")
async def revoke(request: Request, number: Number, actor: Actor = _may_tokens) -> Response:
    """Revoke an own token."""
    here, account = services(request), _number(actor)
    who = by(request, actor)
    await run_in_threadpool(lambda: here.tokens.revoke(number, who, account=account))
    request.app.state.callers.forget()
    return go("/tokens", "revoked")


# --------------------------------------------------------------------------------------------------------------- why
@router.get("/why")
async def why(request: Request, actor: Actor = _signed_in) -> Response:
    """Show every decision about an account, with its reason; others' only to those who look after people."""
    here = services(request)
    asked, accounts, shown = number_asked(request, "account"), None, actor
    if decide(actor, Permission.PEOPLE_MANAGE).allowed:
        accounts = await run_in_threadpool(here.people.accounts)
    if asked is not None and asked != actor.account:
        allow(actor, Permission.PEOPLE_MANAGE)
        account = await run_in_threadpool(here.people.account, asked)
        shown = Actor(account.id, account.name, account.roles if account.state == "active" else frozenset())
    return render(
        request,
        "why.html",
        mine=shown is actor,
        name=shown.name,
        chosen=shown.account,
        accounts=accounts,
        decisions=[decide(shown, permission) for permission in Permission],
    )
