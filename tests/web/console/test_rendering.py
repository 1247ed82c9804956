import re

import pytest

from tutela.web.console import rendering

TEMPLATES = sorted((rendering.FOLDER / "templates").glob("*.html"))


def test_what_a_page_is_told_to_say_is_one_of_its_own_lines(signed_in):
    client = signed_in("curator")
    assert "Saved." in client.get("/lists", params={"told": "Saved."}).text
    assert "Call this number" not in client.get("/lists", params={"told": "Call this number"}).text


def test_navigation_is_what_the_role_may_open(signed_in):
    for role in ("reader", "matcher", "curator", "administrator", "auditor"):
        client = signed_in(role)
        page = client.get("/account").text
        menu = page[page.index("<nav") : page.index("</nav>")]
        links = set(re.findall(r'href="(/[a-z]*)"', menu))
        assert "/why" in links
        for _, items in rendering._NAVIGATION:
            for _, path, _ in items:
                assert (client.get(path).status_code == 200) is (path in links), (role, path)


def test_colours_are_those_chosen_and_nothing_else(signed_in):
    client = signed_in("reader")
    client.cookies.set("tutela-theme", 'dark" onload="x')
    assert "onload" not in client.get("/account").text
    answer = client.post("/theme", data={"csrf": client.csrf, "theme": "dark", "back": "/lists"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/lists"
    assert "dark" in answer.headers["set-cookie"]


def test_what_comes_from_people_is_escaped(signed_in, services, people):
    from tutela.model import Entry, Signal

    services.store.create_list("x", owner="<i>owner</i>")
    services.store.add_entry("x", Entry("<u>key", (Signal("md5", b"<" * 15 + b"1"),), (), ("<s>label",), "<em>source"))
    client = signed_in("curator")
    for path in ("/lists", "/lists/x", "/lists/x/entry?key=<u>key", "/lists/x?q=<u>&label=<s>label"):
        page = client.get(path).text
        assert not re.search(r"<(i|u|s|em)>(owner|key|label|source)", page), path


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_switch_no_escaping_off_and_load_nothing_from_elsewhere(path):
    source = path.read_text()
    assert "|safe" not in source.replace(" ", "")
    assert "autoescape" not in source
    assert not re.search(r'(src|href|action)="(https?:)?//', source)
    assert not re.search(r"<script(?![^>]*\bsrc=)", source)
    for form in re.findall(r'<form[^>]*method="post".*?</form>', source, re.DOTALL):
        assert "csrf" in form


def test_forms_of_nobody_need_the_cookie_of_their_page(as_role):
    client = as_role()
    form = {"name": "root", "password": "x", "csrf": "made up", "next": "/"}
    assert client.post("/sign-in", data=form).status_code == 403
    client.get("/sign-in")
    assert client.post("/sign-in", data=form).status_code == 403


def test_numbers_and_times_are_for_reading():
    assert rendering._number(1234567) == "1\u202f234\u202f567"
    assert rendering._number(None) == "\u2013"
    assert (
        rendering._changes({"owner": "us", "gone": None, "limits": {"pdq": [31, 50]}}) == "owner us; limits pdq 31, 50"
    )
