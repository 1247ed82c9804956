import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from tutela.store.bank_tables import banks, entry_notes


@pytest.mark.parametrize(
    ("table", "values"), [(banks, {"list": 99, "ratio": 1.0}), (entry_notes, {"entry": 99, "note": "x"})]
)
def test_nothing_is_kept_of_what_is_not_there(store, table, values):
    with pytest.raises(IntegrityError), store.database.writing() as connection:
        connection.execute(insert(table).values(**values))
