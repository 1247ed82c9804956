import pytest

from tutela.model import Purpose, Threshold
from tutela.model.errors import ListUnknown, UsageError
from tutela.store.audit import By
from tutela.store.list_rows import check_threshold, list_info, list_row, new_version, stamp_of, thresholds_column

ME = By("a test", "a reason")


def test_a_row_says_what_the_list_was_made_with(store):
    limits = {"pdq": Threshold(20, 60), "md5": Threshold(0, 0)}
    made = store.create_list("a", owner="us", purpose=Purpose.BENIGN, thresholds=limits)
    with store.database.reading() as connection:
        row = list_row(connection, "a")
        assert list_info(row) == made
        assert row.thresholds == thresholds_column(limits)
        with pytest.raises(ListUnknown, match="b"):
            list_row(connection, "b")


def test_each_version_has_a_stamp_of_its_own(store):
    store.create_list("a")
    with store.database.alone() as connection:
        number = list_row(connection, "a").id
        for version in (1, 2):
            new_version(connection, number, version, 5, ME)
        assert list_row(connection, "a").version == 2
        stamps = [stamp_of(connection, number, version) for version in range(4)]
    assert len({*stamps[:3]}) == 3
    assert None not in stamps[:3]
    assert stamps[3] is None


@pytest.mark.parametrize(
    ("kind", "limit"),
    [("pdq", (257, 0)), ("pdq", (-1, 0)), ("pdq", (31, 101)), ("pdq", (31, -1)), ("md5", (1, 0)), ("PDQ", (31, 50))],
)
def test_a_threshold_that_cannot_be(kind, limit):
    with pytest.raises(UsageError, match="cannot be"):
        check_threshold(kind, Threshold(*limit))


def test_one_that_can():
    check_threshold("pdq", Threshold(31, 50))
