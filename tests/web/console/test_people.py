import re

import pyotp
import pytest

from tutela.access.permissions import Permission, Role
from web.conftest import PASSWORD, sign_in


@pytest.fixture
def root(signed_in):
    return signed_in("root")


def post(client, path, **fields):
    return client.post(path, data={"csrf": client.csrf} | fields)


def test_somebody_is_invited_and_comes_in(root, services, as_role):
    page = post(root, "/people/invite", name="Bea", roles=["reader", "matcher"], why="she began today")
    key = re.search(r"/invite\?key=([\w-]+)", page.text).group(1)
    assert services.people.invited(key).roles == {Role.READER, Role.MATCHER}
    services.people.accept(key, PASSWORD)
    assert sign_in(as_role(), "bea").status_code == 303
    (row,) = services.audit.rows(action="account.invite", limit=1)
    assert row.why == "she began today"
    assert "there is an account" in post(root, "/people/invite", name="bea", roles=["reader"]).text.lower()
    assert "no such role" in post(root, "/people/invite", name="carl", roles=["king"]).text
    assert {account.name for account in services.people.accounts()}.isdisjoint({"carl"})


def test_an_account_is_changed(root, services, people):
    bea = people["reader"].id
    assert post(root, f"/people/{bea}/roles", roles=["auditor"]).status_code == 303
    assert services.people.account(bea).roles == {Role.AUDITOR}
    assert "/invite?key=" in post(root, f"/people/{bea}/link").text
    assert post(root, f"/people/{bea}/disable").status_code == 303
    assert services.people.account(bea).state == "disabled"
    assert post(root, f"/people/{bea}/enable").status_code == 303
    assert services.people.account(bea).state == "active"
    assert post(root, f"/people/{bea}/factor").status_code == 303
    assert (
        post(root, f"/people/{bea}/praise").status_code >= 400 or "praise" in post(root, f"/people/{bea}/praise").text
    )
    assert post(root, "/people/99/disable").status_code == 404


def test_whoever_is_shut_out_is_out_at_once(root, signed_in, people):
    bea = signed_in("reader")
    assert bea.get("/lists").status_code == 200
    post(root, f"/people/{people['reader'].id}/disable")
    assert bea.get("/lists").status_code == 303


def test_the_last_administrator_stays(root, services, people):
    post(root, f"/people/{people['administrator'].id}/disable")
    page = post(root, f"/people/{people['root'].id}/roles", roles=["reader"])
    assert page.status_code == 200
    assert "administrator" in page.text
    assert Role.ADMINISTRATOR in services.people.account(people["root"].id).roles


def test_the_own_password_is_changed(signed_in, as_role):
    client = signed_in("reader")
    new = "seven slow otters under a bridge"
    assert "wrong" in post(client, "/account/password", old="x", new=new, again=new).text
    assert "not the same" in post(client, "/account/password", old=PASSWORD, new=new, again="x").text
    assert post(client, "/account/password", old=PASSWORD, new=new, again=new).status_code == 303
    assert sign_in(as_role(), "reader").status_code == 401
    assert sign_in(as_role(), "reader", new).status_code == 303


def test_a_second_factor_is_set_up_and_asked_for(signed_in, as_role, services, people):
    client = signed_in("reader")
    page = post(client, "/account/factor/begin").text
    assert "data:image/svg+xml" in page
    factor = services.people.begin_second_factor(people["reader"].id)
    secret = pyotp.parse_uri(factor.uri)
    assert "Begin again" in post(client, "/account/factor/confirm", code="000000").text
    confirmed = post(client, "/account/factor/confirm", code=secret.now()).text
    codes = re.search(r'<code class="secret">([^<]+)</code>', confirmed).group(1).split()
    assert len(codes) >= 8
    assert sign_in(as_role(), "reader").status_code == 401
    assert sign_in(as_role(), "reader", code=codes[0]).status_code == 303
    assert sign_in(as_role(), "reader", code=codes[0]).status_code == 401
    assert "password is wrong" in post(client, "/account/factor/drop", password="x").text
    assert post(client, "/account/factor/drop", password=PASSWORD).status_code == 303
    assert sign_in(as_role(), "reader").status_code == 303
    assert post(client, "/account/factor/praise").status_code == 400


def test_other_sign_ins_are_ended(signed_in):
    one, other = signed_in("reader"), signed_in("reader")
    assert post(one, "/account/sessions/end").status_code == 303
    assert one.get("/lists").status_code == 200
    assert other.get("/lists").status_code == 303


def test_a_token_is_shown_once_and_revoked(signed_in, services, people, as_role):
    client = signed_in("matcher")
    page = post(client, "/tokens", name="upload", days="30", scopes=[Permission.MATCH.value]).text
    secret = re.search(r"tut_[\w-]+", page).group()
    assert secret not in client.get("/tokens").text
    program = as_role()
    program.headers["authorization"] = f"Bearer {secret}"
    assert program.get("/v1/lookup", params={"kind": "md5", "value": "0" * 31 + "1"}).status_code == 200
    (token,) = services.tokens.of(people["matcher"].id)
    assert post(client, f"/tokens/{token.id}/revoke").status_code == 303
    assert program.get("/v1/lookup", params={"kind": "md5", "value": "0" * 31 + "1"}).status_code == 401


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "x", "days": "many", "scopes": ["match"]},
        {"name": "x", "days": "30"},
        {"name": "x", "days": "30", "scopes": ["everything"]},
        {"name": "x", "days": "999999", "scopes": [Permission.MATCH.value]},
    ],
)
def test_a_token_that_cannot_be_is_not_made(signed_in, services, people, fields):
    client = signed_in("matcher")
    assert "tut_" not in post(client, "/tokens", **fields).text
    assert services.tokens.of(people["matcher"].id) == ()


def test_anothers_token_is_not_ours_to_revoke(signed_in, services, people, as_role):
    as_role("matcher")
    (token,) = services.tokens.of(people["matcher"].id)
    assert post(signed_in("curator"), f"/tokens/{token.id}/revoke").status_code == 404
    assert services.tokens.of(people["matcher"].id)[0].in_force


def test_a_token_looks_after_no_account(as_role):
    program = as_role("administrator")
    assert program.get("/account").status_code == 400


def test_why_is_told_to_oneself_and_of_others_to_whoever_looks_after_people(signed_in, root, people):
    reader = signed_in("reader")
    page = reader.get("/why").text
    assert "the role" in page
    assert reader.get(f"/why?account={people['root'].id}").status_code == 403
    assert people["reader"].name in root.get(f"/why?account={people['reader'].id}").text
    assert root.get("/why?account=99").status_code == 404
