import tempfile
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from tutela.model.errors import RequestInvalid
from tutela.web import forms


async def _told(form):
    told = {
        name: value if isinstance(value, str) else [value.filename, len(await value.read())]
        for name, value in form.items()
    }
    await form.close()
    return told


async def small(request):
    first = await forms.read_form(request)
    assert await forms.read_form(request) is first
    return JSONResponse(await _told(first))


async def large(request):
    return JSONResponse(await _told(await forms.read_large_form(request)))


@pytest.fixture
def client():
    app = Starlette(
        routes=[Route("/small", small, methods=["POST"]), Route("/large", large, methods=["POST"])],
        exception_handlers={RequestInvalid: lambda _, error: JSONResponse({"error": str(error)}, 422)},
    )
    app.state.services = SimpleNamespace(settings=SimpleNamespace(server=SimpleNamespace(max_body=4 << 20)))
    return TestClient(app)


@pytest.fixture
def no_files(monkeypatch):
    def refuse(*_args, **_more):
        raise AssertionError("something was put aside on the disk")

    monkeypatch.setattr(tempfile, "_TemporaryFileWrapper", refuse)
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", refuse)


def test_a_picture_of_a_form_stays_in_memory(client, no_files):
    data = b"x" * (3 << 20)
    answer = client.post("/small", data={"list": "known"}, files={"file": ("../../etc/passwd", data)})
    assert answer.json() == {"list": "known", "file": ["../../etc/passwd", len(data)]}


def test_a_plain_form(client):
    assert client.post("/small", data={"a": "1", "b": "ü"}).json() == {"a": "1", "b": "ü"}


def test_a_list_may_be_larger_than_memory_should_be(client):
    data = b"x" * (5 << 20)
    assert client.post("/large", files={"file": ("list.csv", data)}).json() == {"file": ["list.csv", len(data)]}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nno header\r\n\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n1\r\n' * 101 + b"--x--\r\n",
        ),
        (
            "multipart/form-data; boundary=x; charset=utf-7",  # half a letter, of which no text can be made
            b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n+2AA-\r\n--x--\r\n',
        ),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(2000))),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n1\r\n' * 2 + b"--x--\r\n",
        ),
    ],
)
def test_a_form_that_cannot_be_read_is_told(client, kind, body):
    for path in ("/small", "/large"):
        answer = client.post(path, content=body, headers={"content-type": kind})
        assert answer.status_code == 422, answer.text
        assert "the form cannot be read" in answer.json()["error"]
