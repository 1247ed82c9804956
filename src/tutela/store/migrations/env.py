"""Alembic's way in: runs the revisions on the connection and in the transaction of `tutela.store.migrate`."""

from alembic import context

from tutela.store import bank_tables, job_tables, people_tables, usage_tables
from tutela.store.tables import metadata

# Only once they are imported do they stand in the metadata.
TABLES = (bank_tables, job_tables, people_tables, usage_tables)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can roll back changes of tables; Alembic assumes that it cannot.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
