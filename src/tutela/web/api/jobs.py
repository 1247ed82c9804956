"""Imports, exports, and every other job: begun, watched, cancelled, their results fetched."""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from tutela.access.permissions import Actor, Permission
from tutela.jobs import Job
from tutela.model.errors import RequestInvalid
from tutela.web.api.answers import flag, json
from tutela.web.api.described import problems
from tutela.web.services import Services, services
from tutela.web.signed_in import by, needs

router = APIRouter(prefix="/v1", tags=["jobs"], responses=problems(400, 401, 403, 404, 409, 422, 503))
_may_edit = Depends(needs(Permission.LISTS_EDIT))
_may_export = Depends(needs(Permission.LISTS_EXPORT))
_may_read = Depends(needs(Permission.JOBS_READ))
_may_run = Depends(needs(Permission.JOBS_RUN))

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def job_to_json(job: Job) -> dict[str, Any]:
    """Return what the API tells of a job."""
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "message": job.message,
        "result": job.result,
        "error": job.error,
        "who": job.who,
        "made": job.made.isoformat(),
        "started": None if job.started is None else job.started.isoformat(),
        "ended": None if job.ended is None else job.ended.isoformat(),
    }


async def take_upload(request: Request, here: Services) -> str:
    """Write the request's body to a file of the uploads' folder as it comes; return its name."""
    folder = here.settings.home / "uploads"
    await run_in_threadpool(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    name = secrets.token_hex(16)
    path, part = folder / name, folder / f"{name}.part"
    size = 0
    try:
        with part.open("xb") as file:
            async for piece in request.stream():
                size += len(piece)
                await run_in_threadpool(file.write, piece)
            await run_in_threadpool(file.flush)
            await run_in_threadpool(os.fsync, file.fileno())
        if not size:
            raise RequestInvalid(reason="the body is empty; send the file to import")
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    return name


@router.post("/lists/{name}/imports", summary="Import a file into a list", status_code=202, openapi_extra=_BODY)
async def import_file(
    request: Request,
    name: str,
    actor: Actor = _may_edit,
    form: Annotated[
        str | None, Query(alias="format", max_length=64, description="Its format; found out if left out.")
    ] = None,
    why: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """Take a file of entries, sent as the body, and begin its import.

    It comes in steps, each matched as soon as it is in, and goes on behind the last of them after a kill.  With
    ``whole=1`` it is one version, of all or nothing; on SQLite nothing else is written until it is done.
    """
    here = services(request)
    whole, torn = flag(request, "whole", default=False), flag(request, "accept_torn", default=False)
    await run_in_threadpool(here.store.info, name)  # says so if there is no such list, before the body is taken
    number = _number(request, actor)
    known = None if number is None else await run_in_threadpool(here.jobs.find, number)
    if known is not None:
        return _again(known, "import", name)
    upload = await take_upload(request, here)
    arguments = {"list": name, "upload": upload, "format": form, "live": not whole, "accept_torn": torn}
    job = await run_in_threadpool(lambda: here.jobs.enqueue("import", arguments, by(request, actor, why), number))
    if job.arguments["upload"] != upload:  # the same request came twice at once
        (here.settings.home / "uploads" / upload).unlink(missing_ok=True)
    return _again(job, "import", name)


def _number(request: Request, actor: Actor) -> str | None:
    """Return the id of the job that a request asks for, made of its ``Idempotency-Key``; ``None`` without one.

    A client that did not hear the answer sends the same key again, and is told of the same job.
    """
    key = request.headers.get("idempotency-key")
    return None if key is None else hashlib.sha256(f"{actor.account}/{key}".encode()).hexdigest()[:24]


def _again(job: Job, kind: str, name: str) -> Response:
    if (job.kind, job.arguments.get("list")) != (kind, name):
        raise RequestInvalid(reason="this Idempotency-Key was sent with another request before; take a new one")
    return json(job_to_json(job), 202)


@router.post("/lists/{name}/exports", summary="Export a list", status_code=202)
async def export_list(
    request: Request,
    name: str,
    actor: Actor = _may_export,
    form: Annotated[str, Query(alias="format", max_length=64)] = "csv",
    why: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """Begin the export of a list into a file; it is fetched at ``/v1/jobs/{id}/file`` once the job is done."""
    here = services(request)
    await run_in_threadpool(here.store.info, name)
    arguments = {"list": name, "format": form}
    who, number = by(request, actor, why), _number(request, actor)
    job = await run_in_threadpool(lambda: here.jobs.enqueue("export", arguments, who, number))
    return _again(job, "export", name)


@router.get("/jobs", summary="Name jobs", dependencies=[_may_read])
async def every_job(
    request: Request,
    state: Annotated[str | None, Query(pattern="^(waiting|running|done|failed|cancelled)$")] = None,
    kind: Annotated[str | None, Query(max_length=64)] = None,
    before: Annotated[str | None, Query(max_length=64, description="Only jobs older than this one.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Name jobs, newest first."""
    jobs = services(request).jobs
    found = await run_in_threadpool(lambda: jobs.list(state=state, kind=kind, before=before, limit=limit))
    return json({"jobs": [job_to_json(job) for job in found]})


@router.get("/jobs/{number}", summary="Tell of one job", dependencies=[_may_read])
async def one_job(request: Request, number: str) -> Response:
    """Tell a job's state, progress and result."""
    return json(job_to_json(await run_in_threadpool(services(request).jobs.get, number)))


@router.post("/jobs/{number}/cancel", summary="Cancel a job")
async def cancel(request: Request, number: str, actor: Actor = _may_run) -> Response:
    """Have a job end; what it had not committed is as if it never was."""
    jobs = services(request).jobs
    return json(job_to_json(await run_in_threadpool(jobs.cancel, number, by(request, actor))))


@router.get(
    "/jobs/{number}/file", summary="Fetch what a job made", dependencies=[_may_export], response_class=FileResponse
)
async def fetch(request: Request, number: str) -> Response:
    """Fetch the file of an export."""
    path = await run_in_threadpool(services(request).jobs.file, number)
    return FileResponse(path, filename=path.name, media_type="application/octet-stream")
