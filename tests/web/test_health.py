from tutela.access.permissions import Permission
from tutela.model.errors import StoreBusy


def test_it_lives_and_is_ready_and_says_so_to_anybody(as_role):
    nobody = as_role()
    assert nobody.get("/health/live").json() == {"status": "live"}
    answer = nobody.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"database": True, "lists": True}}


def test_without_its_database_it_lives_and_is_not_ready(as_role, services, monkeypatch):
    def gone():
        raise StoreBusy(path="somewhere")

    nobody = as_role()
    monkeypatch.setattr(type(services.store.database), "reading", lambda _: gone())
    assert nobody.get("/health/live").status_code == 200
    answer = nobody.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": False, "lists": True}


def test_a_damaged_list_is_noticed_without_being_named(as_role, services):
    nobody = as_role()
    path = services.store.snapshot_path("known")
    for file in path.iterdir():
        if file.is_file():
            data = bytearray(file.read_bytes())
            data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
            file.unlink()
            file.write_bytes(data)
    services.matching.refresh()
    services.matching._lists = {}
    services.matching.refresh()
    answer = nobody.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": True, "lists": False}
    assert "known" not in answer.text


def test_metrics_are_for_whoever_may_read_statistics(as_role):
    assert as_role().get("/metrics").status_code == 401
    assert as_role("reader", [Permission.LISTS_READ]).get("/metrics").status_code == 403
    answer = as_role("administrator").get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
