"""Pages of jobs, webhooks, the audit trail and the settings."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from tutela.access.permissions import Actor, Permission
from tutela.jobs.process import job_process_alive
from tutela.model.errors import FetchRefused, TutelaError
from tutela.model.settings import SETTINGS, as_values
from tutela.web.console.rendering import Number, go, number_asked, render, several, text
from tutela.web.forms import read_form
from tutela.web.services import services
from tutela.web.signed_in import by, needs

router = APIRouter(include_in_schema=False)
_may_read_jobs = Depends(needs(Permission.JOBS_READ))
_may_run_jobs = Depends(needs(Permission.JOBS_RUN))
_may_export = Depends(needs(Permission.LISTS_EXPORT))
_may_webhooks = Depends(needs(Permission.WEBHOOKS_MANAGE))
_may_audit = Depends(needs(Permission.AUDIT_READ))
_may_settings = Depends(needs(Permission.SETTINGS_READ))
PAGE = 50

EVENTS = (
    ("list.changed", "A list has a new version."),
    ("match.hit", "A content or value met a list: which, at what distance, in which request."),
    ("job.done", "A job is done, has failed, or was cancelled."),
)


@router.get("/jobs", dependencies=[_may_read_jobs])
async def every_job(request: Request) -> Response:
    """Name jobs, the newest first."""
    here, before = services(request), request.query_params.get("before") or None
    found = await run_in_threadpool(lambda: here.jobs.list(before=before, limit=PAGE + 1))
    following = found[PAGE - 1].id if len(found) > PAGE else None
    alive = job_process_alive(here.settings.home)
    return render(request, "jobs.html", jobs=found[:PAGE], following=following, alive=alive)


@router.get("/jobs/{number}", dependencies=[_may_read_jobs])
async def one_job(request: Request, number: str) -> Response:
    """Show a job."""
    return render(request, "job.html", job=await run_in_threadpool(services(request).jobs.get, number))


@router.get("/jobs/{number}/state", dependencies=[_may_read_jobs])
async def job_state(request: Request, number: str) -> Response:
    """Show the part of a job's page that changes."""
    return render(request, "job_state.html", job=await run_in_threadpool(services(request).jobs.get, number))


@router.post("/jobs/{number}/cancel")
async def cancel(request: Request, number: str, actor: Actor = _may_run_jobs) -> Response:
    """Have a job end."""
    await run_in_threadpool(services(request).jobs.cancel, number, by(request, actor))
    return go(f"/jobs/{number}")


@router.get("/jobs/{number}/file", dependencies=[_may_export])
async def job_file(request: Request, number: str) -> Response:
    """Fetch what an export made."""
    path = await run_in_threadpool(services(request).jobs.file, number)
    return FileResponse(path, filename=path.name, media_type="application/octet-stream")


@router.get("/webhooks", dependencies=[_may_webhooks])
async def webhooks_page(request: Request) -> Response:
    """Name webhooks."""
    return await _webhooks(request)


async def _webhooks(request: Request, **more: object) -> Response:
    hooks = await run_in_threadpool(services(request).webhooks.list)
    return render(request, "webhooks.html", **({"hooks": hooks, "events": EVENTS, "secret": None, "asked": ""} | more))


@router.post("/webhooks")
async def register(request: Request, actor: Actor = _may_webhooks) -> Response:
    """Register an address, and show its secret, once."""
    form, here = await read_form(request), services(request)
    try:
        _, secret = await run_in_threadpool(
            here.webhooks.register, text(form, "url"), several(form, "events"), by(request, actor)
        )
    except FetchRefused as error:
        wrong = f"This address cannot be used: {error.fields['reason']}."
        return await _webhooks(request, wrong=wrong, asked=text(form, "url"))
    except TutelaError as error:
        return await _webhooks(request, wrong=str(error), asked=text(form, "url"))
    return await _webhooks(request, secret=secret)


@router.post("/webhooks/{number}/disable")
async def disable(request: Request, number: Number, actor: Actor = _may_webhooks) -> Response:
    """Tell an address nothing more."""
    await run_in_threadpool(services(request).webhooks.disable, number, by(request, actor))
    return go("/webhooks", "saved")


@router.get("/audit", dependencies=[_may_audit])
async def audit_page(request: Request) -> Response:
    """Show rows of the audit trail."""
    return await _audit(request)


@router.post("/audit/verify", dependencies=[_may_audit])
async def verify(request: Request) -> Response:
    """Verify the whole trail, and say what was found."""
    return await _audit(request, report=await run_in_threadpool(services(request).audit.verify))


async def _audit(request: Request, **more: object) -> Response:
    query = request.query_params
    asked = {name: query.get(name, "").strip() for name in ("action", "target", "who")}
    before = number_asked(request, "before")
    trail = services(request).audit
    rows = await run_in_threadpool(lambda: trail.rows(before=before, limit=PAGE + 1, **asked))
    following = None
    if len(rows) > PAGE:
        kept = {name: value for name, value in asked.items() if value}
        following = f"/audit?{urlencode(kept | {'before': rows[PAGE - 1].number})}"
    known = {"rows": rows[:PAGE], "asked": asked, "following": following, "report": None}
    return render(request, "audit.html", **(known | more))


@router.get("/settings", dependencies=[_may_settings])
async def settings_page(request: Request) -> Response:
    """Show the settings in force; the database's URL without what may be a password in it."""
    values = as_values(services(request).settings)
    told = [
        (one.name, "set" if one.name == "database" and values[one.name] else values[one.name], one.default, one.help)
        for one in SETTINGS
        if one.name in values
    ]
    return render(request, "settings.html", settings=told)
