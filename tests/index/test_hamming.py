"""Search is exact at every radius, on every path, by every method, whatever was added and removed before."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.reference import brute_force, clustered_codes
from tutela import _kernel
from tutela.index import HammingIndex


def answers(index, queries, radius, **options):
    offsets, ids, distances = index.search(queries, radius, **options)
    assert (offsets.dtype, ids.dtype, distances.dtype) == (np.int64, np.uint64, np.uint16)
    pairs = list(zip(distances.tolist(), ids.tolist(), strict=True))
    return [pairs[start:end] for start, end in itertools.pairwise(offsets)]


def some_queries(random, codes, count=6):
    near = codes[random.integers(0, len(codes), count)].copy() if len(codes) else np.zeros((0, 32), np.uint8)
    for query in near:
        bits = np.unpackbits(query)
        bits[random.integers(0, 256, random.integers(0, 40))] ^= 1
        query[:] = np.packbits(bits)
    return np.concatenate([near, random.integers(0, 256, (2, 32), dtype=np.uint8)])


@settings(deadline=None, max_examples=80)
@given(
    seed=st.integers(0, 10**6),
    count=st.one_of(st.integers(0, 40), st.sampled_from([2047, 2048, 2049, 4100])),
    radius=st.integers(0, 128),
    method=st.sampled_from(["auto", "bands", "scan"]),
    threads=st.integers(1, 3),
)
def test_equals_brute_force(seed, count, radius, method, threads):
    random = np.random.default_rng(seed)
    codes = clustered_codes(random, count)
    ids = random.integers(0, max(count, 1), count).astype(np.uint64)
    queries = some_queries(random, codes)
    index = HammingIndex.build(codes, ids)
    assert answers(index, queries, radius, method=method, threads=threads) == brute_force(codes, ids, queries, radius)


# So many that a bucket usually takes one window of keys, or two, or three.
@pytest.mark.parametrize("others", [0, 116_000, pytest.param(2_950_000, marks=pytest.mark.slow)])
def test_buckets_of_every_length_are_read_whole_and_no_further(others):
    random = np.random.default_rng(11)
    lengths = [*range(1, 140), 191, 192, 193, 300]
    bases = random.integers(0, 256, (len(lengths), 32), dtype=np.uint8)
    bases[4], bases[-5] = 0, 255  # whose buckets are the first and the last of their bands
    crowd = np.repeat(bases, lengths, axis=0)
    crowd[:, random.integers(0, 32, 8)] ^= np.uint8(1) << random.integers(0, 8, (len(crowd), 8), np.uint8)
    codes = np.concatenate([crowd, random.integers(0, 256, (others, 32), dtype=np.uint8)])
    codes = codes[random.permutation(len(codes))]
    index = HammingIndex.build(codes, np.arange(len(codes), dtype=np.uint64))
    for radius in (4, 31, 40):
        found = answers(index, bases, radius, method="bands")
        assert found == answers(index, bases, radius, method="scan")
    if others < 1_000_000:
        assert found[::20] == brute_force(codes, np.arange(len(codes), dtype=np.uint64), bases[::20], 40)
    assert sum(map(len, found)) >= len(crowd)


def test_one_query_a_call_is_answered_as_many_are(tmp_path):
    random = np.random.default_rng(12)
    codes = clustered_codes(random, 4100)
    queries = some_queries(random, codes, 20)
    memory = HammingIndex.build(codes, np.arange(4100, dtype=np.uint64))
    folder = HammingIndex.build(codes, np.arange(4100, dtype=np.uint64), tmp_path / "i")
    for index in (memory, folder):
        together = answers(index, queries, 31)
        assert [answers(index, queries[i : i + 1], 31)[0] for i in range(len(queries))] == together
        index.remove(np.arange(0, 4100, 2, dtype=np.uint64))
        odd = [[pair for pair in pairs if pair[1] % 2] for pairs in together]
        assert [answers(index, queries[i : i + 1], 31)[0] for i in range(len(queries))] == odd


def test_arrays_of_a_result_can_be_written_and_are_apart():
    codes = np.zeros((3, 32), np.uint8)
    offsets, ids, distances = HammingIndex.build(codes, np.arange(3, dtype=np.uint64)).search(codes[:1], 0)
    ids[:] = 2**64 - 1
    distances[:] = 7
    assert offsets.tolist() == [0, 3]
    assert ids.tolist() == [2**64 - 1] * 3


@pytest.mark.parametrize(
    "queries",
    [
        np.zeros((2, 32), np.int8),
        np.zeros((2, 31), np.uint8),
        np.zeros((4, 32), np.uint8)[::2],
        np.zeros(32, np.uint8),
        [1],
    ],
)
def test_the_kernel_takes_no_other_arrays_than_codes(queries):
    segment = _kernel.Segment.build(np.zeros((1, 32), np.uint8), np.zeros(1, np.uint64))
    with pytest.raises(TypeError, match="uint8"):
        _kernel.search([segment], queries, 0)


@pytest.fixture(scope="module")
def thirty_thousand():
    random = np.random.default_rng(7)
    codes = clustered_codes(random, 30_000)
    return codes, np.arange(30_000, dtype=np.uint64), some_queries(random, codes, 4)


@pytest.mark.parametrize("radius", range(0, 129, 3))
def test_every_method_and_path_agree_at_every_radius(thirty_thousand, radius):
    codes, ids, queries = thirty_thousand
    index = HammingIndex.build(codes, ids)
    expected = brute_force(codes, ids, queries, radius)
    before = _kernel.path()
    try:
        for path in _kernel.paths():
            _kernel.use_path(path)
            for method in ("bands", "scan"):
                assert answers(index, queries, radius, method=method) == expected, (path, method)
    finally:
        _kernel.use_path(before)


@pytest.fixture(scope="module")
def crowd():
    """60,000 codes, of which 9,000 lie within a few bits of the one that is returned too."""
    random = np.random.default_rng(3)
    codes = random.integers(0, 256, (60_000, 32), np.uint8)
    bits = np.zeros((9_000, 256), np.uint8)
    for _ in range(8):
        bits[np.arange(9_000), random.integers(0, 256, 9_000)] = 1
    centre = random.integers(0, 256, (1, 32), np.uint8)
    codes[random.permutation(60_000)[:9_000]] = centre ^ np.packbits(bits, axis=1)
    return codes, centre


def test_a_query_amid_very_many_near_copies_is_scanned_and_others_are_not(crowd):
    codes, centre = crowd
    segment = _kernel.Segment.build(codes, np.arange(len(codes), dtype=np.uint64))
    strangers = np.random.default_rng(4).integers(0, 256, (50, 32), np.uint8)
    assert _kernel.plan(len(codes), 31)[0] == "bands"
    assert segment.method_for(centre, 31) == "scan"
    assert {segment.method_for(query[None], 31) for query in strangers} == {"bands"}
    assert {segment.method_for(query[None], 31) for query in codes[::6007] ^ centre} == {"bands"}
    assert segment.method_for(strangers[:1], 128) == _kernel.plan(len(codes), 128)[0] == "scan"


def test_a_bucket_full_of_others_does_not_make_a_scan_worth_while():
    random = np.random.default_rng(6)
    codes = random.integers(0, 256, (60_000, 32), np.uint8)
    codes[:9_000, :2] = 0  # alike in these bits only, wherever the permutation lays them
    query = random.integers(0, 256, (1, 32), np.uint8)
    query[:, :2] = 0
    segment = _kernel.Segment.build(codes, np.arange(len(codes), dtype=np.uint64))
    assert segment.method_for(query, 31) == "bands"


def test_crowded_and_usual_queries_of_one_batch_are_answered_in_their_places(crowd):
    codes, centre = crowd
    ids = np.arange(len(codes), dtype=np.uint64)
    queries = np.concatenate([codes[:9], centre, codes[-9:], centre, centre ^ np.uint8(1)])
    index = HammingIndex.build(codes, ids)
    assert answers(index, queries, 31) == brute_force(codes, ids, queries, 31)


@pytest.mark.slow
def test_a_million_at_every_radius():
    """The fixed run: 1 M codes, of which half lie around 20 centres, recall 100 % at every radius from 0 to 128."""
    random = np.random.default_rng(11)
    codes = random.integers(0, 256, (1_000_000, 32), dtype=np.uint8)
    codes[:2000] = clustered_codes(random, 4000)[:2000]
    ids = random.permutation(1_000_000).astype(np.uint64)
    index = HammingIndex.build(codes, ids)
    queries = np.concatenate([some_queries(random, codes[:2000], 2), some_queries(random, codes, 1)])
    words = codes.view(np.uint64)
    every = [np.bitwise_count(words ^ query).sum(axis=1) for query in queries.view(np.uint64)]
    for radius in range(129):
        offsets, found, distances = index.search(queries, radius)
        for number, bits in enumerate(every):
            rows = np.flatnonzero(bits <= radius)
            order = np.lexsort((ids[rows], bits[rows]))
            mine = slice(offsets[number], offsets[number + 1])
            assert np.array_equal(found[mine], ids[rows][order])
            assert np.array_equal(distances[mine], bits[rows][order])


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    steps=st.lists(st.sampled_from(["add", "remove", "compact"]), max_size=8),
    on_disk=st.booleans(),
)
def test_changes_equal_a_rebuild(tmp_path_factory, seed, steps, on_disk):
    random = np.random.default_rng(seed)
    codes, ids = clustered_codes(random, 60), np.arange(60, dtype=np.uint64)
    index = HammingIndex.build(codes, ids, tmp_path_factory.mktemp("index") / "i" if on_disk else None)
    for step in steps:
        if step == "add":
            more = clustered_codes(random, int(random.integers(1, 50)))
            numbers = random.integers(0, 200, len(more)).astype(np.uint64)
            index.add(more, numbers)
            codes, ids = np.concatenate([codes, more]), np.concatenate([ids, numbers])
        elif step == "remove":
            gone = random.integers(0, 200, 40).astype(np.uint64)
            index.remove(gone)
            keep = ~np.isin(ids, gone)
            codes, ids = codes[keep], ids[keep]
        else:
            index.compact()
        queries = some_queries(random, codes)
        assert len(index) == len(codes)
        assert answers(index, queries, 31) == brute_force(codes, ids, queries, 31)


def test_many_single_adds_make_few_segments():
    codes = np.random.default_rng(8).integers(0, 256, (4000, 32), dtype=np.uint8)
    index = HammingIndex.build(codes[:0], np.zeros(0, np.uint64))
    for row in range(3000):
        index.add(codes[row : row + 1], np.array([row]))
        assert len(index._current().segments) <= 24
    index.add(codes[3000:], np.arange(3000, 4000))
    assert len(index) == 4000
    queries = codes[::97]
    assert answers(index, queries, 20) == brute_force(codes, np.arange(4000, dtype=np.uint64), queries, 20)


def test_what_is_held_in_memory_stays_bounded_under_replacement():
    """Replacing 8 % again and again, never more than 170 bytes a live entry."""
    random = np.random.default_rng(9)
    codes = random.integers(0, 256, (20_000, 32), dtype=np.uint8)
    index = HammingIndex.build(codes, np.arange(20_000, dtype=np.uint64))
    for _ in range(60):
        ids = random.choice(20_000, 1600, replace=False).astype(np.uint64)
        codes[ids] = random.integers(0, 256, (1600, 32), dtype=np.uint8)
        index.remove(ids)
        index.add(codes[ids], ids)
        held = sum(len(part) for segment in index._current().segments for part in segment.sections())
        assert held <= 170 * len(index)
    assert len(index) == 20_000
    queries = codes[:20]
    assert answers(index, queries, 20) == brute_force(codes, np.arange(20_000, dtype=np.uint64), queries, 20)


MANY_SEGMENTS = """
import numpy as np
from tutela import _kernel
codes = np.zeros((1, 32), np.uint8)
kept = [_kernel.Segment.build(codes, np.array([n], np.uint64)) for n in range(80_000)]
print(len(kept))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts mappings, which Linux bounds at 65,530")
def test_small_segments_take_no_mappings():
    done = subprocess.run(
        [sys.executable, "-c", MANY_SEGMENTS], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, "80000\n"), done.stderr


def test_saved_and_opened_again(tmp_path):
    random = np.random.default_rng(3)
    codes = clustered_codes(random, 5000)
    ids = np.arange(5000, dtype=np.uint64)
    index = HammingIndex.build(codes, ids)
    index.remove(ids[100:200])
    index.save(tmp_path / "saved")
    opened = HammingIndex.open(tmp_path / "saved")
    queries = some_queries(random, codes)
    keep = np.r_[0:100, 200:5000]
    assert answers(opened, queries, 40) == brute_force(codes[keep], ids[keep], queries, 40)
    opened.verify()
    with pytest.raises(FileExistsError):
        index.save(tmp_path / "saved")


def test_any_number_of_equal_codes():
    codes = np.repeat(np.arange(32, dtype=np.uint8)[None], 50_000, axis=0)
    index = HammingIndex.build(codes, np.arange(50_000, dtype=np.uint64))
    offsets, ids, distances = index.search(codes[:2], 31)
    assert offsets.tolist() == [0, 50_000, 100_000]
    assert np.array_equal(ids[:50_000], np.arange(50_000))
    assert not distances.any()


def test_memory_of_an_entry():
    """At most 170 bytes an entry, in memory and on disk, at any size that has bands."""
    for count in (2048, 5000, 65_536, 300_000):
        codes = np.random.default_rng(count).integers(0, 256, (count, 32), dtype=np.uint8)
        segment = _kernel.Segment.build(codes, np.arange(count, dtype=np.uint64))
        assert sum(len(part) for part in segment.parts()) <= 130 * count


@pytest.mark.parametrize(
    ("codes", "ids", "message"),
    [
        (np.zeros((2, 31), np.uint8), np.zeros(2, np.uint64), "uint8"),
        (np.zeros((2, 32), np.int64), np.zeros(2, np.uint64), "uint8"),
        ([[0] * 32], np.zeros(1, np.uint64), "uint8"),
        (np.zeros((2, 32), np.uint8), np.zeros(3, np.uint64), "2 codes with 3 ids"),
        (np.zeros((2, 32), np.uint8), np.array([-1, 2]), "negative"),
        (np.zeros((2, 32), np.uint8), np.array([1.0, 2.0]), "uint64"),
    ],
)
def test_wrong_arrays_are_refused(codes, ids, message):
    with pytest.raises(ValueError, match=message):
        HammingIndex.build(codes, ids)


@pytest.mark.parametrize("radius", [-1, 257])
def test_a_radius_out_of_range_is_refused(radius):
    with pytest.raises(ValueError, match="0 to 256"):
        HammingIndex.build(np.zeros((1, 32), np.uint8), np.zeros(1, np.uint64)).search(
            np.zeros((1, 32), np.uint8), radius
        )


def test_no_entries_and_no_queries():
    empty = HammingIndex.build(np.zeros((0, 32), np.uint8), np.zeros(0, np.uint64))
    offsets, ids, _ = empty.search(np.zeros((3, 32), np.uint8), 128)
    assert offsets.tolist() == [0, 0, 0, 0]
    assert not len(ids)
    one = HammingIndex.build(np.zeros((1, 32), np.uint8), np.zeros(1, np.uint64))
    assert one.search(np.zeros((0, 32), np.uint8), 31)[0].tolist() == [0]
    empty.compact()
    assert len(empty) == 0


def test_the_permutation_evens_out_correlated_bits():
    """Real PDQ bits are correlated between neighbours; imitate that, and look at the longest bucket of a band."""
    random = np.random.default_rng(5)
    codes = np.repeat(random.integers(0, 2, (20_000, 64), dtype=np.uint8), 4, axis=1)
    packed = np.packbits(codes, axis=1)
    stored = np.asarray(_kernel.Segment.build(packed, np.arange(20_000, dtype=np.uint64)).parts()[0]).reshape(-1, 32)
    plain = np.bincount(packed.view(np.uint16)[:, 3], minlength=65_536)
    permuted = np.bincount(np.ascontiguousarray(stored).view(np.uint16)[:, 3], minlength=65_536)
    assert permuted.max() * 4 < plain.max()


NO_ROOM_FOR_THREADS = """
import resource, sys
import numpy as np
from tutela.index import HammingIndex
codes = np.random.default_rng(1).integers(0, 256, (3000, 32), dtype=np.uint8)
index = HammingIndex.build(codes, np.arange(3000))
pages = int(open("/proc/self/statm").read().split()[0])
room = pages * resource.getpagesize() + (256 << 20)
resource.setrlimit(resource.RLIMIT_AS, (room, room))
assert index.search(codes[:64], 0, threads=64)[1].tolist() == list(range(64))
print("answered")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="bounds the address space by Linux's rules")
def test_threads_that_cannot_be_started_are_done_without():
    # A thread's stack has the size of this bound, which the search's process has no address space for.
    command = f"ulimit -s 1048576 && exec {sys.executable} -c '{NO_ROOM_FOR_THREADS}'"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "answered\n"), done.stderr
