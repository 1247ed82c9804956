from cli.running import invoke
from tutela.cli.lists import ListCommands


def test_help_names_the_commands_that_work_on_lists():
    shown = invoke("list", "--help").stdout
    for name in ListCommands.members:
        assert name in shown


def test_a_list_from_beginning_to_end(home, pictures, known_list, tmp_path):
    target = tmp_path / "out.csv"
    assert invoke("list", "export", known_list, target).exit_code == 0
    assert invoke("list", "create", "copy", "--purpose", "benign").exit_code == 0
    assert invoke("list", "import", "copy", target).exit_code == 0
    found = invoke("match", "--in-process", pictures / "known.png").stdout
    assert "listed-as-benign" in found  # at an equal distance the benign list wins
    assert invoke("list", "remove", "copy", "--yes").exit_code == 0
    assert '"name":"known"' in invoke("match", "--in-process", pictures / "known.png").stdout
