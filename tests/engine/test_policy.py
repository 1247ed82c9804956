"""The engine's policy: its defaults are what the documentation says."""

from __future__ import annotations

import dataclasses

import pytest

from tutela.engine.policy import Policy


def test_defaults_decode_only_what_is_needed():
    policy = Policy()
    assert policy.pixels == "when-needed"
    assert not policy.orientations
    assert not policy.thumbnails
    assert policy.kinds == {"md5", "sha1", "sha256", "pdq"}


def test_a_policy_does_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Policy().pixels = "always"
