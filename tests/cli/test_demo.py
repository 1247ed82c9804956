import pytest

from cli.running import run


@pytest.mark.slow
def test_the_demo_finds_its_pictures(home, tmp_path):
    ended = run(home, "demo", tmp_path / "out", cwd=tmp_path)
    assert ended.returncode == 0
    shown = ended.stdout.decode()
    assert "Recall 100.0%" in shown or "Recall 9" in shown
    assert "0 false positives" in shown
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000
    assert "none mixes two photographs" in " ".join(shown.split())
    assert (tmp_path / "out" / "clusters.html").stat().st_size > 10_000
