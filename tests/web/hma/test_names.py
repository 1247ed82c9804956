import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.web.hma.names import bank_of, is_bank_name, list_for, lists_of


@pytest.mark.parametrize(
    ("list_name", "bank"),
    [
        ("hotline", "HOTLINE"),
        ("ncmec-npo", "NCMEC_NPO"),
        ("a.b", "A_B"),
        ("1st", "_1ST"),
        ("_x", "_X"),
        ("-", "_"),
        ("coop_org1_test_bank", "COOP_ORG1_TEST_BANK"),
    ],
)
def test_each_list_has_a_bank_name(list_name, bank):
    assert bank_of(list_name) == bank


@given(st.from_regex(r"[a-z0-9_-][a-z0-9._-]{0,63}", fullmatch=True))
def test_every_list_has_a_name_that_hma_takes(list_name):
    assert is_bank_name(bank_of(list_name))


@given(st.from_regex(r"[A-Z_][A-Z0-9_]{0,63}", fullmatch=True))
def test_a_list_made_for_a_bank_has_its_name(bank):
    assert bank_of(list_for(bank)) == bank


@pytest.mark.parametrize("name", ["my_bank", "01_BANK", "", "A-B", "A B", "Ä", "A\n"])
def test_what_hma_refuses_is_no_bank_name(name):
    assert not is_bank_name(name)


def test_two_lists_of_one_bank_come_with_the_one_that_is_spelled_as_it_first():
    assert lists_of("A_B", ["a-b", "a.b", "a_b", "ab"]) == ("a_b", "a-b", "a.b")
    assert lists_of("NONE", ["a"]) == ()
