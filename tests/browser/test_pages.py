"""Every page at two widths and in both themes: whole, readable by a screen reader, nothing amiss."""

import pytest
from axe_playwright_python.sync_playwright import Axe

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
# What moved while the page came, as browsers add it up; above 0.1 it is called poor.
SHIFT = """() => new Promise(done => {
    let sum = 0;
    const seen = list => { for (const one of list.getEntries()) sum += one.value; };
    new PerformanceObserver(seen).observe({type: 'layout-shift', buffered: true});
    setTimeout(() => done(sum), 50);
})"""


def entry_path(server):
    return f"/lists/demo-known/entry?key={server.store.page('demo-known').entries[0].entry.key}"


def check(seen, path):
    page = seen.page
    answer = page.goto(path)
    assert answer.status in {200, 404}
    page.wait_for_load_state("networkidle")
    assert page.locator("h1").count() == 1
    found = Axe().run(page).response["violations"]
    grave = [one for one in found if one["impact"] in {"serious", "critical"}]
    assert not grave, [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in grave]
    wide, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= room, f"{wide - room} px stick out"
    assert page.evaluate(SHIFT) < 0.05
    assert page.locator("h1").bounding_box()["y"] < 450, "the page begins far down"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_every_look(opened, name):
    for width, dark in LOOKS:
        seen = opened(width=width, dark=dark)
        check(seen, PAGES[name])
        missing = [line for line in seen.amiss if "404" not in line]
        assert not missing


def test_an_entry_and_a_job_in_every_look(server, opened):
    job = server.services.jobs.list()[0]
    for width, dark in LOOKS:
        for path in (entry_path(server), f"/jobs/{job.id}"):
            seen = opened(width=width, dark=dark)
            check(seen, path)
            assert not seen.amiss


def test_the_way_in_in_every_look(opened):
    for width, dark in LOOKS:
        seen = opened(None, width=width, dark=dark)
        check(seen, "/sign-in")
        assert not seen.amiss


def test_a_reader_sees_what_readers_may(opened):
    seen = opened("reader")
    check(seen, "/lists/demo-known")
    menu = seen.page.locator("nav").first.inner_text()
    assert "People" not in menu.split("\n")
    assert seen.page.locator("text=Add an entry").count() == 0
    assert not seen.amiss


@pytest.mark.parametrize("name", PAGES)
def test_a_page_without_scripts(opened, name):
    page = opened(scripts=False).page
    page.goto(PAGES[name])
    assert page.locator("h1").is_visible()
    assert page.locator("[hidden] >> visible=true").count() == 0
