import base64

import pytest

from tutela.access.permissions import Role
from tutela.model.errors import ListUnknown, StoreUnwritable, TooMany
from tutela.web.hma.errors import of_error


def test_an_error_of_ours_is_told_in_hmas_form():
    answer = of_error(TooMany(most=5, seconds=3))
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "3"
    assert b'{"message":"This account has asked' in answer.body


def test_a_list_is_told_as_a_bank():
    assert of_error(ListUnknown(name="a-b")).body == b'{"message":"bank \'A_B\' not found"}'


def test_what_names_files_of_the_server_is_not_told():
    answer = of_error(StoreUnwritable(path="/secret/place", reason="full"))
    assert answer.status_code == 500
    assert b"secret" not in answer.body


@pytest.mark.parametrize(
    "path", ["/c/banks", "/m/lookup?signal=a&signal_type=pdq", "/hma/nobody/c/banks", "/c/signal_type"]
)
def test_nobody_is_told_so_in_hmas_form(server, path):
    answer = server.client(headers={}).get(path)
    assert answer.status_code == 401
    assert answer.json().keys() == {"message"}
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_who_may_not_is_told_why(server):
    answer = server.client(Role.MATCHER).post("/c/banks", json={"name": "A"})
    assert answer.status_code == 403
    assert "make and remove lists" in answer.json()["message"]


def test_a_token_is_taken_as_a_password_and_from_the_path(server):
    token = server.token(Role.CURATOR)
    basic = base64.b64encode(f"token:{token}".encode()).decode()
    assert server.client(headers={"Authorization": f"Basic {basic}"}).get("/c/banks").status_code == 200
    assert server.client(headers={}).get(f"/hma/{token}/c/banks").status_code == 200
    assert server.client(headers={}).get("/hma/tut_%0d%0aX:%20y/c/banks").status_code == 401


def test_a_sign_in_of_a_browser_counts_for_nothing_here(server):
    """Else another site could have a browser change banks: this face has no CSRF values."""
    account, link = server.services.people.invite("browser", [Role.CURATOR], server.by)
    server.services.people.accept(link, "a long enough passphrase of words")
    signed = server.services.sessions.sign_in("browser", "a long enough passphrase of words", None, "127.0.0.1")
    client = server.client(headers={})
    client.cookies.set("tutela", signed.secret)
    assert client.get("/v1/lists").status_code == 200
    assert client.get("/c/banks").status_code == 401
    assert account.name == "browser"


def test_a_body_that_is_too_large_is_refused(server, client):
    most = server.services.settings.server.max_body
    answer = client.post("/h/hash", content=b"x", headers={"content-length": str(most + 1)})
    assert answer.status_code == 413


def test_neither_token_nor_values_come_into_the_log(server, caplog):
    token = server.token(Role.MATCHER)
    with caplog.at_level("INFO"):
        server.client(headers={}).get(f"/hma/{token}/m/lookup", params={"signal": "facd8bcb", "signal_type": "pdq"})
    told = [str(record.__dict__) for record in caplog.records if record.name == "tutela.web"]
    assert told
    assert all(token not in line and "facd8bcb" not in line for line in told)
