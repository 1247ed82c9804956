"""A real Chromium before a real server: lists of the demo's photographs, people, jobs, hits."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from tutela.access import secrets
from tutela.access.permissions import Role
from tutela.demo.originals import originals
from tutela.engine import Engine, Policy
from tutela.model import Content, Entry, Grade, Purpose, Signal
from tutela.store.audit import By
from web.running import listening, make_server

CHROMIUM = "/usr/bin/chromium"
PASSWORD = "nine swift herons over grey water"
# Without these it looks its maker's hosts up at every start.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items):
    if Path(CHROMIUM).exists() or os.environ.get("CI"):
        return
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="Chromium is not installed (Debian's package chromium)"))


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    mended = pytest.MonkeyPatch()
    mended.setattr(secrets, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    made = make_server(tmp_path_factory.mktemp("browser") / "home")
    _fill(made.store)
    people = made.services.people
    for name, roles in (("mara", Role), ("reader", {Role.READER})):
        people.accept(people.invite(name, roles, By("a test"))[1], PASSWORD)
    made.services.jobs.enqueue("export", {"list": "demo-known", "format": "csv"}, By("account 1 (mara)"))
    made.services.matching.refresh()
    with listening(made.app) as address:
        made.address = address
        _ask(made)
        yield made
    made.services.matching.close()
    made.services.store.close()
    mended.undo()


def _fill(store):
    """Lists as a desk would have them: graded, with labels, one benign, one of thousands, one empty."""
    stems = originals()[:24]
    with Engine(policy=Policy(pixels="always"), workers=None) as engine:
        found = list(engine.hash_many([Content(name=path.stem, path=path) for path in stems]))
    grades = [("demo", "A"), ("demo", "B"), ("demo", "C")]
    entries = [
        Entry(
            one.name, one.signals, (Grade(*grades[at % 3]),), ("landscape",) if at % 2 else ("animal", "zoo"), "desk 3"
        )
        for at, one in enumerate(found)
    ]
    by = By("account 1 (mara)", "first delivery")
    store.create_list("demo-known", owner="a desk", by=by)
    store.create_list("demo-benign", owner="a desk", purpose=Purpose.BENIGN, by=by)
    store.create_list("thousands", owner="a partner", by=by)
    store.create_list("empty", by=by)
    store.import_entries("demo-known", entries[:18], by=by)
    store.import_entries("demo-benign", entries[18:], by=by)
    many = (Entry(f"{at:032x}", (Signal("md5", at.to_bytes(16, "big")),)) for at in range(1, 3001))
    store.import_entries("thousands", many, by=By("a job", "weekly"))
    store.change_entry("demo-known", entries[0].key, labels=["harbour"], by=By("account 1 (mara)", "a better label"))
    later = datetime.now(UTC) + timedelta(days=30)
    store.disable_entry("demo-known", entries[1].key, later, by=By("account 1 (mara)", "a complaint is looked into"))
    store.withdraw("demo-known", [entries[2].key], by=By("account 1 (mara)", "listed by mistake"))


def _ask(made):
    """Some look-ups, of which some hit: charts and the audit trail have something to show."""
    client = made.client(Role.MATCHER)
    for path in originals()[:12]:
        assert client.post("/v1/match", content=path.read_bytes()).status_code == 200
    for at in range(1, 200):
        client.get("/v1/lookup", params={"kind": "md5", "value": f"{at * 100:032x}"})
    made.services.usage.write()


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def states(server, browser):
    """The cookies of sign-ins, so that not every test has to sign in."""
    made = {}
    for name in ("mara", "reader"):
        context = browser.new_context(base_url=server.address)
        page = context.new_page()
        page.goto("/sign-in")
        page.fill("#f-name", name)
        page.fill("#f-password", PASSWORD)
        page.click("button.main")
        page.wait_for_url("**/")
        made[name] = context.storage_state()
        context.close()
    return made


@pytest.fixture
def opened(server, browser, states):
    """Open a context with a page in it; at the end nothing may have been amiss in any of them."""
    contexts, amiss = [], []

    def open_(name="mara", *, width=1440, dark=False, scripts=True):
        context = browser.new_context(
            base_url=server.address,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            storage_state=None if name is None else states[name],
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: amiss.append(said.text) if said.type == "error" and not _ours(said) else None)
        page.on("pageerror", lambda error: amiss.append(str(error)))
        page.on("request", lambda sent: _stays(sent.url, server.address, amiss))
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not amiss


def _ours(said):
    """Whether it tells of a page that was asked for although there is none."""
    return said.location["url"].endswith("/lists/nothing") and "404" in said.text


def _stays(url, address, amiss):
    if not url.startswith((address, "data:")):
        amiss.append(f"a request left: {url}")
