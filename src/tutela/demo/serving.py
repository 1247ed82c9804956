"""`serve_demo`: the server on the demo's store, with accounts of its own, asked over HTTP as users would.

Needs the extra `server`.
"""

from __future__ import annotations

import json
import secrets
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from tutela.access.people import People
from tutela.access.permissions import Role
from tutela.access.tokens import Tokens
from tutela.access.trail import AuditTrail
from tutela.client import Client
from tutela.demo.running import FINDINGS, KNOWN_LIST
from tutela.demo.truth import DemoTruth, Group
from tutela.model import Settings, Signal
from tutela.model.errors import ServerUnreachable, UsageError
from tutela.model.finding_json import finding_from_json
from tutela.store import Store
from tutela.store.audit import By
from tutela.web.serving import serve

#: What is asked of the server as bytes: so many files of each of these groups.
ASKED = {Group.EXACT: 3, Group.FORMAT: 12, Group.EDIT: 12, Group.BENIGN: 6, Group.STRANGER: 12}
#: What the server logs, in the demo's folder.
LOG = "server.log"
#: Seconds that the server has to start, and a hit to be in the audit trail.
PATIENCE = 60.0
_WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "jetty", "knoll", "larch")


@dataclass(frozen=True, slots=True)
class Check:
    """Something that was asked of the server: how often, and how often it was right."""

    what: str
    asked: int
    right: int


@dataclass(frozen=True, slots=True)
class Served:
    """A server on the demo's store, and how to get in: accounts by role, which share one password, and a token."""

    address: str
    accounts: tuple[str, ...]
    password: str
    token: str


def serve_demo(
    folder: Path, truth: DemoTruth, settings: Settings, *, stay: bool = False, console: Console | None = None
) -> tuple[Check, ...]:
    """Start the server on the store that `run_demo` left in ``folder``, check it over HTTP, and tell of it.

    What the server logs goes into the folder.  It ends after the
    checks; with ``stay`` on Ctrl-C.  Raises `AddressTaken`, `ServerUnreachable`.
    """
    console = console or Console()
    home = folder / "home"
    port = settings.server.port if stay else _free_port()
    server = replace(settings.server, host="127.0.0.1", port=port, processes=2, public_url="")
    here = replace(settings, home=home, database="", server=server)
    password, token = _people(here)
    served = Served(f"http://127.0.0.1:{port}", tuple(role.value for role in Role), password, token)
    with console.status("Starting the server"), _running(here, served):
        with console.status("Asking the server"):
            checks = tuple(_checks(served, folder, truth, here))
        _tell(checks, served, console, stay=stay)
        if stay:
            _wait(console)
    return checks


def _people(settings: Settings) -> tuple[str, str]:
    """Make an account of each role with one new password, and a token of the matcher; return both."""
    by = By("the demo", "accounts of the demo")
    password = " ".join(secrets.choice(_WORDS) for _ in range(6))
    with Store.of(settings) as store:
        people = People(store.database, settings)
        link = people.first_link()
        if link is None:
            raise UsageError(reason="The store of the demo has accounts already; run the demo anew.")
        people.create_first(link, Role.ADMINISTRATOR.value, password)
        for role in Role:
            if role is not Role.ADMINISTRATOR:
                people.accept(people.invite(role.value, {role}, by)[1], password)
        token, _ = Tokens(store.database).make(people.named(Role.MATCHER.value).id, "the demo's checks", None, 1, by)
    return password, token


@contextmanager
def _running(settings: Settings, served: Served) -> Iterator[None]:
    """Run the server beside this thread, from the moment that it answers."""
    stop, failed = threading.Event(), []

    def run() -> None:
        try:
            serve(settings, told=lambda _: None, stop=stop, log=settings.home.parent / LOG)
        except Exception as error:  # noqa: BLE001 - it is raised again, in the thread that waits for the server
            failed.append(error)

    thread = threading.Thread(target=run, name="tutela-demo-server")
    thread.start()
    try:
        last = time.monotonic() + PATIENCE
        with Client(served.address, served.token, retries=0) as client:
            while not client.ready():
                if failed:
                    raise failed[0]
                if time.monotonic() > last:
                    raise ServerUnreachable(address=served.address, reason=f"it was not ready after {PATIENCE:.0f} s")
                time.sleep(0.1)
        yield
    finally:
        stop.set()
        thread.join()


def _checks(served: Served, folder: Path, truth: DemoTruth, settings: Settings) -> Iterator[Check]:
    lines = (folder / FINDINGS).read_text(encoding="utf-8").splitlines()
    said = {finding.name: finding.verdict for finding in map(finding_from_json, map(json.loads, lines))}
    with Client(served.address, served.token) as client:
        for group, most in ASKED.items():
            files = [file.name for file in truth.files if file.group is group][:most]
            right = 0
            for name in files:
                path = folder / "pictures" / name
                right += client.match(path, name=name, orientations=True, complete=True).verdict == said[name]
            yield Check(f"Files of the group “{group}”, sent as bytes: as the library says", len(files), right)
        yield _looked_up(client, settings)
    yield _console(served)
    yield _audit(settings)


def _looked_up(client: Client, settings: Settings) -> Check:
    """Ask for every PDQ hash of the known list in one batch."""
    with Store.of(settings) as store:
        signals: list[Signal] = []
        for entry in store.entries(KNOWN_LIST):
            signals += [one for one in entry.signals if one.kind == "pdq"]
    results = client.look_up_many(signals).results
    met = sum(any(hit.list_name == KNOWN_LIST and hit.distance == 0 for hit in one.hits) for one in results)
    return Check("Hashes of the known list, in one batch: met", len(signals), met)


def _console(served: Served) -> Check:
    """Sign in as each role, as a browser does, and open the overview; nobody else sees it."""
    right = 0
    for name in (*served.accounts, None):
        with httpx.Client(base_url=served.address, timeout=30) as browser:
            if name is not None:
                csrf = browser.get("/sign-in").text.split('name="csrf" value="')[1].split('"')[0]
                form = {"csrf": csrf, "name": name, "password": served.password, "code": "", "next": "/"}
                browser.post("/sign-in", data=form)
            right += (browser.get("/").status_code == httpx.codes.OK) is (name is not None)
    return Check("The console: each role signs in, nobody else gets in", len(served.accounts) + 1, right)


def _audit(settings: Settings) -> Check:
    """See that hits came into the audit trail, and that it is whole."""
    with Store.of(settings) as store:
        trail = AuditTrail(store.database, settings.home)
        last = time.monotonic() + PATIENCE
        while not trail.rows(action="match.hit", limit=1) and time.monotonic() < last:
            time.sleep(0.1)
        found = bool(trail.rows(action="match.hit", limit=1)) and trail.verify().sound
    return Check("The audit trail: has the hits, and verifies", 1, int(found))


def _tell(checks: Sequence[Check], served: Served, console: Console, *, stay: bool) -> None:
    table = Table(title="The server, over HTTP", title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("what was asked", overflow="fold", ratio=1)
    table.add_column("asked", justify="right", no_wrap=True)
    table.add_column("right", justify="right", no_wrap=True)
    for check in checks:
        wrong = check.asked != check.right
        table.add_row(check.what, str(check.asked), str(check.right), style="bold red" if wrong else "")
    console.print()
    console.print(table)

    def here(line: str) -> None:
        console.print(line, soft_wrap=True, highlight=False)

    if not stay:
        here(f"The server listened on {served.address} and has ended. `make demo STAY=1` keeps it, with its accounts.")
        return
    here(f"\n[bold]The console: {served.address}[/]")
    here(f"Accounts of the demo: {', '.join(served.accounts)}; all with the password [bold]{served.password}[/]")
    here("They exist in this demo's folder only. Ctrl-C ends the server.")


def _wait(console: Console) -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print("Ending the server.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
