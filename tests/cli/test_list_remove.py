from cli.running import invoke


def test_removing_asks_first_or_is_told_not_to(home, known_list):
    ended = invoke("list", "remove", known_list)
    assert ended.exit_code == 2
    assert "--yes" in ended.stderr
    ended = invoke("list", "remove", known_list, "--yes")
    assert ended.exit_code == 0
    assert "Removed partners with 1 entry" in ended.stderr
    assert invoke("list", "show", known_list).exit_code == 3


def test_a_list_that_is_not_there(home):
    assert invoke("list", "remove", "nobody", "--yes").exit_code == 3
