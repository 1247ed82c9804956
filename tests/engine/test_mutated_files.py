"""Damaged, lying and hostile files: every one has a finding (`tools/fuzz_media.py` runs 20,000)."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tutela.engine import Engine
from tutela.model import Limits

TOOL = Path(__file__).parents[2] / "tools" / "fuzz_media.py"


@pytest.fixture(scope="module")
def fuzz():
    spec = importlib.util.spec_from_file_location("fuzz_media", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_mutated_file_has_a_finding(fuzz):
    numbers = range(300)
    with Engine(limits=Limits(max_seconds=10.0), workers=2) as engine:
        findings = list(engine.hash_many(fuzz.contents(7, numbers)))
    assert [finding.name for finding in findings] == [str(number) for number in numbers]
    assert all(len([s for s in finding.signals if s.frame is None]) == 3 for finding in findings)
    assert all(finding.frames or finding.problems for finding in findings)
    outcomes = {fuzz.outcome(finding)[1].split(",")[0] for finding in findings}
    assert outcomes == {"decoded", "nothing decoded"}, "the files are neither all sound nor all broken"


def test_a_file_is_the_same_whenever_it_is_made(fuzz):
    seeds = fuzz.seed_files()
    assert [fuzz.file_of(3, n, seeds) for n in range(60)] == [fuzz.file_of(3, n, seeds) for n in range(60)]
    assert fuzz.file_of(3, 1, seeds) != fuzz.file_of(4, 1, seeds)


@pytest.mark.parametrize("number", range(9))
def test_every_bomb_is_defused(fuzz, number):
    import random

    maker = fuzz.BOMB_MAKERS[number]
    datas = [maker(random.Random(seed)) for seed in range(3)]
    with Engine(limits=Limits(max_seconds=5.0, max_pixels=10_000_000), workers=1) as engine:
        findings = list(engine.hash_many(fuzz.Content(str(n), data=data) for n, data in enumerate(datas)))
    assert len(findings) == 3
    assert all(finding.frames or finding.problems for finding in findings)
