"""What every signal kind must do, as a test class; docs/how-to/add-a-signal-kind.md shows its use.

A test module derives from `SignalKindConformance` and gives a fixture ``subject`` that returns the kind.
"""

from __future__ import annotations

import itertools
import random

from tutela.model.errors import SignalInvalid
from tutela.signals.kind import Measure, SignalKind


class SignalKindConformance:
    """Tests of one kind, with fixed random values."""

    def values(self, subject: SignalKind) -> list[bytes]:
        """Return values that may be on a list."""
        source = random.Random(subject.name)  # noqa: S311 - test data, not secrets
        return [source.randbytes(subject.size) for _ in range(20)]

    def test_text_and_value_are_one(self, subject: SignalKind) -> None:
        """Text round-trips, in either case and with blanks around."""
        for value in self.values(subject):
            text = subject.format(value)
            assert text == text.lower()
            assert subject.parse(text) == subject.parse(text.upper()) == subject.parse(f"  {text}\n") == value

    def test_other_texts_are_refused_with_a_reason(self, subject: SignalKind) -> None:
        """Wrong lengths and letters raise `SignalInvalid`, which does not repeat the text."""
        good = subject.format(self.values(subject)[0])
        for text in ("", good[:-1], good[:-2], good + "00", "g" * len(good), good[:-1] + "é"):
            try:
                subject.parse(text)
            except SignalInvalid as error:
                assert subject.name in str(error)
                assert len(text) < 8 or text not in str(error)
            else:
                raise AssertionError(f"{len(text)} characters were taken for a {subject.name}")

    def test_values_of_another_length_are_refused(self, subject: SignalKind) -> None:
        """`check` passes its own length only."""
        value = self.values(subject)[0]
        assert subject.check(value) is value
        for wrong in (b"", value[:-1], value + b"\0"):
            try:
                subject.check(wrong)
            except SignalInvalid:
                continue
            raise AssertionError("a value of another length was taken")

    def test_distance_is_a_distance(self, subject: SignalKind) -> None:
        """It is zero only between equal values, and symmetric."""
        values = self.values(subject)
        for left, right in itertools.pairwise(values):
            assert subject.distance(left, left) == 0
            assert subject.distance(left, right) == subject.distance(right, left) > 0
        if subject.measure is Measure.EXACT:
            assert subject.distance(values[0], values[1]) == 1

    def test_ordinary_values_are_fit_and_the_threshold_makes_sense(self, subject: SignalKind) -> None:
        """No ordinary value is unfit for a list; the default threshold has no negative number."""
        assert all(subject.unfit(value) is None for value in self.values(subject))
        assert subject.default.distance >= 0
        assert 0 <= subject.default.quality <= 100
        assert subject.measure is not Measure.EXACT or subject.default.distance == 0
