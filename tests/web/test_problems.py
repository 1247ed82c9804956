import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.testclient import TestClient

from tutela.model.errors import IndexDamaged, ListUnknown, NotSignedIn, TooMany
from tutela.web import problems

RAISED = {
    "unknown": ListUnknown(name="x"),
    "damaged": IndexDamaged(path="/secret/place", reason="a bit fell over"),
    "many": TooMany(most=10, seconds=7),
    "nobody": NotSignedIn(),
}


class Asked(BaseModel):
    number: int


@pytest.fixture
def client():
    app = FastAPI()
    problems.install(app)

    @app.get("/raise/{name}")
    async def raise_it(name: str):
        raise RAISED[name]

    @app.post("/form")
    async def form(asked: Asked):
        return asked.number

    return TestClient(app)


@pytest.mark.parametrize(
    ("path", "status", "name"),
    [
        ("/raise/unknown", 404, "list-unknown"),
        ("/raise/damaged", 500, "index-damaged"),
        ("/raise/many", 429, "too-many"),
        ("/raise/nobody", 401, "not-signed-in"),
        ("/nowhere", 404, "not-found"),
    ],
)
def test_every_error_has_one_form(client, path, status, name):
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == problems.MEDIA_TYPE
    told = answer.json()
    assert set(told) >= {"type", "title", "status", "detail", "instance"}
    assert (told["type"], told["status"]) == (f"urn:tutela:problem:{name}", status)


def test_a_wrong_method_says_which_there_are(client):
    answer = client.get("/form")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


def test_what_names_files_of_the_server_stays_there(client):
    assert "secret" not in client.get("/raise/damaged").text


def test_whoever_asks_too_much_learns_how_long_to_wait(client):
    assert client.get("/raise/many").headers["retry-after"] == "7"


def test_nobody_learns_how_to_sign_in(client):
    assert client.get("/raise/nobody").headers["www-authenticate"].startswith("Bearer")


def test_a_wrong_form_is_told_field_by_field_and_not_repeated(client):
    answer = client.post("/form", json={"number": "s3cret"})
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["where"] == "body.number"
    assert "s3cret" not in answer.text
