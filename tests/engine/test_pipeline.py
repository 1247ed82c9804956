"""The engine from contents to findings, with real lists, in workers and within the process."""

from __future__ import annotations

import ctypes
import gc
import itertools
import shutil
import sys
import time

import numpy as np
import pytest

from engine.small_pictures import gif, jpeg, png
from tutela.engine import Engine, Policy, sandbox_report
from tutela.engine.examining import examine
from tutela.engine.snapshot import write_snapshot
from tutela.engine.worker_process import WorkerStart
from tutela.index.folder import REFRESH
from tutela.model import (
    Content,
    Entry,
    Known,
    Limits,
    ListedBenign,
    ListInfo,
    Near,
    NothingFound,
    ProblemKind,
    Purpose,
    Unreadable,
)
from tutela.signals import digests

LIMITS = Limits(max_seconds=2.0, max_memory=700 << 20)
CRASHER = b"ABORT and never be decoded"


def near(data):
    return Entry("near", tuple(s for s in examine(data, LIMITS).signals if s.kind == "pdq"))


@pytest.fixture
def lists(tmp_path):
    known = [Entry("exact", digests(jpeg(1))), near(png(2)), Entry("crasher", digests(CRASHER)[:1])]
    benign = [near(png(3)), Entry("dull", digests(jpeg(4)))]
    for name, purpose, entries in (("known", Purpose.KNOWN, known), ("benign", Purpose.BENIGN, benign)):
        info = ListInfo(name, "tests", purpose, version=1)
        write_snapshot(tmp_path / name, info, list(enumerate(entries, 1)))
    return [tmp_path / "known", tmp_path / "benign"]


@pytest.fixture(params=[None, 1, 2], ids=["here", "one worker", "two workers"])
def engine(request, lists):
    start = WorkerStart(LIMITS, module="engine.saboteur", grace=0.3)
    with Engine(lists, limits=LIMITS, workers=request.param, start=start) as made:
        yield made


EXPECTED = [
    (jpeg(1), Known),
    (jpeg(2), Near),
    (gif([9, 8, 2]), Near),
    (jpeg(3), ListedBenign),
    (jpeg(4), ListedBenign),
    (jpeg(5), NothingFound),
    (b"", Unreadable),
    (b"no picture", Unreadable),
]


def test_verdicts(engine):
    contents = [Content(str(number), data=data) for number, (data, _) in enumerate(EXPECTED)]
    findings = list(engine.match_many(contents))
    assert [finding.name for finding in findings] == [content.name for content in contents]
    assert [type(finding.verdict) for finding in findings] == [verdict for _, verdict in EXPECTED]
    assert findings[2].verdict.hit.frame == 2
    assert [finding.size for finding in findings] == [len(data) for data, _ in EXPECTED]
    for content, finding in zip(contents, findings, strict=True):
        assert engine.match(content) == finding


def test_a_known_file_is_never_decoded_unless_that_is_wanted(engine, lists):
    assert not engine.match(Content("known", data=jpeg(1))).frames
    for policy in (Policy(pixels="always"), Policy(thumbnails=True)):
        with Engine(lists, policy, workers=None) as complete:
            finding = complete.match(Content("known", data=jpeg(1)))
        assert isinstance(finding.verdict, Known)
        assert finding.frames
        assert bool(finding.thumbnail) == policy.thumbnails


@pytest.mark.parametrize("pixels", ["when-needed", "always"])
def test_a_known_file_that_crashes_the_decoder_is_known(lists, pixels):
    start = WorkerStart(LIMITS, module="engine.saboteur", grace=0.3)
    with Engine(lists, Policy(pixels=pixels), LIMITS, 1, start=start) as engine:
        finding = engine.match(Content("crasher", data=CRASHER))
    assert isinstance(finding.verdict, Known)
    assert finding.verdict.hit.entry_key == "crasher"
    assert [problem.kind for problem in finding.problems] == ([] if pixels == "when-needed" else [ProblemKind.CRASH])


def test_a_stranger_that_crashes_the_decoder_is_unreadable(lists):
    with Engine(lists, limits=LIMITS, workers=1, start=WorkerStart(LIMITS, module="engine.saboteur")) as engine:
        finding = engine.match(Content("crasher", data=b"ABORT me"))
    assert isinstance(finding.verdict, Unreadable)
    assert len(finding.signals) == 3


def test_both_policies_give_the_same_verdicts(lists):
    contents = [Content(str(number), data=data) for number, (data, _) in enumerate(EXPECTED)]
    with Engine(lists, Policy(pixels="always"), workers=None) as always, Engine(lists, workers=None) as needed:
        left, right = list(always.match_many(contents)), list(needed.match_many(contents))
    assert [type(finding.verdict) for finding in left] == [type(finding.verdict) for finding in right]


def test_hashing_asks_no_list(engine):
    finding = next(engine.hash_many([Content("known", data=jpeg(1))]))
    assert [signal.kind for signal in finding.signals] == ["md5", "sha1", "sha256", "pdq"]
    assert finding.hits == ()
    assert isinstance(finding.verdict, NothingFound)
    assert isinstance(next(engine.hash_many([Content("none", data=b"x")])).verdict, Unreadable)


def test_chosen_kinds(lists):
    with Engine(lists, Policy(kinds=frozenset({"md5"})), workers=None) as engine:
        known, other = engine.match_many([Content("a", data=jpeg(1)), Content("b", data=b"no picture")])
        (unread,) = engine.match_many([Content.of_file(lists[0] / "none")])
    assert [signal.kind for signal in known.signals] == ["md5"]
    assert isinstance(known.verdict, Known)
    assert isinstance(other.verdict, NothingFound), "nothing needed decoding, so nothing is unreadable"
    assert isinstance(unread.verdict, Unreadable)
    assert unread.size is None


def test_orientations_find_a_turned_picture(lists):
    from io import BytesIO

    from PIL import Image

    target = BytesIO()
    Image.open(BytesIO(png(2))).transpose(Image.Transpose.ROTATE_90).save(target, "PNG")
    content = Content("turned", data=target.getvalue())
    with Engine(lists, workers=None) as plain, Engine(lists, Policy(orientations=True), workers=None) as all_ways:
        assert isinstance(plain.match(content).verdict, NothingFound)
        assert isinstance(all_ways.match(content).verdict, Near)


def test_a_list_that_cannot_be_opened_is_named_in_every_finding(lists, tmp_path):
    shutil.copytree(lists[0], tmp_path / "broken")
    for path in (tmp_path / "broken").iterdir():
        path.write_bytes(b"nonsense")
    with Engine([*lists, tmp_path / "broken"], workers=None) as engine:
        findings = list(engine.match_many([Content("1", data=jpeg(1)), Content("2", data=jpeg(5))]))
    assert [type(finding.verdict) for finding in findings] == [Known, NothingFound]
    for finding in findings:
        assert [(problem.kind, problem.place) for problem in finding.problems] == [(ProblemKind.INDEX, "list broken")]


def test_a_list_changed_meanwhile_is_seen(lists):
    with Engine(lists, workers=None) as engine:
        contents = (Content("same", data=jpeg(20)) for _ in itertools.count())
        findings = engine.match_many(contents)
        assert isinstance(next(findings).verdict, NothingFound)
        info = ListInfo("known", "tests", Purpose.KNOWN, version=2)
        write_snapshot(lists[0], info, [(9, Entry("new", digests(jpeg(20))))])
        for finding in itertools.islice(findings, 5000):
            if isinstance(finding.verdict, Known):
                break
        assert finding.verdict.hit.entry_key == "new"
        assert finding.verdict.hit.list_version == 2


class ChangesBetween:
    """An examiner that changes something between the contents' being looked at and their being judged."""

    def __init__(self, examiner, change):
        self._examiner = examiner
        self._change = change
        self.close = examiner.close

    def run(self, *arguments):
        for batch in self._examiner.run(*arguments):
            self._change()
            time.sleep(2 * REFRESH)
            yield batch


@pytest.mark.parametrize("workers", [None, 1], ids=["here", "one worker"])
def test_an_entry_withdrawn_between_digests_and_verdict_hides_nothing(lists, workers):
    """The bytes were met, so the pixels were passed over; the exact entry goes, one that is near stays."""
    write_snapshot(lists[0], ListInfo("known", "tests", Purpose.KNOWN, version=2), [(20, near(jpeg(1)))])

    def withdraw():
        info = ListInfo("known", "tests", Purpose.KNOWN, version=3)
        write_snapshot(lists[0], info, [], np.array([1], np.uint64))

    with Engine(lists, limits=LIMITS, workers=workers) as engine:
        engine._examiner = ChangesBetween(engine._examiner, withdraw)
        contents = [Content("exact", data=jpeg(1)), Content("stranger", data=jpeg(5))]
        exact, stranger = engine.match_many(contents)
        (after,) = engine.match_many(contents[:1])
    assert isinstance(exact.verdict, Known)
    assert exact.verdict.hit.list_version == 2
    assert isinstance(stranger.verdict, NothingFound)
    assert isinstance(after.verdict, Near), "a content that is looked at later is asked about in the later state"
    assert after.verdict.hit.list_version == 3


def test_without_lists_nothing_is_found():
    with Engine(workers=None) as engine:
        assert isinstance(engine.match(Content("1", data=jpeg(1))).verdict, NothingFound)


@pytest.mark.parametrize("workers", [None, 2])
def test_findings_are_made_as_they_are_taken(workers):
    pulled = 0

    def endless():
        nonlocal pulled
        for number in itertools.count():
            pulled += 1
            yield Content(str(number), data=b"no picture %d" % number)

    with Engine(workers=workers) as engine:
        names = [finding.name for finding in itertools.islice(engine.match_many(endless()), 100)]
    assert names == [str(number) for number in range(100)]
    assert pulled < 600


@pytest.mark.parametrize("workers", [None, 2])
def test_what_is_ready_comes_before_a_source_that_waits_is_asked_again(workers):
    """Each content is given only when the finding of the one before has come."""
    came = []

    def waiting():
        for number in range(5):
            while len(came) < number:
                yield None
            yield Content(str(number), data=jpeg(number))

    with Engine(workers=workers) as engine:
        came.extend(finding.name for finding in engine.match_many(waiting()))
    assert came == [str(number) for number in range(5)]


def test_sandbox_report():
    measures = sandbox_report()
    assert {"memory limit", "no file written", "system calls filtered"} <= set(measures)
    assert all(isinstance(value, bool) for value in measures.values())


class Malloc(ctypes.Structure):
    """Struct mallinfo2 of malloc.h."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in [
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        ]
    )


def in_use():
    """Objects that Python holds and bytes that C holds; what was freed and not given back counts for neither."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):
        pytest.skip("no way to ask this C library")
    library.mallinfo2.restype = Malloc
    gc.collect()
    told = library.mallinfo2()
    return np.array([sys.getallocatedblocks(), told.uordblks + told.hblkhd])


def growth_for_a_file(match, files, keep):
    """What a file leaves behind for good, and what it leaves until its run ends: (objects, bytes) each.

    Between runs nothing is under way, so next to nothing may have grown; of three stretches the least is taken, since
    caches fill once and leaks leak always.  Within a run some hundreds of files are under way, at one time more than at
    another.
    """
    datas = [jpeg(seed) for seed in range(20)]
    after, within = [], []
    for _ in range(4):
        contents = (Content(str(number), data=datas[number % 20]) for number in range(files))
        for number, finding in enumerate(match(contents), 1):
            keep(finding)
            if number in (files // 4, files - 1):
                within.append(in_use())
        after.append(in_use())
    return np.min(np.diff(after, axis=0), axis=0) / files, (within[1] - within[0]) / (files * 3 // 4)


def forget(finding):
    del finding


@pytest.mark.slow
def test_memory_stays_flat():
    with Engine(workers=2) as engine:
        lasting, passing = growth_for_a_file(engine.hash_many, 2000, forget)
    assert (lasting < (0.1, 32)).all(), lasting
    assert (passing < (8, 2000)).all(), passing


def test_the_measure_of_memory_sees_what_is_kept():
    kept = []
    with Engine(workers=None) as engine:
        lasting, passing = growth_for_a_file(engine.hash_many, 40, lambda _: kept.append(bytes(50_000)))
        whole, _ = growth_for_a_file(engine.hash_many, 40, kept.append)
    # What threads of other tests free meanwhile is far less.
    assert lasting[1] > 40_000
    assert passing[1] > 40_000
    assert whole[0] > 8, "a finding has more objects than may be left within a run"
