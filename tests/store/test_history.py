import itertools
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from store.made_up_entries import entry, plain, signal
from tutela.model import Entry, Grade
from tutela.store.audit import By
from tutela.store.history import past_entries
from tutela.store.tables import entry_history

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


def test_hundreds_change_at_once(store):
    store.create_list("a")
    store.import_entries("a", [entry(number, "md5") for number in range(300)])
    store.import_entries("a", [entry(number, "md5", grade="A") for number in range(300)])
    assert len(past(store, 1)) == 300


def test_every_way_to_change_an_entry_is_told_with_who_and_why(store, monkeypatch):
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    store.create_list("a")
    store.add_entry("a", entry(1, labels=("new",)), by=By("anna", "from a partner"))
    store.change_entry("a", "entry-1", labels=["looked at"], by=By("bob", "it was looked at"))
    store.disable_entry("a", "entry-1", later, by=By("carl", "a complaint"))
    with monkeypatch.context() as patched:
        patched.setattr("tutela.store.store.precise_now", lambda: int(later.timestamp() * 1e6) + 1)
        assert store.wake() == 1
    store.withdraw("a", ["entry-1"], by=By("dora", "it is lawful"))
    store.restore_entry("a", "entry-1", by=By("emil", "it is not"))
    told = [
        (one.version, one.who, one.why, one.details and one.details.entry.labels)
        for one in reversed(store.history("a", "entry-1"))
    ]
    assert told == [
        (1, "anna", "from a partner", ("new",)),
        (2, "bob", "it was looked at", ("looked at",)),
        (3, "carl", "a complaint", None),
        (4, "the server", "its time is over", ("looked at",)),
        (5, "dora", "it is lawful", None),
        (6, "emil", "it is not", ("looked at",)),
    ]
    for before, one in itertools.pairwise(reversed(store.history("a", "entry-1"))):
        assert before.when <= one.when


def test_what_an_entry_said_keeps_qualities_grades_source_and_order(store):
    signals = (signal("pdq", 1, 77), signal("pdq", 2), signal("sha256", 1))
    whole = Entry("k", signals, (Grade("a", "1"), Grade("b", "2")), ("ü", '"'), source="somebody")
    store.create_list("a")
    store.import_entries("a", [whole])
    store.withdraw("a", ["k"], by=ME)
    (told,) = past(store, 1).values()
    assert plain([told]) == plain([whole])


def test_a_list_and_its_past_are_removed_together(store):
    made(store)
    store.remove_list("a")
    with store.database.reading() as connection:
        assert connection.execute(select(entry_history)).all() == []
