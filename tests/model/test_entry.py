import dataclasses

import pytest

from tutela.model import Entry, Grade, ListInfo, Purpose, Rejected, Signal, Threshold


def test_nouns_are_values():
    entry = Entry("k", (Signal("md5", bytes(16)),), (Grade("vics-us", "1"),))
    assert entry == Entry("k", (Signal("md5", bytes(16)),), (Grade("vics-us", "1"),))
    assert len({entry, dataclasses.replace(entry, labels=("x",))}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        entry.key = "other"


def test_a_code_means_nothing_without_its_scheme():
    assert Grade("vics-us", "0") != Grade("dhs", "0")


def test_a_rejection_loses_one_record_unless_it_says_otherwise():
    plain = Rejected(3, "why")
    assert not plain.partial
    assert not plain.fatal


def test_thresholds_of_a_new_list_are_its_own():
    first, second = (ListInfo(name, "o", Purpose.KNOWN) for name in "ab")
    first.thresholds["pdq"] = Threshold(20, 60)
    assert not second.thresholds
