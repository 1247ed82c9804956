import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from tutela.store.usage_tables import probe_blocks, usage

COUNT = {"hour": 0, "account": 1, "list": "", "what": "lookups", "count": 2**40}
BLOCK = {"account": 1, "entry": 2**40, "until": 2**50}


@pytest.mark.parametrize(("table", "values", "other"), [(usage, COUNT, "what"), (probe_blocks, BLOCK, "entry")])
def test_a_count_or_block_stands_once(store, table, values, other):
    def put(**more):
        with store.database.writing() as connection:
            connection.execute(insert(table).values(**(values | more)))

    put()
    with pytest.raises(IntegrityError):
        put()
    put(**{other: "hits" if other == "what" else 3})
