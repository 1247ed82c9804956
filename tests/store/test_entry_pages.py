import random
from datetime import UTC, datetime, timedelta

import pytest

from store.made_up_entries import entry
from tutela.model import Grade
from tutela.model.errors import EntryUnknown
from tutela.store import Store, entry_pages
from tutela.store.audit import By

ME = By("a test", "a doubt")


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """Sixty entries with labels, grades and kinds, of which some are withdrawn or switched off; nobody changes it."""
    with Store.open(tmp_path_factory.mktemp("full")) as store:
        yield filled(store)


def filled(store):
    store.create_list("a")
    store.create_list("other")
    store.import_entries("other", [entry(number, key=f"x/{number:02}", labels=("a_b",)) for number in range(5)])
    chance = random.Random(5)
    given = []
    for number in range(60):
        kinds = chance.choice([("md5",), ("pdq",), ("md5", "pdq")])
        labels = tuple(chance.sample(["a_b", 'q"', 'of "a"', 'x"a', "ü", "\\", "end,", ","], chance.randrange(4)))
        given.append(entry(number, *kinds, key=f"{chance.choice('xyz')}/{number:02}", labels=labels))
    graded = [one if at % 3 else entry(at, key=one.key, grade="A%") for at, one in enumerate(given)]
    store.import_entries("a", graded)
    store.withdraw("a", [one.key for one in graded[5:12]], by=ME)
    for one in graded[20:24]:
        store.disable_entry("a", one.key, datetime.now(UTC) + timedelta(hours=1), by=ME)
    return store


def paged(store, limit, **asked):
    found, after, pages = [], None, 0
    while True:
        page = store.page("a", after=after, limit=limit, **asked)
        found += page.entries
        pages += 1
        if page.next is None:
            return found, pages
        after = page.next


FILTERS = {
    "everything": ({}, lambda _: True),
    "active": ({"state": "active"}, lambda one: one.state == "active"),
    "removed": ({"state": "removed"}, lambda one: one.state == "removed"),
    "switched off": ({"state": "disabled"}, lambda one: one.state == "disabled"),
    "label with an underscore": ({"label": "a_b"}, lambda one: "a_b" in one.entry.labels),
    "label with a quote": ({"label": 'q"'}, lambda one: 'q"' in one.entry.labels),
    "half a label": ({"label": "a"}, lambda _: False),
    "label with letters of others": ({"label": "ü"}, lambda one: "ü" in one.entry.labels),
    "label of a backslash": ({"label": "\\"}, lambda one: "\\" in one.entry.labels),
    "label of a comma": ({"label": ","}, lambda one: "," in one.entry.labels),
    "grade": ({"grade": "A%"}, lambda one: one.entry.grades == (Grade("scheme", "A%"),)),
    "any grade": ({"grade": "%"}, lambda _: False),
    "kind": ({"kind": "pdq"}, lambda one: any(signal.kind == "pdq" for signal in one.entry.signals)),
    "beginning": ({"text": "y/"}, lambda one: one.entry.key.startswith("y/")),
    "both": ({"text": "x/", "state": "active"}, lambda one: one.entry.key[0] == "x" and one.state == "active"),
}


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("name", FILTERS)
def test_pages_give_every_entry_once_and_in_order(full, name, limit):
    asked, wanted = FILTERS[name]
    everything = full.page("a", limit=1000).entries
    assert len(everything) == 60
    found, _ = paged(full, limit, **asked)
    assert [one.entry.key for one in found] == [one.entry.key for one in everything if wanted(one)]


def test_a_page_with_a_filter_takes_a_bounded_time(full, monkeypatch):
    monkeypatch.setattr(entry_pages, "LOOKED_THROUGH", 10)
    found, pages = paged(full, 5, state="disabled")
    assert len(found) == 4
    assert pages >= 6


def test_a_key_with_signs_of_patterns_is_a_plain_beginning(store):
    store.create_list("a")
    store.import_entries("a", [entry(1, key="100%"), entry(2, key="100x"), entry(3, key="é_é")])
    assert [one.entry.key for one in store.page("a", text="100%").entries] == ["100%"]
    assert [one.entry.key for one in store.page("a", text="é").entries] == ["é_é"]
    assert store.page("a", text="e_").entries == ()


def test_one_entry_is_told_with_where_it_stands(full):
    told = full.entry("a", full.page("a", state="removed").entries[0].entry.key)
    assert (told.state, told.reason) == ("removed", "a doubt")
    with pytest.raises(EntryUnknown):
        full.entry("a", "nobody")
    with pytest.raises(EntryUnknown):
        full.history("a", "nobody")
