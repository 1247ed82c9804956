"""The description of the API says what is so."""

import jsonschema
import pytest

from tutela.web.api.described import HIT, PROBLEM
from web.conftest import KNOWN


@pytest.fixture
def description(as_role):
    return as_role().get("/v1/openapi.json").json()


def test_it_is_openapi_3_1_and_tells_of_every_route_for_programs(description, app):
    assert description["openapi"].startswith("3.1")
    told = {(method.upper(), path) for path, ways in description["paths"].items() for method in ways}
    assert ("GET", "/v1/lookup") in told
    assert ("POST", "/v1/match") in told
    assert not [
        path for _, path in told if not path.startswith(("/v1", "/health", "/metrics", "/h/", "/m/", "/c/", "/status"))
    ]


def test_look_ups_have_examples_that_work(description, as_role):
    client = as_role("matcher")
    query = {
        p["name"]: p["example"] for p in description["paths"]["/v1/lookup"]["get"]["parameters"] if p.get("required")
    }
    assert client.get("/v1/lookup", params=query).status_code == 200
    body = description["paths"]["/v1/lookup"]["post"]["requestBody"]["content"]["application/json"]
    for example in body["examples"].values():
        assert client.post("/v1/lookup", json=example["value"]).status_code == 200


def test_answers_are_of_their_forms(description, as_role):
    client = as_role("matcher")
    told = client.get("/v1/lookup", params={"kind": "md5", "value": KNOWN.hex()}).json()
    schema = description["paths"]["/v1/lookup"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.validate(told, schema)
    jsonschema.validate(told["hits"][0], HIT)
    jsonschema.validate(client.get("/v1/lookup").json(), PROBLEM)
