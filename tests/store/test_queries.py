import re
from importlib.resources import files

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.dialects import postgresql

import tutela.store
from tutela.store import queries

pytestmark = pytest.mark.sqlite

NAMES = sorted(queries._statements())


def test_every_statement_is_used_and_every_used_one_is_there():
    folder = files(tutela.store)
    code = "".join(path.read_text() for path in folder.iterdir() if path.name.endswith(".py"))
    used = set(re.findall(r'(?:query\(|bulk\([^,]+, |look_up\([^,]+, )"([a-z_]+)"', code))
    assert used == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_statement_suits_both_databases(store, name):
    statement = queries.query(name)
    assert ":" not in str(statement.compile(dialect=postgresql.dialect())).replace("%(", "")
    with store._database.writing() as connection:
        from tutela.store.importing import met_table

        with met_table(connection):
            names = re.findall(r":([a-z_]+)", queries._statements()[name])
            values = {one: [1] if one in {"keys", "ids"} else 1 for one in names}
            if not name.startswith("insert_"):
                connection.execute(statement, values)


def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError):
        queries.query("no_such")


def test_bulk_takes_values_in_the_order_of_the_parameters(monkeypatch):
    statement = {
        "put": "INSERT INTO t (b, a) VALUES (:b, :a)",
        "get": "SELECT a FROM t WHERE b = :b AND a IN :keys AND b < :c",
    }
    monkeypatch.setattr(queries, "_statements", lambda: statement)
    queries._positional.cache_clear()
    queries.query.cache_clear()
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (a, b)"))
        queries.bulk(connection, "put", [(1, 2), (1, 3), (5, 4)])
        queries.bulk(connection, "put", [])
        assert connection.execute(text("SELECT a, b FROM t ORDER BY a")).all() == [(2, 1), (3, 1), (4, 5)]
        scope = {"b": 1, "c": 3}
        assert queries.look_up(connection, "get", scope, [3, 4, 9]).all() == [(3,)]
    engine.dispose()
    named = create_engine("sqlite://", paramstyle="named")
    with named.begin() as connection:
        connection.execute(text("CREATE TABLE t (a, b)"))
        queries.bulk(connection, "put", [(1, 2), (1, 3), (5, 4)])
        assert queries.look_up(connection, "get", scope, [3, 4, 9]).all() == [(3,)]
    named.dispose()
    queries._positional.cache_clear()
    queries.query.cache_clear()
