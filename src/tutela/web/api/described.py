"""What OpenAPI tells of the routes that read their requests themselves, with examples.

The answers' forms are those of `docs/reference/finding.schema.json`.
"""

from __future__ import annotations

from typing import Any

_PDQ = "f8f8f0cee0f4a84f06370a2ea0a5f4c1d2b68d0e3dc0b1f2a0c9f1e05c3c2d3b"
_MD5 = "9e107d9d372bb6826bd81d3542a419d6"

_GRADE = {
    "type": "object",
    "required": ["scheme", "code"],
    "properties": {"scheme": {"type": "string"}, "code": {"type": "string"}},
}
HIT: dict[str, Any] = {
    "type": "object",
    "required": ["list", "list_version", "purpose", "entry", "kind", "distance", "orientation", "frame", "grades"],
    "properties": {
        "list": {"type": "string"},
        "list_version": {"type": "integer"},
        "purpose": {"enum": ["known", "benign"]},
        "entry": {"type": "string"},
        "kind": {"type": "string"},
        "distance": {"type": "integer", "minimum": 0},
        "orientation": {"type": "string"},
        "frame": {"type": ["integer", "null"]},
        "grades": {"type": "array", "items": _GRADE},
        "labels": {"type": "array", "items": {"type": "string"}},
        "source": {"type": "string"},
        "added": {"type": ["string", "null"], "format": "date-time"},
    },
}
_VERDICT = {
    "type": "object",
    "required": ["name", "rule", "reasons"],
    "properties": {
        "name": {"enum": ["known", "near", "listed-as-benign", "nothing-found", "unreadable"]},
        "rule": {"type": "string"},
        "reasons": {"type": "array", "items": {"type": "string"}},
    },
}
_VERSIONS = {"type": "object", "additionalProperties": {"type": "integer"}}
_RESULT: dict[str, Any] = {
    "type": "object",
    "required": ["verdict", "hits", "problems"],
    "properties": {
        "verdict": _VERDICT,
        "hits": {"type": "array", "items": HIT},
        "problems": {"type": "array", "items": {"type": "object"}},
    },
}
_RESULT_ALONE: dict[str, Any] = {
    "type": "object",
    "required": ["verdict", "hits", "problems", "versions"],
    "properties": {**_RESULT["properties"], "versions": _VERSIONS},
}
_NOTHING: dict[str, Any] = {
    "verdict": {"name": "nothing-found", "rule": "nothing", "reasons": ["No list that was asked has it."]},
    "hits": [],
    "problems": [],
}

#: RFC 9457, as every error of this API is told.
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": ["string", "null"]},
    },
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the answers of a route that tell of an error, for its ``responses``."""
    told = {
        400: "The request is not of its form.",
        401: "Nobody is signed in.",
        403: "The account may not do this.",
        404: "There is no such thing.",
        408: "The request did not arrive in time.",
        409: "It is there already, or in another state.",
        413: "The request is too large.",
        422: "The request is not of its form.",
        429: "Too many look-ups, or look-ups that probe.",
        503: "The store is busy, or decoding workers cannot be run.",
    }
    content = {"application/problem+json": {"schema": PROBLEM}}
    return {status: {"description": told[status], "content": content} for status in statuses}


def _query(
    name: str, schema: dict[str, Any], text: str, example: object = None, *, required: bool = False
) -> dict[str, Any]:
    told = {"name": name, "in": "query", "required": required, "schema": schema, "description": text}
    return told if example is None else told | {"example": example}


_KINDS = {"type": "string", "enum": ["md5", "sha1", "sha256", "pdq", "photodna"]}
_LISTS = _query(
    "lists", {"type": "string"}, "Names of the lists to ask, separated by commas; all if left out.", "hotline"
)
_AT = _query("at", {"type": "string", "format": "date-time"}, "Ask the lists as they were at this time.")
_SWITCH = {"type": "string", "enum": ["0", "1", "true", "false"]}

_FAULTS = {str(status): told for status, told in problems(400, 401, 403, 404, 408, 413, 429, 503).items()}


def _answers(schema: dict[str, Any], example: object) -> dict[str, Any]:
    content = {"application/json": {"schema": schema, "example": example}}
    return {"200": {"description": "What was met.", "content": content}, **_FAULTS}


LOOKUP: dict[str, Any] = {
    "parameters": [
        _query("kind", _KINDS, "The kind of the value.", "md5", required=True),
        _query("value", {"type": "string"}, "The value in hexadecimal.", _MD5, required=True),
        _query("quality", {"type": "integer", "minimum": 0, "maximum": 100}, "Its quality, where the kind has one."),
        _LISTS,
        _AT,
    ],
    "responses": _answers(
        _RESULT_ALONE,
        _NOTHING | {"versions": {"hotline": 12}},
    ),
}

_SIGNAL = {
    "type": "object",
    "required": ["kind", "value"],
    "properties": {
        "kind": _KINDS,
        "value": {"type": "string"},
        "quality": {"type": ["integer", "null"], "minimum": 0, "maximum": 100},
    },
}
LOOKUPS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "signals": {"type": "array", "items": _SIGNAL, "minItems": 1, "maxItems": 10_000},
                        "kind": _KINDS,
                        "values": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 10_000},
                        "lists": {"type": "array", "items": {"type": "string"}},
                        "at": {"type": "string", "format": "date-time"},
                    },
                },
                "examples": {
                    "signals": {"value": {"signals": [{"kind": "md5", "value": _MD5}, {"kind": "pdq", "value": _PDQ}]}},
                    "values": {"value": {"kind": "pdq", "values": [_PDQ]}},
                },
            }
        },
    },
    "responses": _answers(
        {
            "type": "object",
            "required": ["results", "versions"],
            "properties": {"results": {"type": "array", "items": _RESULT}, "versions": _VERSIONS},
        },
        {"results": [_NOTHING], "versions": {"hotline": 12}},
    ),
}

_HOW = [
    _LISTS,
    _AT,
    _query("orientations", _SWITCH, "1: look for each frame in all eight ways to lay it.", "0"),
    _query("cells", _SWITCH, "0: do not separate contact sheets.", "1"),
    _query("complete", _SWITCH, "1: decode also what a list has byte for byte.", "0"),
    _query("name", {"type": "string"}, "What to call it in the finding.", "upload-1"),
]
FINDING: dict[str, Any] = {
    "type": "object",
    "required": ["schema", "name", "verdict", "hits", "frames", "signals", "unhashable", "problems"],
    "properties": {"verdict": _VERDICT, "hits": {"type": "array", "items": HIT}},
}
MATCH: dict[str, Any] = {
    "parameters": _HOW,
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
        },
    },
    "responses": _answers(FINDING, None),
}
MATCH_URL: dict[str, Any] = {
    "parameters": _HOW,
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["url"],
                    "properties": {"url": {"type": "string", "format": "uri"}},
                },
            }
        },
    },
    "responses": _answers(FINDING, None),
}
