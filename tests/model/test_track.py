import pytest

from tutela.model import Orientation, Signal
from tutela.model.track import pack_track, read_track, track_signals


def frame(time, byte, quality=70, **more):
    return Signal("pdq", bytes([byte]) * 32, quality, time=time, **more)


def test_there_and_back_in_the_order_of_time():
    frames = (frame(0.0, 1), frame(1.5, 2, None), frame(1.5, 3), frame(4.25, 1, 0))
    assert track_signals(pack_track(reversed(frames))) == frames
    assert len(pack_track(frames)) == 4 * 37


def test_equal_tracks_are_equal_bytes():
    assert pack_track([frame(2, 1), frame(1, 2)]) == pack_track([frame(1, 2), frame(2, 1), frame(1, 2)])


def test_what_has_no_time_or_is_turned_is_left_out():
    digest = Signal("md5", bytes(16), time=None)
    assert pack_track([digest, frame(None, 1), frame(1, 1, orientation=Orientation.FLIP_X)]) == b""


def test_torn_bytes():
    with pytest.raises(ValueError, match="size"):
        read_track(pack_track([frame(1, 1)])[:-1])
