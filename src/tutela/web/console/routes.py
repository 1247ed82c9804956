"""Every page of the console, put together."""

from __future__ import annotations

from fastapi import APIRouter

from tutela.web.console import entrance, lists, matching, operation, people

router = APIRouter(include_in_schema=False)
for part in (matching.router, lists.router, operation.router, people.router, entrance.router):
    router.include_router(part)
