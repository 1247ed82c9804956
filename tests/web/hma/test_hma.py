"""The face as a whole."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tutela.access.permissions import Role

WORDS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20)
)
NAMES = st.sampled_from(["name", "enabled_ratio", "enabled", "pdq", "note", "disable_until_ts", "metadata", "md5", "x"])
BODIES = st.one_of(
    st.recursive(
        WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
    )
)
ROUTES = [
    ("POST", "/c/banks"),
    ("PUT", "/c/bank/FUZZ"),
    ("POST", "/c/bank/FUZZ/signal"),
    ("POST", "/c/bank/FUZZ/content?url=x"),
    ("PUT", "/c/bank/FUZZ/content/1"),
    ("POST", "/m/compare"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES)
def test_no_body_makes_the_server_fail(curator, method, path, body):
    client: TestClient = curator
    client.post("/c/banks", json={"name": "FUZZ"})
    answer = client.request(method, path, json=body)
    assert answer.status_code < 500, (body, answer.text)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["/m/lookup", "/m/raw_lookup", "/m/index/status", "/h/hash", "/c/bank/A/content/1"]),
    query=st.dictionaries(
        st.sampled_from(
            ["signal", "signal_type", "banks", "seed", "types", "url", "include_distance", "bypass_coinflip"]
        ),
        st.text(max_size=70) | st.sampled_from(["pdq", "video_md5", "photodna", "0" * 64, "f" * 32, "true", "A,B"]),
    ),
)
def test_no_query_makes_the_server_fail(curator, path, query):
    answer = curator.get(path, params=query)
    assert answer.status_code < 500, (query, answer.text)


@pytest.mark.parametrize("path", ["//c/banks", "///c/banks", "//status"])
def test_slashes_at_the_beginning_are_taken_for_one(client, path):
    assert client.get("http://testserver" + path).status_code == 200


def test_an_address_with_a_token_may_end_in_a_slash(server, client):
    token = client.headers["Authorization"].removeprefix("Bearer ")
    nobody = server.client(headers={})
    assert nobody.get(f"/hma/{token}//c/banks").json() == []
    assert nobody.get(f"http://testserver//hma/{token}//c//banks").json() == []


def test_slashes_of_other_paths_stay(client):
    assert client.get("/v1//lists").status_code == 404


def test_the_face_is_not_part_of_the_description_of_the_api(client):
    paths = client.get("/v1/openapi.json").json()["paths"]
    assert not [path for path in paths if path.startswith(("/c/", "/m/", "/h/", "/hma/"))]


def test_what_is_not_there_is_told_to_programs_under_a_token_too(server, client):
    answer = client.get(f"/hma/{server.token(Role.MATCHER)}/nowhere")
    assert answer.status_code == 404
    assert "<html" not in answer.text
