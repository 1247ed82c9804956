"""Templates into pages: what every page knows, the filters that write times and numbers, pages that tell of errors."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import Path as InPath
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

import tutela
from tutela.access.permissions import Permission, decide
from tutela.model import Grade
from tutela.model.errors import FormStale
from tutela.report.wording import ORIENTATION_NAMES
from tutela.signals import kind_title
from tutela.web.forms import read_form
from tutela.web.signed_in import Caller, Callers

FOLDER = Path(__file__).parent.parent
STATIC = FOLDER / "static"
#: The cookie whose value forms of nobody signed in repeat, so that no other site can send them.
FORM_COOKIE = "tutela-form"
THEMES = ("system", "light", "dark")
#: A row's number in a path: larger ones are in no database, which must not have to say so.
Number = Annotated[int, InPath(ge=0, le=2**53)]

#: (group, ((name, path, permission), ...)); ``None``: for everybody signed in.
_NAVIGATION: tuple[tuple[str, tuple[tuple[str, str, Permission | None], ...]], ...] = (
    (
        "Matching",
        (
            ("Overview", "/", Permission.STATISTICS_READ),
            ("Match", "/match", Permission.MATCH),
            ("Lists", "/lists", Permission.LISTS_READ),
            ("Jobs", "/jobs", Permission.JOBS_READ),
        ),
    ),
    (
        "People and programs",
        (
            ("People", "/people", Permission.PEOPLE_MANAGE),
            ("Tokens", "/tokens", Permission.TOKENS_OWN),
            ("Webhooks", "/webhooks", Permission.WEBHOOKS_MANAGE),
        ),
    ),
    (
        "Server",
        (
            ("Audit", "/audit", Permission.AUDIT_READ),
            ("Settings", "/settings", Permission.SETTINGS_READ),
            ("Why may I", "/why", None),
        ),
    ),
)


def _when(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _number(value: float | None) -> str:
    return "\u2013" if value is None else f"{value:,}".replace(",", "\u202f")


def _grade(grade: Grade) -> str:
    return f"{grade.scheme} {grade.code}"


def _changes(record: Mapping[str, Any]) -> str:
    return "; ".join(f"{name.replace('_', ' ')} {_told(value)}" for name, value in record.items() if value is not None)


def _told(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_told(one)}" for name, one in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)


_environment = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {
    "when": _when,
    "number": _number,
    "grade": _grade,
    "changes": _changes,
    "kind": kind_title,
    "laid": ORIENTATION_NAMES.__getitem__,
}


def render(request: Request, template: str, status: int = 200, /, **context: object) -> Response:
    """Return a page.  ``told`` and ``wrong`` in the context are lines above its content."""
    caller: Caller | None = getattr(request.state, "caller", None)
    actor = None if caller is None else caller.actor
    fresh = None
    if caller is None or caller.csrf is None:
        csrf = request.cookies.get(FORM_COOKIE) or (fresh := secrets.token_urlsafe(24))
    else:
        csrf = caller.csrf
    theme = request.cookies.get("tutela-theme", "system")

    def may(permission: str) -> bool:
        return decide(actor, Permission(permission)).allowed

    known = {
        "request": request,
        "actor": actor,
        "csrf_value": csrf,
        "theme": theme if theme in THEMES else "system",
        "version": tutela.__version__,
        "may": may,
        "here": _place(request.url.path),
        "navigation": [] if actor is None else _navigation(caller),
        "told": request.query_params.get("told") if request.query_params.get("told") in TOLD.values() else None,
        "wrong": None,
    }
    page = _environment.get_template(template).render(known | context)
    answer = HTMLResponse(page, status)
    if fresh is not None:
        answer.set_cookie(FORM_COOKIE, fresh, httponly=True, samesite="lax", secure=_secure(request), path="/")
    return answer


#: Lines that a page may be asked to show after something was done; nothing else in a URL is ever shown.
TOLD = {
    "saved": "Saved.",
    "out": "You are signed out.",
    "ready": "You can sign in now.",
    "revoked": "Revoked. It opens nothing any more, within a second.",
    "ended": "All other sign-ins have ended.",
    "removed": "The list is gone.",
    "withdrawn": "Withdrawn. It is matched no longer, within two seconds.",
    "password": "Your password is changed.",
}


def go(path: str, told: str = "") -> Response:
    """Return a redirect after something was done; ``told`` is one of the names of `TOLD`."""
    joint = "&" if "?" in path else "?"
    return RedirectResponse(f"{path}{joint}told={TOLD[told].replace(' ', '%20')}" if told else path, 303)


def error_page(request: Request, status: int, title: str, detail: str) -> Response:
    """Return a page that tells of an error; whoever is not signed in is sent to do so first."""
    if status == 401:
        query = f"?next={request.url.path}" if request.method == "GET" and request.url.path != "/" else ""
        return RedirectResponse(f"/sign-in{query}", 303)
    return render(request, "error.html", status, heading=title, detail=detail, code=status)


def _navigation(caller: Caller | None) -> list[tuple[str, list[tuple[str, str]]]]:
    actor = None if caller is None else caller.actor
    found = []
    for group, items in _NAVIGATION:
        shown = [(name, path) for name, path, needed in items if needed is None or decide(actor, needed).allowed]
        if shown:
            found.append((group, shown))
    return found


def _place(path: str) -> str:
    """Return the navigation's path that a page belongs to."""
    return "/" + path.split("/")[1]


def _secure(request: Request) -> bool:
    callers: Callers = request.app.state.callers
    return callers.secure


async def open_form(request: Request) -> FormData:
    """Return the form of nobody signed in; raise `FormStale` unless it repeats the cookie of its page."""
    form = await read_form(request)
    told, kept = form.get("csrf"), request.cookies.get(FORM_COOKIE)
    if not isinstance(told, str) or kept is None or not hmac.compare_digest(told.encode(), kept.encode()):
        raise FormStale
    return form


def text(form: FormData, name: str) -> str:
    """Return a field of a form, without spaces at its ends; empty if it is not there."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def number_asked(request: Request, name: str) -> int | None:
    """Return a whole number of the query; ``None`` without one, and for one too large for any row to have it."""
    told = request.query_params.get(name, "")
    return int(told) if told.isdecimal() and len(told) <= len(str(2**53)) else None


def several(form: FormData, name: str) -> list[str]:
    """Return the values of a field that may come several times."""
    return [value for value in form.getlist(name) if isinstance(value, str)]
