import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from tutela.store import job_tables, people_tables, usage_tables  # noqa: F401 - they register their tables
from tutela.store.tables import metadata


def tables(connection):
    """The schema as SQLite has it, without layout."""
    rows = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE 'alembic%' ORDER BY name"
    )
    return {name: sorted(part.strip() for part in sql.replace("\n", " ").split(",")) for name, sql in rows}


@pytest.mark.sqlite
def test_migrations_make_the_tables_that_the_code_names(store):
    fresh = create_engine("sqlite://")
    with fresh.begin() as connection:
        metadata.create_all(connection)
        meant = tables(connection)
    fresh.dispose()
    with store._database.reading() as connection:
        assert tables(connection) == meant
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
