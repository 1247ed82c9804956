import itertools
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.made_up_lists import exact, near, opened, pdq, written
from tutela.engine.matching import decide, match_many, match_signals, rank
from tutela.engine.snapshot import ListSnapshot, SnapshotView, UnaskedList
from tutela.model import (
    Entry,
    Grade,
    Hit,
    Known,
    ListedBenign,
    Near,
    NothingFound,
    Orientation,
    Problem,
    ProblemKind,
    Purpose,
    Signal,
    Threshold,
    Unreadable,
)
from tutela.model.errors import SignalInvalid
from tutela.model.verdict import VERDICT_NAMES
from tutela.signals import Measure, kind

MD5, OTHER = b"m" * 16, b"o" * 16


def frame(*flipped, number=0, quality=100, turned=Orientation.ORIGINAL):
    return Signal("pdq", pdq(*flipped), quality, number, turned)


def told(hits):
    return [(hit.entry_key, hit.kind, hit.distance, hit.frame) for hit in hits]


# ----------------------------------------------------------------------------------------------------------- hits
def test_hits_come_best_first(tmp_path):
    entries = [near("far", 1, 2, 3), near("close", 1), exact("same", MD5), near("out", *range(40))]
    hits, problems = match_signals([frame(), Signal("md5", MD5)], [opened(tmp_path / "s", entries)])
    assert told(hits) == [("same", "md5", 0, None), ("close", "pdq", 1, 0), ("far", "pdq", 3, 0)]
    assert problems == []


def test_a_hit_tells_what_the_list_tells(tmp_path):
    time = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    entry = Entry("k", (Signal("pdq", pdq(1)),), (Grade("s", "A"),), ("x",), "them", time, time)
    demo = opened(tmp_path / "s", [entry], purpose=Purpose.BENIGN, version=6)
    ((hit,), _) = match_signals([frame(number=3, turned=Orientation.FLIP_X)], [demo])
    assert hit == Hit(
        "demo", 6, Purpose.BENIGN, "k", "pdq", 1, Orientation.FLIP_X, 3, (Grade("s", "A"),), ("x",), "them", time
    )


def test_each_list_has_its_own_thresholds(tmp_path):
    strict = opened(tmp_path / "a", [near("k", 1, 2)], name="strict", pdq=Threshold(1, 0))
    loose = opened(tmp_path / "b", [near("k", 1, 2)], name="loose", pdq=Threshold(2, 0))
    good = opened(tmp_path / "c", [near("k", 1, 2)], name="good", pdq=Threshold(2, 70))
    hits, _ = match_signals([frame(quality=69)], [strict, loose, good])
    assert [hit.list_name for hit in hits] == ["loose"]
    hits, _ = match_signals([frame(quality=70)], [strict, loose, good])
    assert [hit.list_name for hit in hits] == ["good", "loose"]
    hits, _ = match_signals([frame(quality=None)], [good])
    assert len(hits) == 1


def test_of_several_orientations_the_nearest_counts(tmp_path):
    signals = [frame(1, 2), frame(1, turned=Orientation.ROTATE_90), frame(turned=Orientation.FLIP_Y)]
    ((hit,), _) = match_signals(signals, [opened(tmp_path / "s", [near("k")])])
    assert (hit.distance, hit.orientation) == (0, Orientation.FLIP_Y)


def test_at_equal_distance_the_picture_as_it_is_counts(tmp_path):
    signals = [frame(1, turned=Orientation.ROTATE_90), frame(2)]
    for order in (signals, signals[::-1]):
        ((hit,), _) = match_signals(order, [opened(tmp_path / f"s{len(order)}{order[0].orientation}", [near("k")])])
        assert hit.orientation is Orientation.ORIGINAL


def test_of_several_digests_the_strongest_counts(tmp_path):
    entry = Entry("k", (Signal("md5", MD5), Signal("sha256", b"s" * 32), Signal("sha1", b"1" * 20)))
    hits, _ = match_signals(entry.signals, [opened(tmp_path / "s", [entry])])
    assert told(hits) == [("k", "sha256", 0, None)]


def test_one_entry_met_in_several_frames_is_several_hits(tmp_path):
    demo = opened(tmp_path / "s", [Entry("k", (Signal("pdq", pdq()), Signal("pdq", pdq(7))))])
    hits, _ = match_signals([frame(number=0), frame(7, number=1), frame(3, number=2)], [demo])
    assert told(hits) == [("k", "pdq", 0, 0), ("k", "pdq", 0, 1), ("k", "pdq", 1, 2)]


def test_many_contents_are_asked_at_once_and_kept_apart(tmp_path):
    demo = opened(tmp_path / "s", [near("a", 1), exact("b", MD5), near("c", *range(100, 150))])
    contents = [[frame()], [], [Signal("md5", MD5)], [frame(*range(100, 150)), Signal("md5", OTHER)]]
    assert [told(hits) for hits, _ in match_many(contents, [demo])] == [
        [("a", "pdq", 1, 0)],
        [],
        [("b", "md5", 0, None)],
        [("c", "pdq", 0, 0)],
    ]
    assert match_many([], [demo]) == []


def test_a_value_of_a_wrong_length_is_refused(tmp_path):
    with pytest.raises(SignalInvalid):
        match_signals([Signal("md5", b"short")], [opened(tmp_path / "s", [])])


values = st.lists(st.integers(0, 15), max_size=6).map(lambda bits: pdq(*bits))
listed = st.lists(st.tuples(values, st.none() | st.sampled_from([40, 60])), max_size=8)
asked = st.lists(
    st.lists(
        st.builds(
            Signal,
            st.just("pdq"),
            values,
            st.none() | st.sampled_from([40, 60]),
            st.integers(0, 2),
            st.sampled_from(list(Orientation)[:3]),
        ),
        max_size=5,
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(listed, asked, st.integers(0, 6), st.sampled_from([0, 50]))
def test_hits_are_those_that_comparing_each_with_each_gives(tmp_path_factory, entries, contents, distance, quality):
    limit = Threshold(distance, quality)
    made = [Entry(f"k{n}", (Signal("pdq", value, q),)) for n, (value, q) in enumerate(entries)]
    demo = opened(tmp_path_factory.mktemp("list") / "s", made, pdq=limit)
    for signals, (hits, problems) in zip(contents, match_many(contents, [demo]), strict=True):
        best = {}
        for signal, entry in itertools.product(signals, made):
            (own,) = entry.signals
            apart = kind("pdq").distance(signal.value, own.value)
            fit = all(q is None or q >= quality for q in (signal.quality, own.quality))
            if fit and apart <= distance:
                at = (entry.key, signal.frame)
                best[at] = min(best.get(at, (999, 0)), (apart, list(Orientation).index(signal.orientation)))
        found = {(h.entry_key, h.frame): (h.distance, list(Orientation).index(h.orientation)) for h in hits}
        assert found == best
        assert len(found) == len(hits)
        assert problems == []
        assert hits == sorted(hits, key=rank)


# ------------------------------------------------------------------------------------------------------------ cap
def test_more_hits_than_may_be_are_cut_to_the_nearest_with_a_problem(tmp_path):
    demo = opened(tmp_path / "s", [near(f"k{n:02}", *range(n)) for n in range(20)])
    hits, (problem,) = match_signals([frame()], [demo], most_hits=5)
    assert [hit.distance for hit in hits] == [0, 1, 2, 3, 4]
    assert problem == Problem(ProblemKind.LIMIT, "list demo", "List 'demo' has 20 hits; 5 are kept, the nearest.")


def test_the_nearest_of_every_frame_is_never_cut(tmp_path):
    entries = [near(f"k{n}", n) for n in range(10)] + [near("lonely", *range(100, 120))]
    demo = opened(tmp_path / "s", [*entries, exact("same", MD5)])
    signals = [frame(), frame(*range(100, 115), number=1), Signal("md5", MD5)]
    hits, problems = match_signals(signals, [demo], most_hits=2)
    assert told(hits) == [("same", "md5", 0, None), ("k0", "pdq", 1, 0), ("lonely", "pdq", 5, 1)]
    assert len(problems) == 1


@settings(max_examples=60, deadline=None)
@given(listed, listed, asked, st.integers(1, 4))
def test_cutting_changes_no_verdict(tmp_path_factory, known, benign, contents, most):
    place = tmp_path_factory.mktemp("lists")
    lists = [
        opened(place / purpose, [Entry(f"k{n}", (Signal("pdq", v),)) for n, (v, _) in enumerate(own)], purpose=purpose)
        for purpose, own in ((Purpose.KNOWN, known), (Purpose.BENIGN, benign))
    ]
    whole = match_many(contents, lists, most_hits=1000)
    cut = match_many(contents, lists, most_hits=most)
    for (hits, none), (kept, problems) in zip(whole, cut, strict=True):
        assert none == []
        one, other = decide(hits, readable=True), decide(kept, readable=True)
        assert type(one) is type(other)
        if not isinstance(one, NothingFound):
            assert one.hit == other.hit
        assert bool(problems) == (len(kept) < len(hits))


# ------------------------------------------------------------------------------------------------- lists not asked
def test_a_list_that_cannot_be_opened_is_in_every_finding(tmp_path):
    demo = opened(tmp_path / "s", [near("a")])
    for hits, problems in match_many([[frame()], [frame(*range(90))]], [UnaskedList("gone", "it is gone"), demo]):
        assert [problem.message for problem in problems] == ["List 'gone' was not asked: it is gone."]
        verdict = decide(hits, readable=True, problems=problems)
        assert verdict.reasons[-1] == "List 'gone' was not asked: it is gone."


def test_a_list_found_damaged_while_it_is_searched_is_not_asked(tmp_path):
    path = written(tmp_path / "s", [near("a"), exact("b", MD5)])
    for segment in path.glob("*.seg"):
        data = bytearray(segment.read_bytes())
        if MD5 in data:
            data[data.find(MD5)] ^= 1  # within a block, which is checked when it is first used
            segment.write_bytes(data)
    damaged = ListSnapshot.open(path)
    other = opened(tmp_path / "other", [near("c", 1)], name="other")
    hits, (problem,) = match_signals([frame(), Signal("md5", MD5)], [damaged, other])
    assert told(hits) == [("c", "pdq", 1, 0)]
    assert problem.kind is ProblemKind.INDEX
    assert problem.message.startswith("List 'demo' was not asked: its index is damaged")


def test_a_damaged_newer_state_is_told_beside_the_hits_of_the_last_good_one(tmp_path):
    path = written(tmp_path / "s", [near("a")])
    demo = ListSnapshot.open(path)
    (path / "manifest.json").write_bytes(b"torn")
    demo._folder._looked = 0.0
    hits, (problem,) = match_signals([frame()], [demo])
    assert told(hits) == [("a", "pdq", 0, 0)]
    assert "version 1 was asked" in problem.message
    assert problem.message in decide(hits, readable=True, problems=[problem]).reasons


# ------------------------------------------------------------------------------------------------------- the rules
def hit(name, distance=0, number: int | None = 0, *, benign=False, key="k", which="pdq", **more):
    if name == "exact":
        which, number = "sha256", None
    purpose = Purpose.BENIGN if benign else Purpose.KNOWN
    return Hit("fine" if benign else "bad", 3, purpose, key, which, distance, Orientation.ORIGINAL, number, **more)


def known(distance, number=0, **more):
    return hit("near", distance, number, **more)


def benign(distance, number=0, **more):
    return hit("near", distance, number, benign=True, **more)


EXACT, EXACT_BENIGN = hit("exact"), hit("exact", benign=True)

TABLE = [
    ("nothing", [], NothingFound),
    ("the bytes", [EXACT], Known),
    ("the bytes and a near one", [EXACT, known(4)], Known),
    ("near", [known(4)], Near),
    ("near at distance 0 is not the bytes", [known(0)], Near),
    ("benign alone", [benign(9)], ListedBenign),
    ("benign bytes alone", [EXACT_BENIGN], ListedBenign),
    ("benign nearer", [known(9), benign(8)], ListedBenign),
    ("benign as near", [known(9), benign(9)], ListedBenign),
    ("benign farther", [known(9), benign(10)], Near),
    ("benign as near as the best known", [known(9), known(20), benign(9)], ListedBenign),
    ("benign nearer than one known only", [known(5), known(20), benign(9)], Near),
    ("both by bytes", [EXACT, EXACT_BENIGN], ListedBenign),
    ("benign at distance 0 is no match for the bytes", [EXACT, benign(0)], Known),
    ("benign bytes beat near at distance 0", [EXACT_BENIGN, known(0)], ListedBenign),
    ("benign bytes cover every frame", [EXACT_BENIGN, known(0, 1), known(3, 2)], ListedBenign),
    ("benign in another frame", [known(9, 1), benign(0, 0)], Near),
    ("benign nearer in one frame of two", [known(9, 0), benign(3, 0), known(12, 1)], Near),
    ("benign nearer in both frames", [known(9, 0), benign(3, 0), known(12, 1), benign(12, 1)], ListedBenign),
    ("benign by another measure", [known(9), benign(0, which="photodna")], Near),
    ("known by another measure", [known(9, which="photodna"), benign(0)], Near),
    ("three cells together", [known(40, at, joint=True) for at in (1, 2, 3)], Near),
    ("three cells, one near by itself", [known(9, 1), known(40, 2, joint=True), known(41, 3, joint=True)], Near),
    ("of four cells one is benign", [*(known(40, at, joint=True) for at in (1, 2, 3, 4)), benign(40, 2)], Near),
    ("of three cells one is benign", [*(known(40, at, joint=True) for at in (1, 2, 3)), benign(40, 2)], ListedBenign),
    ("cells of two videos do not add up", [known(40, 1, joint=True), known(40, 2, joint=True, key="b")], NothingFound),
    ("benign bytes beat cells", [EXACT_BENIGN, *(known(40, at, joint=True) for at in (1, 2, 3))], ListedBenign),
]


@pytest.mark.parametrize(("hits", "verdict"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
@pytest.mark.parametrize("readable", [True, False])
def test_the_rules(hits, verdict, readable):
    expected = Unreadable if verdict is NothingFound and not readable else verdict
    for order in itertools.permutations(hits):
        assert type(decide(order, readable=readable)) is expected


def test_the_verdict_is_of_the_hit_that_stands():
    assert decide([known(9, 0), benign(3, 0), known(12, 1)], readable=True).hit == known(12, 1)
    assert decide([known(9), known(5, key="b")], readable=True).hit == known(5, key="b")
    assert decide([known(9), benign(3), benign(8, key="b")], readable=True).hit == benign(3)


some_hits = st.lists(
    st.one_of(
        st.builds(
            hit,
            st.just("near"),
            st.integers(0, 4),
            st.integers(0, 2),
            benign=st.booleans(),
            key=st.sampled_from("ab"),
            which=st.sampled_from(["pdq", "photodna"]),
        ),
        st.builds(hit, st.just("exact"), benign=st.booleans(), key=st.sampled_from("ab")),
    ),
    max_size=8,
)
GRAVITY = {variant: place for place, variant in enumerate(VERDICT_NAMES)}


def is_exact(one):
    return kind(one.kind).measure is Measure.EXACT


@given(some_hits, st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_hits_does_not_matter(hits, readable, random):
    assert decide(random.sample(hits, len(hits)), readable=readable) == decide(hits, readable=readable)


@given(some_hits, st.booleans())
def test_one_more_known_hit_never_makes_it_milder(hits, readable):
    before = decide(hits, readable=readable)
    for extra in (EXACT, known(2, 1), known(0)):
        after = decide([*hits, extra], readable=readable)
        milder = GRAVITY[type(after)] > GRAVITY[type(before)]
        # What was unreadable becomes a benign listing when its known hit is covered; nothing else gets milder.
        assert not milder or isinstance(before, Unreadable)


@given(some_hits, st.booleans())
def test_one_more_benign_hit_never_makes_it_graver_than_benign(hits, readable):
    before = decide(hits, readable=readable)
    for extra in (EXACT_BENIGN, benign(2, 1)):
        after = decide([*hits, extra], readable=readable)
        assert GRAVITY[type(after)] >= min(GRAVITY[type(before)], GRAVITY[ListedBenign])


@given(some_hits)
def test_the_table_of_rules_written_another_way(hits):
    """Frame by frame and measure by measure; the bytes count as a distance of -1 in all of them."""
    bytes_known = any(is_exact(h) and h.purpose is Purpose.KNOWN for h in hits)
    bytes_benign = any(is_exact(h) and h.purpose is Purpose.BENIGN for h in hits)
    near_wins = False
    for place in {(h.frame, h.kind) for h in hits if not is_exact(h)}:
        own = [h for h in hits if (h.frame, h.kind) == place]
        best = min((h.distance for h in own if h.purpose is Purpose.KNOWN), default=999)
        cover = min((h.distance for h in own if h.purpose is Purpose.BENIGN), default=1000)
        near_wins |= best < (-1 if bytes_benign else cover)
    verdict = decide(hits, readable=True)
    if bytes_known and not bytes_benign:
        assert isinstance(verdict, Known)
    elif near_wins:
        assert isinstance(verdict, Near)
    elif hits:
        assert isinstance(verdict, ListedBenign)
    else:
        assert isinstance(verdict, NothingFound)


# --------------------------------------------------------------------------------------------------------- reasons
def test_reasons_are_sentences_that_name_both_sides():
    verdict = decide([replace(known(9), orientation=Orientation.ROTATE_90), benign(4)], readable=True)
    assert verdict.reasons == (
        "Frame 0 lies 4 bits of PDQ from an entry of the benign list 'fine' (version 3), within that list's threshold.",
        (
            "The benign list wins, because the known entry is not nearer: frame 0, laid as rotate-90, lies 9 bits of"
            " PDQ from an entry of the known list 'bad' (version 3), within that list's threshold."
        ),
    )
    verdict = decide([replace(EXACT, grades=(Grade("uk", "A"),)), known(3, key="b")], readable=True)
    assert verdict.reasons == (
        "The file's bytes equal an entry of the known list 'bad' (version 3), by SHA-256.",
        "It is graded A (uk) there.",
        "2 known entries were met in all, in 'bad'.",
    )


def test_the_reasons_of_cells_that_count_together_say_so():
    (reason,) = decide([known(40, at, joint=True) for at in (1, 2, 3)], readable=True).reasons
    assert reason == (
        "Frame 1 lies 40 bits of PDQ from an entry of the known list 'bad' (version 3), beyond that list's threshold;"
        " it counts as one of several cells that follow a video, in order."
    )


@given(some_hits, st.booleans(), st.booleans())
def test_every_reason_is_a_sentence_without_a_key_and_names_every_list_that_was_not_asked(hits, readable, unasked):
    keyed = [replace(one, entry_key="d41d8cd98f00b204e9800998ecf8427e") for one in hits]
    problems = [Problem(ProblemKind.TRUNCATED, "file", "The file ends early.")]
    if unasked:
        problems.append(UnaskedList("gone", "it is gone").problem)
    reasons = decide(keyed, readable=readable, problems=problems).reasons
    assert reasons
    assert all(reason[0].isupper() and reason.endswith(".") for reason in reasons)
    assert not any("d41d8" in reason for reason in reasons)
    assert any("gone" in reason for reason in reasons) == unasked
    assert not any("ends early" in reason for reason in reasons)


def test_ranks_are_a_total_order_over_hits_that_differ():
    hits = [EXACT, known(0), known(1), known(1, key="z"), known(1, 1), known(0, which="photodna")]
    assert all(sorted(order, key=rank) == hits for order in itertools.permutations(hits))


def test_a_thousand_contents_cost_one_search_a_kind_and_list(tmp_path, monkeypatch):
    demo = opened(tmp_path / "s", [near("a"), exact("b", MD5)])
    calls = []
    search = SnapshotView.search
    monkeypatch.setattr(
        SnapshotView,
        "search",
        lambda self, one, *rest, **more: calls.append(one.name) or search(self, one, *rest, **more),
    )
    random = np.random.default_rng(1)
    contents = [[Signal("pdq", random.bytes(32), 99, 0), Signal("md5", random.bytes(16))] for _ in range(1000)]
    assert all(hits == [] for hits, _ in match_many(contents, [demo]))
    assert sorted(calls) == ["md5", "pdq"]
