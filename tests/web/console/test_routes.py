"""Every page, for whoever may see it."""

import pytest

PAGES = {
    "/": "reader",
    "/match": "matcher",
    "/lists": "reader",
    "/lists/new": "curator",
    "/lists/known": "reader",
    "/lists/known?q=o&state=active&label=first&grade=A": "reader",
    "/lists/known?q=000102030405060708090a0b0c0d0e0f": "reader",
    "/lists/known/edit": "curator",
    "/lists/known/add": "curator",
    "/lists/known/entry?key=one": "reader",
    "/jobs": "reader",
    "/people": "administrator",
    "/people/1": "administrator",
    "/account": "reader",
    "/tokens": "matcher",
    "/webhooks": "administrator",
    "/audit": "auditor",
    "/audit?action=list.&target=list:known&who=command": "auditor",
    "/settings": "auditor",
    "/why": "reader",
    "/?span=month": "reader",
}


@pytest.mark.parametrize(("path", "role"), PAGES.items())
def test_a_page_is_whole_and_has_no_script_or_style_within(signed_in, path, role):
    answer = signed_in(role).get(path)
    assert answer.status_code == 200, answer.text
    page = answer.text
    assert page.count("<h1") == 1
    assert "<style" not in page
    assert " style=" not in page
    assert "onclick" not in page
    assert page.count("<script ") == 2
    assert "<script>" not in page


@pytest.mark.parametrize("path", PAGES)
def test_nobody_is_sent_to_sign_in(as_role, path):
    answer = as_role().get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("path", ["/people", "/audit", "/webhooks", "/lists/new", "/settings"])
def test_whoever_may_not_is_told_why(signed_in, path):
    answer = signed_in("matcher").get(path)
    assert answer.status_code == 403
    assert "the role" in answer.text


@pytest.mark.parametrize(
    "path", ["/nowhere", "/lists/nothing", "/lists/known/entry?key=nothing", "/jobs/nothing", "/people/99"]
)
def test_what_is_not_there_is_told_on_a_page(signed_in, path):
    answer = signed_in("root" if "people" in path else "curator").get(path)
    assert answer.status_code == 404
    assert "<h1" in answer.text
