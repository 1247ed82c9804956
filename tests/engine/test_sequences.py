import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.tracks import film, noisy, sampled
from tutela.engine.sequences import MOST_GAP, align, holds


def the_one(runs):
    (run,) = runs
    return run


def assert_near(run, start, end, known_start, known_end, *, slack=1.0):
    assert run.start == pytest.approx(start, abs=slack)
    assert run.end == pytest.approx(end, abs=slack)
    assert run.known_start == pytest.approx(known_start, abs=slack)
    assert run.known_end == pytest.approx(known_end, abs=slack)


@settings(max_examples=40, deadline=None)
@given(
    at=st.floats(20, 560),
    rate=st.sampled_from([2.0, 4.0, 12.0]),
    known_rate=st.sampled_from([4.0, 10.0, 30.0]),
    phase=st.floats(0, 0.2),
    bits=st.integers(0, 25),
)
def test_a_clip_is_found_in_a_compilation_and_the_reverse(at, rate, known_rate, phase, bits):
    codes = film(600)
    clip_times, clip = sampled(codes, at, at + 10, known_rate)
    times, whole = sampled(codes, 0, 600, rate, phase)
    run = the_one(align(times + phase, noisy(whole, bits), clip_times, clip))
    assert_near(run, at, at + 10, 0, 10)
    assert run.mean_distance == pytest.approx(bits, abs=1e-9)
    run = the_one(align(clip_times, noisy(clip, bits), times + phase, whole))
    assert_near(run, 0, 10, at, at + 10)


def test_stills_that_were_passed_over_on_one_side_only():
    slides = film(5 * 0.25)
    known_times = np.arange(0, 50, 1.0)
    known = slides[(known_times // 10).astype(int)]
    run = the_one(align(np.arange(0, 50, 10.0) + 7, slides, known_times, known))
    assert_near(run, 7, 48, 0, 41, slack=1.01)


def test_a_clip_that_comes_thrice_is_found_thrice():
    clip, other = film(10, 3), film(200, 4)
    codes = np.concatenate([other[:100], clip, other[100:200], clip, clip])
    times, codes = sampled(codes, 0, 80, 4)
    clip_times, clip = sampled(clip, 0, 10, 4)
    runs = align(times, codes, clip_times, clip)
    assert [(round(run.start), round(run.end)) for run in runs] == [(25, 35), (60, 70), (70, 80)]
    assert all(round(run.known_start) == 0 and round(run.known_end) == 10 for run in runs)


def test_parts_in_another_order_are_several_runs():
    codes = film(40)
    swapped = np.concatenate([codes[80:], codes[:80]])
    runs = align(*sampled(swapped, 0, 40, 4), *sampled(codes, 0, 40, 4))
    assert [(round(run.start), round(run.known_start)) for run in runs] == [(0, 20), (20, 0)]


def test_a_faster_copy_is_one_run():
    codes = film(100)
    times, same = sampled(codes, 0, 100, 4)
    run = the_one(align(times / 1.04, same, times, same))
    assert_near(run, 0, 96, 0, 100)


def test_a_short_gap_is_passed_over_and_a_long_one_parts():
    codes = film(60)
    times, same = sampled(codes, 0, 60, 4)
    for gap, number in ((MOST_GAP - 1, 1), (MOST_GAP + 3, 2)):
        changed = same.copy()
        changed[80 : 80 + int(gap * 4)] = film(gap, 9)
        assert len(align(times, changed, times, same)) == number


def test_strangers_share_nothing():
    assert align(*sampled(film(300, 1), 0, 300, 2), *sampled(film(300, 2), 0, 300, 2)) == []


def test_a_single_frame_is_no_run():
    codes = film(30)
    times, same = sampled(codes, 0, 30, 4)
    other = film(30, 8)
    other[50] = same[70]
    assert align(times, other, times, same) == []


@pytest.mark.parametrize("number", [0, 1, 2])
def test_few_frames(number):
    codes = film(2)[:number]
    times = np.arange(number, dtype=float)
    runs = align(times, codes, times, codes)
    assert len(runs) <= 1
    assert align(times, codes, *sampled(film(10), 0, 10, 4)) in ([], runs) or number


def test_one_still_for_hours_ends():
    times = np.arange(3000.0)
    still = np.repeat(film(0.25), 3000, axis=0)
    run = the_one(align(times, still, times, still))
    assert_near(run, 0, 3000, 0, 3000)


def test_holds():
    assert holds(np.array([0.0, 1.0, 5.0, 6.0])).tolist() == [1, 4, 1, 0.5]
    assert holds(np.array([0.0, 0.0, 2.0, 2.0])).tolist() == [2, 2, 0.5, 0.5]
    assert holds(np.array([3.0])).tolist() == [0.5]
    assert holds(np.zeros(0)).tolist() == []


def test_edges_of_a_run_may_meet_more_loosely():
    codes = film(60)
    times, whole = sampled(codes, 0, 60, 2)
    clip_times, clip = sampled(codes, 20, 30, 2)
    weak = clip.copy()
    weak[:5], weak[-4:] = noisy(clip[:5], 60), noisy(clip[-4:], 60)
    run = the_one(align(times, whole, clip_times, weak))
    assert_near(run, 20, 30, 0, 10)
    weak[:5], weak[-4:] = film(5 * 0.25, 7), film(4 * 0.25, 8)
    run = the_one(align(times, whole, clip_times, weak))
    assert_near(run, 22.5, 28, 2.5, 8)
