import pytest

from tutela.access.permissions import Role


def test_the_site_map_names_the_paths_of_this_face(client):
    paths = client.get("/site-map").json()
    assert {"/h/hash", "/m/lookup", "/c/banks", "/status"} <= set(paths)
    assert all(not path.startswith("/v1") for path in paths)


def test_what_needs_no_account(server):
    nobody = server.client(headers={})
    for path in ("/status", "/status/live", "/site-map"):
        assert nobody.get(path).status_code == 200


def test_types_are_told(client):
    assert {"name": "pdq", "enabled_ratio": 1.0} in client.get("/c/signal_type").json()
    assert client.get("/c/content_type").json() == [
        {"enabled": True, "name": "photo"},
        {"enabled": True, "name": "video"},
    ]
    index = client.get("/c/signal_type/index").json()
    assert index["pdq"].keys() == {"db_size", "index_size", "index_out_of_date", "newest_db_item", "index_built_to"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/c/signal_type/pdq", 501),
        ("GET", "/c/exchanges", 200),
        ("GET", "/c/exchanges/apis", 200),
        ("GET", "/c/exchange/A", 404),
        ("GET", "/c/exchange/A/status", 404),
        ("DELETE", "/c/exchange/A", 200),
        ("GET", "/c/exchanges/api/ncmec", 400),
        ("GET", "/c/exchanges/api/ncmec/schema", 404),
        ("POST", "/c/exchanges/api/ncmec", 400),
        ("POST", "/c/exchanges", 400),
    ],
)
def test_exchanges_are_not_kept_this_way(server, client, method, path, status):
    assert client.request(method, path, json={}).status_code == status
    assert server.client(headers={}).request(method, path, json={}).status_code == 401
    if method != "GET":
        assert server.client(Role.READER).request(method, path, json={}).status_code == 403
