"""The JSON form of what was computed of one file, without any list: a line of `tutela hash --jsonl`.

    {"schema": 1, "path": "a.jpg", "size": 3, "media_type": "image/jpeg", "frames": [...],
     "signals": [{"kind": "md5", "value": "...", "quality": null}, ...], "unhashable": [...], "problems": [...]}

Every part is as in a finding (`docs/reference/finding.md`), but the name is called ``path``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tutela.model.errors import FindingInvalid
from tutela.model.finding_json import SCHEMA_VERSION, Json, finding_from_json, finding_to_json
from tutela.model.verdict import Finding

_KEPT = ("size", "media_type", "frames", "signals", "unhashable", "problems")


def hash_to_json(finding: Finding) -> Json:
    """Return the signals and problems of a finding; ``path_bytes`` (base64) only for a name not in UTF-8."""
    whole = finding_to_json(finding)
    line: Json = {"schema": whole["schema"], "path": whole["name"]}
    if "name_bytes" in whole:
        line["path_bytes"] = whole["name_bytes"]
    return line | {name: whole[name] for name in _KEPT}


def hash_from_json(record: Mapping[str, Any]) -> Finding:
    """Return the finding of a line, with a verdict that is still open: no list was asked.

    ``path`` and ``signals`` are needed, so that others may write such lines too; the rest may be missing.  Raises
    `FindingInvalid`.
    """
    if not isinstance(record, Mapping) or "path" not in record or "signals" not in record:
        raise FindingInvalid(reason="a line needs the fields 'path' and 'signals'")
    whole: Json = {
        "schema": SCHEMA_VERSION,
        "name": record["path"],
        "size": None,
        "media_type": None,
        "frames": [],
        "unhashable": [],
        "problems": [],
        "hits": [],
        "verdict": {"name": "nothing-found", "rule": "nothing", "reasons": []},
    }
    if "path_bytes" in record:
        whole["name_bytes"] = record["path_bytes"]
    whole |= {name: record[name] for name in ("schema", *_KEPT) if name in record}
    return finding_from_json(whole)
