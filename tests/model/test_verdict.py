import typing

from tutela.model import Known, ListedBenign, Near, NothingFound, Unreadable, Verdict
from tutela.model.verdict import VERDICT_NAMES


def test_the_set_of_verdicts_is_closed_and_every_one_has_a_name_and_a_rule():
    variants = typing.get_args(Verdict)
    assert set(variants) == {Known, Near, ListedBenign, NothingFound, Unreadable} == set(VERDICT_NAMES)
    assert len({variant.rule for variant in variants}) == len(variants)
    assert list(VERDICT_NAMES)[:2] == [Known, Near]
