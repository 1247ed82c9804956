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


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE audit SET why = 'for another reason' WHERE number = 2", "row 2: it was changed"),
        ("DELETE FROM audit WHERE number = 2", "row 2: rows are gone: 2"),
        ("DELETE FROM audit WHERE number = 3", "row 3: rows are gone at the end"),
        ("UPDATE audit_head SET number = 2", "row 3: the trail's head is not its last row"),
        ("UPDATE audit_checkpoints SET hash = signature", "the checkpoint's signature is not ours"),
        ("DELETE FROM audit", "rows are gone at the end: 1 to 3"),
    ],
)
def test_what_was_tampered_with_is_named(trail, statement, told):
    change(statement)
    ended = invoke("audit", "verify")
    assert ended.exit_code == TAMPERED
    assert told in " ".join(ended.stdout.split())
    assert "NOT as it was written" in ended.stderr


@pytest.mark.sqlite
def test_a_trail_written_anew_is_not_the_one_that_was_signed(trail):
    change("DELETE FROM audit")
    change("UPDATE audit_head SET number = 0, hash = zeroblob(32)")
    for name in ("four", "five", "six"):
        assert invoke("list", "create", name).exit_code == 0
    ended = invoke("audit", "verify")
    assert ended.exit_code == TAMPERED
    assert "row 3: it is not the row that was signed" in " ".join(ended.stdout.split())


def test_a_line_of_the_file_that_is_changed_or_gone_is_named(trail, home):
    file = home / "audit-checkpoints.txt"
    line = file.read_text()
    for text_, told in ((line.replace("3 ", "2 ", 1), "line 1 of"), ("", "no longer in audit-checkpoints.txt")):
        file.write_text(text_)
        ended = invoke("audit", "verify")
        assert ended.exit_code == TAMPERED
        assert told in " ".join(ended.stdout.split())


def test_a_lost_private_key_is_said_and_not_made_anew(trail, home):
    (home / "keys" / "audit.key").unlink()
    invoke("list", "create", "four")
    ended = invoke("audit", "checkpoint")
    assert ended.exit_code not in {0, TAMPERED}
    assert "audit.key" in " ".join(ended.stderr.split())
    assert not (home / "keys" / "audit.key").exists()
    assert invoke("audit", "verify").exit_code == 0


def test_an_empty_trail_is_sound(home):
    ended = invoke("audit", "verify")
    assert ended.exit_code == 0
    assert "0 rows" in ended.stderr
    assert invoke("audit", "show").stdout == ""
