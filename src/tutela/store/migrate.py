"""Brings a store to this release's tables.

Runs under the write lock, so that of two processes that start at once one does the work and the other waits and finds
it done.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect

from tutela.model.errors import StoreDamaged, StoreNewer
from tutela.store.database import Database

#: The newest revision in ``migrations/versions``; a test compares.
HEAD = "0006"


def upgrade(database: Database) -> None:
    """Make or change the tables as this release needs them.

    Raises `StoreNewer` for a store that a newer release has changed, `StoreDamaged` for a database that is not
    tutela's.
    """
    if _revision(database) == HEAD:
        return
    # Alembic takes as long to import as everything else together, and is needed once in a store's life.
    from alembic import command  # noqa: PLC0415 - as said above
    from alembic.config import Config  # noqa: PLC0415 - same

    database.use_wal()
    with database.alone() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(database: Database) -> str | None:
    with database.reading() as connection:
        tables = set(inspect(connection).get_table_names())
        if not tables:
            return None
        if "alembic_version" not in tables:
            raise StoreDamaged(path=database.name, reason="it is a database, but not one of tutela")
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if found is not None and str(found) > HEAD:
        raise StoreNewer(path=database.name)
    return None if found is None else str(found)
