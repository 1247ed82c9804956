"""Every page at two widths and in both themes: whole, readable by a screen reader, nothing amiss."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tutela.access.permissions import Role
from tutela.store.audit import By

pytestmark = pytest.mark.slow

PAGES = {
    "overview": "/",
    "match": "/match",
    "lists": "/lists",
    "new list": "/lists/new",
    "list": "/lists/demo-known",
    "long list": "/lists/thousands",
    "empty list": "/lists/empty",
    "nothing found": "/lists/demo-known?label=nothing",
    "edit list": "/lists/demo-known/edit",
    "add entry": "/lists/demo-known/add",
    "jobs": "/jobs",
    "people": "/people",
    "person": "/people/1",
    "account": "/account",
    "tokens": "/tokens",
    "webhooks": "/webhooks",
    "audit": "/audit",
    "settings": "/settings",
    "why": "/why",
    "missing": "/lists/nothing",
}
LOOKS = [(1440, False), (1440, True), (390, False), (390, True)]
# What moved while the page came, as browsers add it up; to 0.1 it is called good.
SHIFT = """() => new Promise(done => {
    let sum = 0;
    const seen = list => { for (const one of list.getEntries()) sum += one.value; };
    new PerformanceObserver(seen).observe({type: 'layout-shift', buffered: true});
    setTimeout(() => done(sum), 50);
})"""


def entry_path(server):
    return f"/lists/demo-known/entry?key={server.store.page('demo-known').entries[0].entry.key}"


def grave(page):
    """What axe finds that is serious or critical, with where."""
    found = Axe().run(page).response["violations"]
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


def check(page, path):
    answer = page.goto(path)
    assert answer.status in {200, 404}
    page.wait_for_load_state("networkidle")
    assert page.locator("h1").count() == 1
    assert grave(page) == []
    wide, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= room, f"{wide - room} px stick out"
    assert page.evaluate(SHIFT) < 0.1
    assert page.locator("h1").bounding_box()["y"] < 450, "the page begins far down"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_every_look(opened, name):
    for width, dark in LOOKS:
        check(opened(width=width, dark=dark), PAGES[name])


def test_an_entry_and_a_job_in_every_look(server, opened):
    job = server.services.jobs.list()[0]
    for width, dark in LOOKS:
        for path in (entry_path(server), f"/jobs/{job.id}"):
            check(opened(width=width, dark=dark), path)


def test_the_way_in_in_every_look(server, opened):
    for width, dark in LOOKS:
        link = server.services.people.invite(f"guest{width}{dark}", {Role.READER}, By("a test"))[1]
        for path in ("/sign-in", f"/invite?key={link}"):
            check(opened(None, width=width, dark=dark), path)


def test_a_reader_sees_what_readers_may(opened):
    page = opened("reader")
    check(page, "/lists/demo-known")
    assert "People" not in page.locator("nav").first.inner_text().split("\n")
    assert page.locator("text=Add an entry").count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_a_page_without_scripts(opened, name):
    page = opened(scripts=False, width=390)
    page.goto(PAGES[name])
    assert page.locator("h1").is_visible()
    for button in page.locator("main form button:not(details *)").all():
        assert button.is_visible()
