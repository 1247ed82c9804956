from tutela.model import Orientation, Signal, Unhashable


def test_a_signal_is_of_the_whole_file_and_upright_unless_it_says_otherwise():
    signal = Signal("md5", bytes(16))
    assert (signal.quality, signal.frame, signal.orientation) == (None, None, Orientation.ORIGINAL)


def test_what_cannot_be_had_has_a_reason():
    assert Unhashable("pdq", "a side is shorter than 5 pixels") != Unhashable("pdq", "")
    assert len(set(Orientation)) == 8
