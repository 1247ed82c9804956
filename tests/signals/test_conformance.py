"""The conformance class fails for a kind that breaks a rule."""

from dataclasses import dataclass

import pytest

from tutela.model import Threshold
from tutela.signals.conformance import SignalKindConformance
from tutela.signals.kind import Measure, SignalKind, Source


@dataclass(frozen=True, slots=True)
class Careless(SignalKind):
    def parse(self, text):
        return bytes.fromhex(text.strip() or "00")


@dataclass(frozen=True, slots=True)
class Lopsided(SignalKind):
    def distance(self, left, right):
        return left[0]


def test_it_can_fail():
    careless = Careless("careless", 4, Measure.EXACT, Source.GIVEN, Threshold(0))
    with pytest.raises((AssertionError, ValueError)):
        SignalKindConformance().test_other_texts_are_refused_with_a_reason(careless)
    with pytest.raises(AssertionError):
        SignalKindConformance().test_distance_is_a_distance(Lopsided("x", 4, Measure.EXACT, Source.GIVEN, Threshold(0)))
