import threading

import pytest

from tutela.model import Hit, Orientation, Purpose
from tutela.model.errors import StoreBusy
from tutela.store import Store
from tutela.store.audit import By, rows
from tutela.web.hit_log import HitLog, rows_of

ME = By("a token of anna", "", "request 1")


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "home") as opened:
        yield opened


def hit(name, number, distance):
    return Hit(
        list_name=name,
        list_version=3,
        purpose=Purpose.KNOWN,
        entry_key=f"{number:032x}",
        kind="pdq",
        frame=0,
        distance=distance,
        orientation=Orientation.ORIGINAL,
        number=number,
    )


def written(store):
    with store.database.reading() as connection:
        return rows(connection, limit=10_000)


def test_a_row_a_list_with_its_best_hit_and_no_key(store):
    log = HitLog(store.database)
    log.write(rows_of(ME, "value", [hit("a", 5, 2), hit("b", 9, 7), hit("a", 6, 11)])).result(10)
    told = written(store)
    assert [(row.action, row.target, row.after["entry"], row.after["hits"]) for row in told] == [
        ("match.hit", "list:b", 9, 1),
        ("match.hit", "list:a", 5, 2),
    ]
    assert (told[0].who, told[0].request, told[1].after["distance"]) == ("a token of anna", "request 1", 2)
    assert f"{5:032x}" not in str(told)
    log.close()


def test_many_at_once_are_each_written_once(store):
    log = HitLog(store.database)
    futures = []

    def write(start):
        futures.extend(log.write(rows_of(ME, "value", [hit("a", start + at, 1)])) for at in range(50))

    threads = [threading.Thread(target=write, args=(number * 50,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for future in futures:
        future.result(30)
    assert sorted(row.after["entry"] for row in written(store)) == list(range(200))
    log.close()


def test_what_waits_is_written_at_the_end_and_nothing_after_it(store):
    log = HitLog(store.database)
    futures = [log.write(rows_of(ME, "value", [hit("a", at, 1)])) for at in range(20)]
    log.close()
    assert all(future.done() for future in futures)
    assert len(written(store)) == 20
    with pytest.raises(StoreBusy):
        log.write([]).result(1)


def test_whoever_waits_is_told_that_it_failed_and_the_next_is_written(store):
    log = HitLog(store.database)
    broken = log.write(rows_of(By("x" * 3, why=None), "value", [hit("a", 1, 1)]))  # the table wants a reason
    with pytest.raises(Exception, match=r"(?i)null"):
        broken.result(10)
    log.write(rows_of(ME, "value", [hit("a", 2, 1)])).result(10)
    assert [row.after["entry"] for row in written(store)] == [2]
    log.close()
