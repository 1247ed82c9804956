import json

import pytest

from cli.running import invoke, run
from tutela import _kernel
from tutela.engine import self_test
from tutela.engine.snapshot import ListSnapshot


def test_what_works_here(home, known_list):
    ended = run(home, "doctor")
    assert ended.returncode == 0
    shown = ended.stdout.decode()
    for told in (
        _kernel.path(),
        "right answers on",
        "memory limit",
        "max_pixels",
        "TUTELA_HOME",
        known_list,
        "1 entry",
    ):
        assert told in shown


def test_lines(home):
    lines = [json.loads(line) for line in invoke("doctor", "--jsonl").stdout.splitlines()]
    assert {line["section"] for line in lines} == {"Program", "Kernel", "Sandbox", "Limits", "Optional parts", "Store"}
    assert {line["state"] for line in lines} <= {"ok", "note"}


def test_a_kernel_that_answers_wrong_ends_it_with_7(home, monkeypatch):
    monkeypatch.setattr(self_test, "KNOWN_PDQ", bytes(32))
    ended = invoke("doctor")
    assert ended.exit_code == 7
    assert "do not use this copy" in ended.stdout
    assert "Store" in ended.stdout  # the examination goes on


def test_a_store_that_is_damaged_ends_it_with_5(home, known_list):
    for path in home.glob("store.sqlite*"):
        path.write_bytes(b"no database" * 500)
    assert invoke("doctor").exit_code == 5


def test_a_byte_that_fell_over_in_any_file_of_an_index_is_named(home, known_list):
    (folder,) = (path for path in (home / "snapshots").iterdir() if path.is_dir())
    parts = ListSnapshot.open(folder).view().index.parts.values()
    files = {segment.container.path for segments in parts for segment in segments if segment.container is not None}
    assert len(files) >= 2  # and not those of the state before
    for file in sorted(files):
        data = file.read_bytes()
        for at in (0, len(data) // 2, len(data) - 1):
            file.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            ended = invoke("doctor")
            assert ended.exit_code == 5, (file.name, at)
            assert known_list in ended.stdout
        file.write_bytes(data)
    assert invoke("doctor").exit_code == 0


def test_a_kernel_path_that_cannot_run_is_noted(home, monkeypatch):
    missing = {"avx512", "avx2", "portable"} - set(_kernel.paths())
    if not missing:
        pytest.skip("this processor runs them all")
    monkeypatch.setenv("TUTELA_KERNEL", missing.pop())
    assert "cannot run on this processor" in invoke("doctor").stdout
