"""Forms that are read in memory and nowhere else: a picture that is matched must not touch the disk.

The framework's own reading of a form puts larger files aside as temporary ones.
"""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from tutela.model.errors import RequestInvalid

MULTIPART = "multipart/form-data"


async def read_form(request: Request) -> FormData:
    """Return a request's form, read once; raise `RequestInvalid` for one that cannot be read."""
    kept = getattr(request.state, "form", None)
    if kept is not None:
        found: FormData = kept
        return found
    try:
        if request.headers.get("content-type", "").startswith(MULTIPART):
            most = request.app.state.services.settings.server.max_body
            parser = MultiPartParser(request.headers, request.stream(), max_files=1, max_fields=100, max_part_size=most)
            parser.spool_max_size = most + 1
            form = await parser.parse()
        else:
            form = await request.form(max_fields=1000)
        _check_letters(form)
    except (MultiPartException, HTTPException, KeyError, ValueError) as error:
        raise _unreadable(error) from None
    request.state.form = form
    return form


async def read_large_form(request: Request) -> FormData:
    """Return a request's form, of any size: its file lies on the disk meanwhile.  For lists, not for pictures."""
    try:
        form = await request.form(max_files=1, max_fields=100)
        _check_letters(form)
    except (MultiPartException, HTTPException, KeyError, ValueError) as error:
        raise _unreadable(error) from None
    request.state.form = form
    return form


def _check_letters(form: FormData) -> None:
    """Raise `ValueError` for halves of letters, which a form may bring by naming an encoding of its own."""
    for name, value in form.multi_items():
        name.encode()
        (value if isinstance(value, str) else value.filename or "").encode()


def _unreadable(error: Exception) -> RequestInvalid:
    # Within an app the framework raises its own error instead of the parser's.
    return RequestInvalid(reason=f"the form cannot be read ({getattr(error, 'detail', error)})")
