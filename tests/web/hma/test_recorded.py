"""Requests recorded from HMA's documentation, its tests and its client Coop, one after another, and their answers."""

import json
import re
import time
from pathlib import Path

import pytest

RECORDED = Path(__file__).with_name("recorded")
FORMS = {
    "<any>": lambda _: True,
    "<int>": lambda found: isinstance(found, int),
    "<text>": lambda found: isinstance(found, str) and len(found) > 5,
    "<pdq>": lambda found: re.fullmatch("[0-9a-f]{64}", found) is not None,
}


def filled(told, kept):
    """What was told, with ``{names}`` in place of what earlier answers held."""
    if isinstance(told, dict):
        return {name: filled(value, kept) for name, value in told.items()}
    if isinstance(told, list):
        return [filled(value, kept) for value in told]
    if isinstance(told, str) and (whole := re.fullmatch(r"{(\w+)}", told)):
        return kept[whole[1]]
    if isinstance(told, str):
        return re.sub(r"{(\w+)}", lambda found: str(kept.get(found[1], found[0])), told)
    return told


def like(found, form):
    """Whether an answer has a form."""
    if isinstance(form, str) and form in FORMS:
        return FORMS[form](found)
    if isinstance(form, dict):
        return isinstance(found, dict) and found.keys() == form.keys() and all(like(found[k], form[k]) for k in form)
    if isinstance(form, list):
        return isinstance(found, list) and len(found) == len(form) and all(map(like, found, form))
    return found == form and type(found) is type(form)


@pytest.mark.parametrize("name", sorted(path.stem for path in RECORDED.glob("*.json")))
@pytest.mark.parametrize("prefix", ["", "/hma/{token}"])
def test_recorded_requests_are_answered_as_hma_answers_them(server, client, picture, name, prefix):
    record = json.loads((RECORDED / f"{name}.json").read_text())
    assert record["source"]
    kept = {"long": "x" * 256}
    headers = {}
    if prefix:
        prefix = prefix.format(token=client.headers["Authorization"].removeprefix("Bearer "))
        headers = {"Authorization": "Bearer of nobody"}  # the path's token is the one that counts
    for told in record["exchanges"]:
        asked = {"params": filled(told.get("query", {}), kept), "headers": headers | told.get("headers", {})}
        if "json" in told:
            asked["json"] = filled(told["json"], kept)
        if "file" in told:
            field, file = told["file"]
            asked["files"] = {field: (file, picture(file), "image/jpeg")}
            asked["data"] = filled(told.get("form", {}), kept)
        path = filled(told["path"], kept)
        if path.startswith("//"):
            path, prefix_here = "http://testserver" + path, ""
            asked["headers"].pop("Authorization", None)
        else:
            prefix_here = prefix
        answer = client.request(told["method"], prefix_here + path, **asked)
        tries = 20 if path.startswith("/m/") else 0  # a change may take two seconds to be matched; here it does not
        while tries and "answer" in told and not like(answer.json(), filled(told["answer"], kept)):
            time.sleep(0.1)
            tries -= 1
            answer = client.request(told["method"], prefix_here + path, **asked)
        what = f"{told['what']}: {answer.status_code} {answer.text}"
        assert answer.status_code == told["status"], what
        if "text" in told:
            assert answer.text == told["text"], what
        else:
            assert like(answer.json(), filled(told["answer"], kept)), what
        for key, place in told.get("keep", {}).items():
            found = answer.json()
            for part in place.split("."):
                found = found[part]
            kept[key] = found
