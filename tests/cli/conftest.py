import pytest

from cli.running import invoke, picture, png, write


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A store of its own, also for commands run in this process."""
    place = tmp_path / "home"
    monkeypatch.setenv("TUTELA_HOME", str(place))
    monkeypatch.delenv("TUTELA_DEBUG", raising=False)
    return place


@pytest.fixture
def pictures(tmp_path):
    """known.png is listed by `known_list`; edited.jpg shows the same; stranger.png does not; broken.jpg is none."""
    folder = tmp_path / "pictures"
    write(folder / "known.png", png(1))
    picture(1).save(folder / "edited.jpg", quality=60)
    write(folder / "deeper" / "stranger.png", png(2))
    write(folder / "broken.jpg", b"\xff\xd8\xff no picture")
    return folder


@pytest.fixture
def known_list(home, pictures, tmp_path):
    csv = invoke("hash", "--in-process", "-q", "--as", "csv", pictures / "known.png")
    source = write(tmp_path / "known.csv", csv.stdout_bytes)
    assert invoke("list", "create", "partners").exit_code == 0
    assert invoke("list", "import", "partners", source, "-q").exit_code == 0
    return "partners"
