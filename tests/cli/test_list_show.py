import json

from cli.running import invoke


def test_no_list_yet(home):
    ended = invoke("list", "show")
    assert ended.exit_code == 0
    assert "no list yet" in ended.stderr


def test_all_lists(home, known_list):
    invoke("list", "create", "other", "--owner", "[red]A desk")
    heading, other, partners = invoke("list", "show").stdout.splitlines()
    assert heading.split()[:4] == ["LIST", "PURPOSE", "ENTRIES", "VERSION"]
    assert "[red]A desk" in other
    assert partners.split()[:4] == ["partners", "known", "1", "1"]


def test_one_list(home, known_list):
    shown = invoke("list", "show", known_list).stdout
    for told in ("partners", "1 pdq", "pdq 31 at quality 50 or more", "Withdrawn"):
        assert told in shown
    assert invoke("list", "show", "nobody").exit_code == 3


def test_lines(home, known_list):
    record = json.loads(invoke("list", "show", "--jsonl").stdout)
    assert record["name"] == known_list
    assert record["published"] == record["version"] == 1
    assert record["signals"]["pdq"] == 1
