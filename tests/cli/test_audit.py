import json

import pytest
from sqlalchemy import text

from cli.running import invoke
from tutela.cli.outcome import TAMPERED
from tutela.model import read_settings
from tutela.store import Store


@pytest.fixture
def trail(home):
    for name in ("one", "two", "three"):
        assert invoke("list", "create", name).exit_code == 0
    assert invoke("audit", "checkpoint").exit_code == 0


def change(statement):
    with Store.of(read_settings()) as store, store.database.writing() as connection:
        connection.execute(text(statement))


def test_rows_are_shown_newest_first_as_json(trail):
    rows = [json.loads(line) for line in invoke("audit", "show").stdout.splitlines()]
    assert [(row["action"], row["target"]) for row in rows] == [
        ("list.create", "list:three"),
        ("list.create", "list:two"),
        ("list.create", "list:one"),
    ]
    assert rows[0]["who"] == "the command line"
    only = invoke("audit", "show", "--target", "list:two", "--action", "list.").stdout.splitlines()
    assert [json.loads(line)["target"] for line in only] == ["list:two"]
    assert len(invoke("audit", "show", "--limit", 1).stdout.splitlines()) == 1


def test_a_whole_trail_is_sound(trail):
    ended = invoke("audit", "verify")
    assert ended.exit_code == 0
    assert "Sound: 3 rows, 1 signed checkpoint" in ended.stderr
    assert "Nothing is unsigned" in invoke("audit", "checkpoint").stderr


def test_an_edited_row_is_named(trail):
    change("UPDATE audit SET why = 'for another reason' WHERE number = 2")
    ended = invoke("audit", "verify")
    assert ended.exit_code == TAMPERED
    assert "row 2:" in ended.stdout
    assert "NOT as it was written" in ended.stderr


def test_a_removed_row_is_named(trail):
    change("DELETE FROM audit WHERE number = 3")
    ended = invoke("audit", "verify")
    assert ended.exit_code == TAMPERED
    assert "3" in ended.stdout
