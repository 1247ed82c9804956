"""A writer's account."""

from tutela.exchange.format import Ledger, Written


def test_an_account_names_what_was_lost_and_nothing_else():
    ledger = Ledger(entries=3)
    ledger.lose("labels", times=0)
    ledger.lose("grades", bool("yes"))
    ledger.lose("grades", 2)
    assert ledger.close() == Written(3, {"grades": 3})
