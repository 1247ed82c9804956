from store.made_up_entries import entry
from tutela.model import Grade
from tutela.store.audit import By
from tutela.store.history import past_entries

ME = By("a test", "a second look")


def made(store):
    store.create_list("a")
    store.import_entries("a", [entry(1, grade="A"), entry(2)])  # version 1
    store.change_entry("a", "entry-1", grades=[Grade("scheme", "B")], by=ME)  # 2
    store.withdraw("a", ["entry-2"], by=ME)  # 3
    return store


def past(store, version):
    with store.database.reading() as connection:
        return {told.key: told for _, told in past_entries(connection, 1, version)}


def test_what_changed_since_a_version_is_told_as_it_was_then(store):
    made(store)
    assert past(store, 3) == {}
    assert past(store, 2).keys() == {"entry-2"}
    assert {key: told.grades for key, told in past(store, 1).items()} == {
        "entry-1": (Grade("scheme", "A"),),
        "entry-2": (),
    }
    assert past(store, 1)["entry-1"].signals == entry(1).signals
    assert past(store, 0) == {}


def test_an_entry_tells_everything_it_ever_said(store):
    made(store)
    store.restore_entry("a", "entry-2", by=By("another", "it was right after all"))  # 4
    told = store.history("a", "entry-2")
    assert [(one.version, one.who, one.why, one.details is not None) for one in told] == [
        (4, "another", "it was right after all", True),
        (3, "a test", "a second look", False),
        (1, "the command line", "", True),
    ]
    assert [one.details.entry.grades[0].code for one in store.history("a", "entry-1")] == ["B", "A"]


def test_nothing_is_written_for_what_stays_as_it_is(store):
    made(store)
    assert store.import_entries("a", [entry(1, grade="B")]).unchanged == 1
    assert len(store.history("a", "entry-1")) == 2


def test_thousands_change_at_once(store):
    store.create_list("a")
    store.import_entries("a", [entry(number, "md5") for number in range(300)])
    store.import_entries("a", [entry(number, "md5", grade="A") for number in range(300)])
    assert len(past(store, 1)) == 300
