import dataclasses

import pytest

from tutela.media.sampling import DEFAULT_SAMPLING, Sampling


def test_what_is_done_unless_asked():
    assert Sampling() == DEFAULT_SAMPLING == Sampling("scenes", 1.0, letterbox=True)


def test_it_does_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULT_SAMPLING.rate = 2.0
