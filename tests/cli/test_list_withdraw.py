import json

from cli.running import invoke, png, write
from tutela.model.finding_json import finding_from_json


def verdict(path):
    return finding_from_json(json.loads(invoke("match", "--in-process", "--jsonl", path).stdout)).verdict


def test_an_entry_that_was_met_is_withdrawn_by_the_key_that_its_finding_names(home, pictures, known_list, tmp_path):
    csv = invoke("hash", "--in-process", "-q", "--as", "csv", pictures / "deeper" / "stranger.png")
    invoke("list", "import", known_list, write(tmp_path / "more.csv", csv.stdout_bytes))
    met = verdict(pictures / "known.png")
    ended = invoke("list", "withdraw", known_list, met.hit.entry_key)
    assert ended.exit_code == 0
    assert ended.stdout == ""
    assert ended.stderr == "partners: 1 withdrawn; now version 3.\n"
    assert verdict(pictures / "known.png").rule == "nothing"
    assert verdict(pictures / "deeper" / "stranger.png").rule.startswith("known."), "the others stay"
    shown = json.loads(invoke("list", "show", "--jsonl", known_list).stdout)
    assert (shown["entries"], shown["removed"], shown["version"]) == (1, 1, 3)


def test_an_entry_that_is_imported_again_is_met_again(home, pictures, known_list, tmp_path):
    key = verdict(pictures / "known.png").hit.entry_key
    assert invoke("list", "withdraw", "--quiet", known_list, key).stderr == ""
    assert invoke("list", "import", known_list, tmp_path / "known.csv").exit_code == 0
    assert verdict(write(tmp_path / "again.png", png(1))).hit.entry_key == key


def test_an_entry_that_is_not_there_is_an_error_that_does_not_quote_it(home, pictures, known_list):
    ended = invoke("list", "withdraw", known_list, "5d41402abc4b2a76b9719d911017c592")
    assert ended.exit_code == 2
    assert "no entry with that key" in ended.stderr
    assert "5d41402abc4b2a76b9719d911017c592" not in ended.stderr
    key = verdict(pictures / "known.png").hit.entry_key
    assert invoke("list", "withdraw", known_list, key).exit_code == 0
    assert invoke("list", "withdraw", known_list, key).exit_code == 2, "nothing is left to withdraw"
    assert json.loads(invoke("list", "show", "--jsonl", known_list).stdout)["version"] == 2, "and nothing has changed"


def test_a_list_that_is_not_there(home):
    assert invoke("list", "withdraw", "nobody", "key").exit_code == 3
