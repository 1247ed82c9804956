"""What HMA's requests hold, read as HMA reads it: parameters, bodies, the one uploaded file."""

from __future__ import annotations

import json as text_json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from tutela.web.hma.errors import malformed, missing, refusal
from tutela.web.hma.signal_types import content_type

#: Characters of a note, as in HMA.
LONGEST_NOTE = 255
#: Bytes of what a client may keep with a content.
LARGEST_METADATA = 64 * 1024

_ON, _OFF = {"1", "true", "t", "yes", "y", "on"}, {"0", "false", "f", "no", "n", "off"}
_MEMBERS = ("content_id", "content_uri", "json")


@dataclass(frozen=True, slots=True)
class Upload:
    """The one file of a form: its content type, which is the field's name, and its bytes; and the form's texts."""

    content: str
    name: str
    data: bytes
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remarks:
    """What a client keeps with a content: a note, and metadata with HMA's three members."""

    note: str | None = None
    metadata: Mapping[str, Any] | None = None


def parameter(request: Request, *names: str) -> tuple[str, ...]:
    """Return parameters of the query that have to be there."""
    lacking = [name for name in names if name not in request.query_params]
    if lacking:
        raise missing(*lacking)
    return tuple(request.query_params[name] for name in names)


def switch(request: Request, name: str) -> bool:
    """Return a switch of the query, off if it is not there."""
    text = request.query_params.get(name, "false").lower()
    if text in _ON | _OFF:
        return text in _ON
    raise malformed([("bool_parsing", name, "Input should be a valid boolean, unable to interpret input")])


def banks_asked(request: Request) -> frozenset[str] | None:
    """Return the names of banks that ``banks`` of the query holds, separated by commas; ``None`` for all."""
    named = request.query_params.get("banks")
    return frozenset(named.split(",")) if named else None


async def json_object(request: Request, *, what: str = "Request input") -> dict[str, Any]:
    """Return the body, which has to be a JSON object."""
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise refusal(400, "The browser (or proxy) sent a request that this server could not understand.") from None
    if not isinstance(body, dict):
        raise refusal(400, f"{what} was not a dict")
    return body


async def upload(request: Request, most: int) -> Upload | None:
    """Return the uploaded file of at most ``most`` bytes, kept in memory and nowhere else; ``None`` without one."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return None
    parser = MultiPartParser(request.headers, request.stream(), max_files=2, max_fields=32, max_part_size=most)
    parser.spool_max_size = most + 1  # else a larger part would lie on the disk for a while
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as error:
        crowded = "files" in str(error)
        raise refusal(400, "Only one file allowed per request" if crowded else "The form cannot be read") from None
    try:
        return await _upload_of(form)
    finally:
        await form.close()


async def _upload_of(form: FormData) -> Upload | None:
    files = [(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile)]
    texts = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    if not files:
        return None
    if len(files) > 1:
        raise refusal(400, "Only one file allowed per request")
    ((name, file),) = files
    return Upload(content_type(name), file.filename or name, await file.read(), texts)


def note_of(note: object) -> str | None:
    """Return a note; an empty one is none."""
    if not note:
        return None
    if not isinstance(note, str):
        raise refusal(400, "note should be a string")
    if len(note) > LONGEST_NOTE:
        raise refusal(400, f"note must be at most {LONGEST_NOTE} characters")
    return note


def metadata_of(metadata: object) -> Mapping[str, Any] | None:
    """Return the metadata of a JSON body: an object with no member but ``content_id``, ``content_uri``, ``json``."""
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise refusal(400, "metadata should be a json object")
    kept = {name: value for name, value in metadata.items() if name != "collab" and value is not None}
    for name, value in kept.items():
        if name not in _MEMBERS:
            raise refusal(400, "Invalid metadata: it may have content_id, content_uri and json, and nothing else")
        if not isinstance(value, dict if name == "json" else str):
            raise refusal(400, f"Invalid metadata: {name} is not of its type")
    if len(text_json.dumps(kept)) > LARGEST_METADATA:
        raise refusal(400, f"Invalid metadata: it has more than {LARGEST_METADATA} characters")
    return kept or None


def remarks_of_texts(texts: Mapping[str, str]) -> Remarks:
    """Return what the texts of a form or query tell of a content.

    Coop sends ``content_id`` and ``content_uri`` beside ``metadata``, which is then what HMA calls its ``json``; HMA
    itself refuses that, and we take it.
    """
    found: dict[str, Any] = {name: texts[name] for name in ("content_id", "content_uri") if texts.get(name)}
    if "metadata" in texts:
        try:
            told = text_json.loads(texts["metadata"])
        except ValueError:
            raise refusal(400, "metadata form field must be valid JSON") from None
        if isinstance(told, dict) and not set(told) <= {*_MEMBERS, "collab"}:
            told = {"json": told}
        if not isinstance(told, dict):
            raise refusal(400, "metadata should be a json object")
        found = told | found
    return Remarks(note_of(texts.get("note")), metadata_of(found))


async def remarks_of_body(request: Request) -> Remarks:
    """Return what a JSON body tells of a content that is named by its URL; without one, what the query tells."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return remarks_of_texts(request.query_params)
    body = await json_object(request)
    return Remarks(note_of(body.get("note")), metadata_of(body.get("metadata")))
