import builtins
import io
import os

import pytest
from PIL import Image

from tutela.demo.originals import originals
from tutela.model import Content
from tutela.model.finding_json import finding_from_json


@pytest.fixture
def client(as_role):
    return as_role("matcher")


@pytest.fixture(scope="module")
def picture():
    return originals()[3].read_bytes()


@pytest.fixture
def listed(services, picture):
    from tutela.engine import Engine, Policy
    from tutela.model import Entry

    with Engine(policy=Policy(pixels="always"), workers=None) as engine:
        (finding,) = engine.hash_many([Content(name="x", data=picture)])
    pdq = tuple(signal for signal in finding.signals if signal.kind == "pdq")
    services.store.add_entry("known", Entry("photo", tuple(s for s in pdq if s.frame == 0)))
    services.matching.refresh()
    return services


@pytest.mark.usefixtures("listed")
def test_a_picture_is_met_though_its_bytes_are_others(client, picture):
    out = io.BytesIO()
    Image.open(io.BytesIO(picture)).resize((400, 300)).save(out, "PNG")
    answer = client.post("/v1/match?name=upload", content=out.getvalue())
    finding = finding_from_json(answer.json())
    assert finding.name == "upload"
    assert [hit.entry_key for hit in finding.hits] == ["photo"]


@pytest.mark.usefixtures("listed")
def test_a_form_with_a_file_is_the_same(client, picture):
    answer = client.post("/v1/match", files={"file": ("holiday.jpg", picture, "image/jpeg")})
    told = answer.json()
    assert told["name"] == "holiday.jpg"
    assert told["verdict"]["name"] == "near"


@pytest.mark.usefixtures("listed")
def test_a_picture_that_lies_on_its_side_is_met_when_asked(client, picture):
    out = io.BytesIO()
    Image.open(io.BytesIO(picture)).transpose(Image.Transpose.ROTATE_90).save(out, "PNG")
    assert client.post("/v1/match", content=out.getvalue()).json()["hits"] == []
    (hit,) = client.post("/v1/match?orientations=1", content=out.getvalue()).json()["hits"]
    assert hit["orientation"].startswith("rotate")


def test_bytes_that_are_no_picture_have_a_finding_too(client):
    told = client.post("/v1/match", content=b"\xff\xd8\xff nonsense").json()
    assert told["verdict"]["name"] == "unreadable"
    assert told["problems"]


@pytest.mark.parametrize(
    "request_",
    [
        {"content": b""},
        {"files": {"other": ("x", b"x")}},
        {"content": b"x", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"x", "headers": {"content-type": "multipart/form-data; boundary=a"}},
        {"content": b"x", "params": {"cells": "perhaps"}},
    ],
)
def test_a_request_that_cannot_be_is_told_what_is_wrong(client, request_):
    assert client.post("/v1/match", **request_).status_code == 400


def test_too_large_a_body_is_refused(client):
    assert client.post("/v1/match", content=bytes(5 << 20)).status_code == 413
    assert client.post("/v1/match", files={"file": ("x", bytes(5 << 20))}).status_code == 413


def test_nothing_of_a_content_is_written_anywhere(client, picture, monkeypatch):
    """Also not for a moment: the form's file is kept in memory, whatever its size."""
    large = picture + bytes(2 << 20)
    client.post("/v1/match", content=picture)  # workers start, and log nothing of it
    opened = []
    real_open, real_os_open = builtins.open, os.open

    def watch(path, mode="r", *args, **more):
        if set(mode) & set("wax+"):
            opened.append(path)
        return real_open(path, mode, *args, **more)

    def watch_os(path, flags, *args, **more):
        if flags & (os.O_WRONLY | os.O_RDWR):
            opened.append(path)
        return real_os_open(path, flags, *args, **more)

    monkeypatch.setattr(builtins, "open", watch)
    monkeypatch.setattr(io, "open", watch)
    monkeypatch.setattr(os, "open", watch_os)
    assert client.post("/v1/match", files={"file": ("x.jpg", large)}).status_code == 200
    assert client.post("/v1/match", content=large).status_code == 200
    assert opened == []


@pytest.mark.usefixtures("listed")
def test_a_hit_is_in_the_audit_trail(client, listed, picture):
    answer = client.post("/v1/match", content=picture)
    rows = listed.audit.rows(action="match.hit")
    assert [row.request for row in rows] == [answer.headers["x-request-id"]]
    assert rows[0].after["asked"] == "content"
