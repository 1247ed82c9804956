import pytest

from tutela.engine.moments import MOST_NAMED, clock, moment_reasons, named
from tutela.model import Hit, Orientation, Purpose, Span


def hit(frame):
    return Hit("demo", 1, Purpose.KNOWN, "key", "pdq", 3, Orientation.ORIGINAL, frame)


def span(start=5.0, purpose=Purpose.KNOWN):
    end = None if start is None else start + 10
    return Span("demo", "key", purpose, start, end, 3600.0, 3610.0, 9, 3.0)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-1, "0:00.0"),
        (0, "0:00.0"),
        (12.34, "0:12.3"),
        (59.94, "0:59.9"),
        (59.96, "1:00.0"),
        (3599.96, "1:00:00"),
        (3600, "1:00:00"),
        (3610.9, "1:00:10"),
        (360_061, "100:01:01"),
    ],
)
def test_clock(seconds, told):
    assert clock(seconds) == told


def test_moments_are_told_once_and_not_without_end():
    moments = {number: number / 2 for number in range(100)}
    (told,) = moment_reasons([hit(7), hit(6), hit(6), hit(9), hit(None), hit(1000)], moments, ())
    assert told == "Known entries were met at 0:03.0, 0:03.5, 0:04.5."
    (told,) = moment_reasons([hit(number) for number in range(100)], moments, ())
    assert told.endswith(f"0:03.5 and {100 - MOST_NAMED} more.")


def test_stretches():
    told = moment_reasons([hit(0)], {0: 5.0}, [span(), span(purpose=Purpose.BENIGN), span(None)])
    assert told[1:] == (
        "0:05.0 to 0:15.0 runs along 1:00:00 to 1:00:10 of the known video 'key' in list 'demo'.",
        "9 cells follow 1:00:00 to 1:00:10 of the known video 'key' in list 'demo', in order.",
    )
    assert moment_reasons([hit(0)], {0: 5.0}, [span()] * 20)[-1] == "12 more stretches are shared with known videos."


def test_spans_of_videos_that_a_benign_list_covers_are_not_told():
    others = Hit("demo", 1, Purpose.KNOWN, "other", "pdq", 3, Orientation.ORIGINAL, 0)
    assert moment_reasons([others], {}, [span(None)]) == ()
    assert moment_reasons([hit(0)], {}, [span(None)]) == (
        "9 cells follow 1:00:00 to 1:00:10 of the known video 'key' in list 'demo', in order.",
    )


def test_keys_made_of_hashes_are_cut_short():
    assert named("a" * 64) == "aaaaaaaa…"
    assert named("clip 12") == "clip 12"


def test_pictures_have_no_moments():
    assert moment_reasons([hit(0)], {}, ()) == ()
