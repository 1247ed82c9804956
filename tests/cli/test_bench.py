import json

from cli.running import invoke


def test_every_measure_is_a_line(home, monkeypatch):
    from tutela.cli import bench

    monkeypatch.setattr(bench, "_REPEATS", 1)
    ended = invoke("bench", "--entries", "5000", "--jsonl")
    assert ended.exit_code == 0
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert len(lines) >= 9
    assert all(line["value"] > 0 and line["unit"] and line["kernel"] for line in lines)
    told = invoke("bench", "--entries", "5000").stdout
    assert "PDQ of 512 x 512 grey pixels" in told


def test_an_index_that_is_too_large_is_refused(home):
    assert invoke("bench", "--entries", 10**12).exit_code == 2
