"""The pool with real worker processes, and with workers that misbehave."""

from __future__ import annotations

import gc
import hashlib
import itertools
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from engine.small_pictures import gif, jpeg, png
from tutela.engine.examining import Wanted, examine
from tutela.engine.pool import Pool
from tutela.engine.protocol import Step
from tutela.engine.run import Run
from tutela.engine.worker_process import DEPTH, Gone, Job, WorkerStart
from tutela.model import Content, Limits, ProblemKind
from tutela.model.errors import WorkersFailed

LIMITS = Limits(max_seconds=1.0, max_memory=700 << 20)
START = WorkerStart(LIMITS, module="engine.saboteur", grace=0.2)
WANTED = Wanted()


def in_memory(*datas):
    return [Content(f"file {number}", data=data) for number, data in enumerate(datas)]


def results(pool, contents, wanted=WANTED, settled=None):
    return [pair for batch in pool.run(contents, wanted, settled) for pair in batch]


def kinds_of(found):
    return [problem.kind for problem in found.problems]


def children():
    """Ids of this process's children, dead or alive."""
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    return {int(number) for number in text.split()}


def open_files():
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


@contextmanager
def no_more_handles():
    """Let this process open nothing more, so that no worker can be started."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def pool():
    before, files = children(), open_files()
    made = Pool(START, 2)
    yield made
    made.close()
    assert children() == before, "a worker outlived its pool"
    assert open_files() <= files, "a file handle was left open"


def never(found):
    return [False] * len(found)


def always(found):
    return [True] * len(found)


def test_equals_what_is_found_in_process_and_keeps_the_order(pool):
    datas = [jpeg(1), png(2), gif([3, 4, 5]), b"", b"no picture", jpeg(6)[:900], *(jpeg(seed) for seed in range(40))]
    contents = in_memory(*datas)
    for settled in (None, never):
        found = results(pool, contents, settled=settled)
        assert [name for name, _ in found] == [content.name for content in contents]
        assert [each for _, each in found] == [examine(data, LIMITS) for data in datas]


SINS = {
    b"ABORT": ProblemKind.CRASH,
    b"SEGV": ProblemKind.CRASH,
    b"LEAVE": ProblemKind.CRASH,
    b"FAIL": ProblemKind.CRASH,
    b"EAT": ProblemKind.MEMORY,
    b"KEEP": ProblemKind.MEMORY,
    b"EAT_AND_ABORT": ProblemKind.CRASH,
    b"SLEEP": ProblemKind.TIMEOUT,
    b"SLEEP_DEAF": ProblemKind.TIMEOUT,
    b"SPIN": ProblemKind.TIMEOUT,
}


@pytest.mark.parametrize("settled", [None, never], ids=["straight", "digests first"])
@pytest.mark.parametrize("sin", SINS, ids=bytes.decode)
def test_a_decoder_that_misbehaves_loses_its_one_file(pool, sin, settled):
    good = [jpeg(seed) for seed in range(10)]
    bad = sin + b" whatever follows"
    datas = [*good[:5], bad, *good[5:]]
    found = [each for _, each in results(pool, in_memory(*datas), settled=settled)]
    assert kinds_of(found[5]) == [SINS[sin]]
    assert {s.value for s in found[5].signals} == {hashlib.new(n, bad).digest() for n in ("md5", "sha1", "sha256")}
    assert [none.kind for none in found[5].unhashable] == ["pdq"]
    assert found[5].size == len(bad)
    del found[5]
    assert found == [examine(data, LIMITS) for data in good]


def test_many_misbehave_one_after_another(pool):
    datas = [b"ABORT %d" % n if n % 3 else jpeg(n) for n in range(12)]
    found = [each for _, each in results(pool, in_memory(*datas), settled=never)]
    assert [bool(each.problems) for each in found] == [bool(n % 3) for n in range(12)]
    assert all(len(each.signals) >= 3 for each in found)


def test_an_answer_not_yet_read_when_its_worker_is_found_dead_counts(pool):
    """The worker answers the first job and dies of the second; what is sent to it then fails before that is read."""
    results(pool, in_memory(jpeg(1)))
    worker = pool._workers[0]
    owner = Run(iter(()), WANTED, Step.ALL, None)
    for n, data in enumerate([jpeg(2), b"ABORT it"]):
        worker.hand(Job(1000 + n, Content("x", data=data), WANTED, Step.ALL, position=n, owner=owner))
    worker._process.wait()
    late = Job(1002, Content("x", data=jpeg(3)), WANTED, Step.ALL, position=2, owner=owner)
    with pytest.raises(Gone):
        worker.hand(late)
    pool._bury(worker)
    assert owner.results[0][1] == examine(jpeg(2), LIMITS)
    assert [(job.number, job.lost is not None) for job in pool._waiting] == [(1001, True), (1002, False)]
    pool._waiting.clear()


def test_a_worker_that_died_between_two_answers_is_buried_once(pool):
    """Two of its jobs wait for a word; the word for the first finds it dead, the word for the second must not."""
    results(pool, in_memory(jpeg(1)))
    worker = pool._workers[0]
    owner = Run(iter(()), WANTED, Step.ASK, never)
    jobs = [Job(1000 + n, Content("x", data=b"x"), WANTED, Step.ASK, position=n, owner=owner) for n in range(2)]
    for job in jobs:
        worker.jobs[job.number] = job
    os.kill(worker._process.pid, signal.SIGKILL)
    worker._process.wait()
    for job in jobs:
        pool._go(worker, job, pixels=True)
    assert worker not in pool._workers
    assert [job.number for job in pool._waiting] == [1000, 1001]
    pool._waiting.clear()


def test_a_crash_without_digests_wanted_is_told_once(pool):
    ((_, found),) = results(pool, in_memory(b"ABORT"), Wanted(kinds=frozenset({"pdq"})))
    assert kinds_of(found) == [ProblemKind.CRASH]
    assert not found.signals


@pytest.mark.parametrize(
    "lie",
    [
        "noise",
        "length",
        "body",
        "brackets",
        "digits",
        "other",
        "twice",
        "ready",
        "signal",
        "unasked",
        "thumbnail",
        "hang-up",
        "go-on",
    ],
)
def test_an_answer_that_makes_no_sense_ends_the_worker(pool, lie):
    data = b"LIE " + lie.encode()
    good = [jpeg(seed) for seed in range(6)]
    found = [each for _, each in results(pool, in_memory(*good[:3], data, *good[3:]))]
    # One that answers rightly first and then goes on answering is noticed while it is busy with the next file.
    assert kinds_of(found[3]) == [ProblemKind.UNSUPPORTED if lie in ("twice", "go-on") else ProblemKind.CRASH]
    del found[3]
    assert found == [examine(data, LIMITS) for data in good]


def test_an_answer_that_only_drips_in_loses_its_one_file(pool):
    """Only a whole message is a word from a worker: its bytes, one at a time, would put its deadline off for long."""
    good = [jpeg(seed) for seed in range(6)]
    found = [each for _, each in results(pool, in_memory(*good[:3], b"LIE drip", *good[3:]))]
    assert kinds_of(found[3]) == [ProblemKind.TIMEOUT]
    del found[3]
    assert found == [examine(data, LIMITS) for data in good]


def test_settled_digests_spare_the_decoder(pool):
    found = results(pool, in_memory(b"ABORT", jpeg(1)), settled=always)
    assert [kinds_of(each) for _, each in found] == [[], []]
    assert [[s.kind for s in each.signals] for _, each in found] == [["md5", "sha1", "sha256"]] * 2


def test_settled_sees_the_digests_of_each_content(pool):
    known = hashlib.sha256(b"ABORT 3").digest()

    def settled(found):
        return [any(signal.value == known for signal in each.signals) for each in found]

    found = results(pool, in_memory(*(b"ABORT %d" % n for n in range(5))), settled=settled)
    assert [kinds_of(each) for _, each in found] == [[] if n == 3 else [ProblemKind.CRASH] for n in range(5)]


def test_files_that_cannot_be_read(pool, tmp_path):
    good = tmp_path / "good.jpg"
    good.write_bytes(jpeg(1))
    (tmp_path / "link").symlink_to(good)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    names = [good, tmp_path / "link", tmp_path / "loop", tmp_path / "pipe", tmp_path, tmp_path / "none"]
    names += [Path("/dev/zero"), Path("/dev/tty"), Path("bad\0name")]
    for settled in (None, never):
        found = results(pool, [Content.of_file(name) for name in names], settled=settled)
        assert [name for name, _ in found] == [str(name) for name in names]
        assert [kinds_of(each) for _, each in found] == [[], []] + [[ProblemKind.UNREADABLE]] * 7
        assert found[0][1] == examine(jpeg(1), LIMITS)


def test_a_file_larger_than_the_limit_is_hashed_and_not_decoded(tmp_path):
    data = png(1) + bytes(9 << 20)
    (tmp_path / "large.png").write_bytes(data)
    pool = Pool(WorkerStart(Limits(max_bytes=1000)), 1)
    ((_, found),) = results(pool, [Content.of_file(tmp_path / "large.png")])
    pool.close()
    assert kinds_of(found) == [ProblemKind.LIMIT]
    assert found.size == len(data)
    assert found.signals[2].value == hashlib.sha256(data).digest()
    assert not found.frames


def test_bytes_go_over_the_socket_where_there_are_no_files_in_memory():
    pool = Pool(WorkerStart(LIMITS, memory_files=False), 2)
    datas = [jpeg(1) + bytes(3 << 20), jpeg(2), b"", png(3) + bytes(1 << 20)]
    for settled in (None, never):
        assert [each for _, each in results(pool, in_memory(*datas), settled=settled)] == [
            examine(data, LIMITS) for data in datas
        ]
    pool.close()


def test_thumbnails_come_back(pool):
    ((_, found),) = results(pool, in_memory(jpeg(1)), Wanted(thumbnail=True))
    assert found.thumbnail is not None
    assert found == examine(jpeg(1), LIMITS, Wanted(thumbnail=True))


def test_contents_are_pulled_only_as_needed(pool):
    pulled = 0

    def endless():
        nonlocal pulled
        for number in itertools.count():
            pulled += 1
            yield Content(str(number), data=b"no picture %d" % number)

    run = pool.run(endless(), WANTED)
    taken = [name for batch in itertools.islice(run, 5) for name, _ in batch]
    run.close()
    assert taken == [str(number) for number in range(len(taken))]
    assert pulled <= len(taken) + 256 + 2 * DEPTH


def test_one_slow_file_does_not_hold_up_the_pulling_of_others(pool):
    contents = in_memory(b"SLEEP", *(b"text %d" % n for n in range(100)))
    begun = time.monotonic()
    found = results(pool, contents)
    assert kinds_of(found[0][1]) == [ProblemKind.TIMEOUT]
    assert len(found) == 101
    assert time.monotonic() - begun < 60


def test_runs_within_runs_and_in_several_threads(pool):
    inner = []
    for batch in pool.run(in_memory(*(jpeg(n) for n in range(20))), WANTED, never):
        for name, found in batch:
            ((_, again),) = results(pool, in_memory(jpeg(int(name.split()[1]))))
            inner.append(again == found)
    assert inner == [True] * 20

    wrong = []

    def work(first):
        datas = [jpeg(first * 10 + n) for n in range(10)]
        if [each for _, each in results(pool, in_memory(*datas))] != [examine(data, LIMITS) for data in datas]:
            wrong.append(first)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert not any(thread.is_alive() for thread in threads)


def test_a_run_that_is_left_does_not_disturb_the_next(pool):
    for _ in range(5):
        run = pool.run(in_memory(*(jpeg(n) for n in range(30))), WANTED, never)
        next(run)
        run.close()
    assert len(results(pool, in_memory(jpeg(1), jpeg(2)))) == 2


def test_workers_are_replaced_after_some_files():
    pool = Pool(START, 1, recycle=5)
    seen = set()
    contents = in_memory(*(jpeg(n) for n in range(40)))
    for settled in (None, never):
        for batch in pool.run(contents, WANTED, settled):
            seen |= {worker._process.pid for worker in pool._workers}
            assert all(not found.problems for _, found in batch)
    assert len(seen) >= 2
    assert len(pool._workers) + len(pool._retired) <= 3
    pool.close()


def test_workers_that_cannot_start_are_told_of():
    pool = Pool(WorkerStart(LIMITS, module="no_such_module"), 2)
    with pytest.raises(WorkersFailed):
        results(pool, in_memory(jpeg(1)))
    pool.close()
    with pytest.raises(WorkersFailed):
        results(pool, in_memory(jpeg(1)))


def test_a_run_goes_on_with_the_workers_there_are(pool):
    """Its only worker is old and a second would be welcome, but for a while the system lets none be started."""
    pool._recycle = 3
    pool._start = replace(START, memory_files=False)
    datas = [jpeg(n) for n in range(12)]
    results(pool, in_memory(jpeg(20)))
    (first,) = list(pool._workers)
    with no_more_handles():
        found = results(pool, in_memory(*datas), settled=never)
    assert [each for _, each in found] == [examine(data, LIMITS) for data in datas]
    assert pool._workers == [first]
    pool._again = 0.0
    results(pool, in_memory(*datas))
    assert pool._workers != [first], "it is tried again"


def test_without_any_worker_that_none_starts_is_told(pool):
    with no_more_handles(), pytest.raises(WorkersFailed, match="none could be started"):
        results(pool, in_memory(jpeg(1)))
    assert len(results(pool, in_memory(jpeg(1)))) == 1


def test_an_exception_of_the_callers_own_passes_through(pool):
    def broken():
        yield from in_memory(jpeg(1))
        raise KeyError("mine")

    def unsettled(_found):
        raise KeyError("mine too")

    with pytest.raises(KeyError, match="mine"):
        results(pool, broken())
    with pytest.raises(KeyError, match="mine too"):
        results(pool, in_memory(jpeg(1)), settled=unsettled)
    assert len(results(pool, in_memory(jpeg(1)))) == 1


SCRIPT = textwrap.dedent("""
    import itertools, os, sys
    from tutela.engine.examining import Wanted
    from tutela.engine.pool import Pool
    from tutela.engine.worker_process import WorkerStart
    from tutela.model import Content, Limits

    pool = Pool(WorkerStart(Limits(), module="engine.saboteur"), 2)
    contents = (Content(str(n), data=b"SLEEP" if n > 20 else b"text") for n in itertools.count())
    run = pool.run(contents, Wanted())
    next(run)
    print(*(worker._process.pid for worker in pool._workers), flush=True)
    for batch in run:
        pass
""")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_the_engine(how):
    path = os.pathsep.join([*sys.path, str(Path(__file__).parents[1])])
    engine = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": path},
    )
    workers = [int(number) for number in engine.stdout.readline().split()]
    engine.stdout.close()
    assert workers
    time.sleep(0.2)
    engine.send_signal(how)
    engine.wait(20)
    until = time.monotonic() + 10
    while any(_lives(worker) for worker in workers) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(_lives(worker) for worker in workers)


def _lives(process):
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_forked_child_leaves_the_workers_to_its_parent(pool):
    results(pool, in_memory(jpeg(1)))
    child = os.fork()
    if not child:
        status = 1
        try:
            ((_, found),) = results(pool, in_memory(jpeg(2)))
            pool.close()
            status = 0 if found.signals and not found.problems else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [each for _, each in results(pool, in_memory(jpeg(1), jpeg(3)))] == [
        examine(jpeg(n), LIMITS) for n in (1, 3)
    ]
