import pytest

from cli.running import invoke, run


@pytest.mark.parametrize(("name", "format_name"), [("out.csv", None), ("out.txt", None), ("list", "vics-2")])
def test_what_is_written_is_read_again(home, known_list, tmp_path, name, format_name):
    target = tmp_path / name
    choice = () if format_name is None else ("--format", format_name)
    ended = invoke("list", "export", known_list, target, *choice)
    assert ended.exit_code == 0
    assert "Wrote 1 entry" in ended.stderr
    assert target.stat().st_mode & 0o077 == 0
    invoke("list", "create", "again")
    assert "added" in invoke("list", "import", "again", target).stderr


def test_to_standard_output(home, known_list):
    ended = run(home, "list", "export", known_list, "-", "--format", "text", "-q")
    assert [line.split()[0] for line in ended.stdout.splitlines()].count(b"pdq") == 1


def test_what_a_format_does_not_carry_is_told(home, known_list, tmp_path):
    ended = invoke("list", "export", known_list, tmp_path / "out.txt")
    assert "does not carry" in ended.stderr


def test_a_name_that_tells_no_format(home, known_list, tmp_path):
    ended = invoke("list", "export", known_list, tmp_path / "out")
    assert ended.exit_code == 2
    assert "--format" in ended.stderr


def test_an_export_that_fails_leaves_nothing(home, known_list, tmp_path):
    before = set(tmp_path.iterdir())
    assert invoke("list", "export", known_list, tmp_path / "no" / "out.csv").exit_code == 1
    assert invoke("list", "export", known_list, tmp_path / "out", "--format", "scroll").exit_code == 4
    assert set(tmp_path.iterdir()) == before
    assert invoke("list", "export", "nobody", tmp_path / "out.csv").exit_code == 3
