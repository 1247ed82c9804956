import io
import json

import pytest
from rich.console import Console

from tutela.access.people import People
from tutela.access.permissions import Role
from tutela.demo import run_demo
from tutela.demo.serving import ASKED, LOG, serve_demo
from tutela.model import read_settings
from tutela.store import Store


@pytest.mark.slow
def test_the_server_on_the_demo_says_what_the_library_said(tmp_path):
    settings = read_settings({"TUTELA_HOME": str(tmp_path / "elsewhere"), "TUTELA_WORKERS": "1"})
    truth = run_demo(tmp_path / "demo", workers=2, console=Console(file=io.StringIO())).truth
    out = io.StringIO()
    checks = serve_demo(tmp_path / "demo", truth, settings, console=Console(file=out, width=100))
    assert len(checks) == len(ASKED) + 3
    assert all(check.right == check.asked > 0 for check in checks), checks
    assert not (tmp_path / "elsewhere").exists()
    assert "http://127.0.0.1:" in out.getvalue()
    lines = (tmp_path / "demo" / LOG).read_text().splitlines()
    assert sum(json.loads(line).get("route") == "/v1/match" for line in lines) == sum(ASKED.values())
    with Store.open(tmp_path / "demo" / "home") as store:
        accounts = People(store.database, settings).accounts()
    assert {account.name for account in accounts} == {role.value for role in Role}
