"""Damaged, lying and hostile videos: every one has a finding (`tools/fuzz_videos.py` runs thousands)."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tutela.engine import Engine, Policy
from tutela.media import Sampling
from tutela.model import Content, ProblemKind

TOOL = Path(__file__).parents[2] / "tools" / "fuzz_videos.py"


@pytest.fixture(scope="module")
def fuzz():
    spec = importlib.util.spec_from_file_location("fuzz_videos", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_mutated_video_has_a_finding_and_costs_no_worker(fuzz):
    policy = Policy(pixels="always", sampling=Sampling("all"))
    with Engine((), policy, fuzz.LIMITS, 1) as engine:
        findings = list(engine.hash_many(fuzz.contents(7, range(200))))
    assert [finding.name for finding in findings] == [str(number) for number in range(200)]
    assert all(finding.frames or finding.problems for finding in findings)
    assert not [problem for one in findings for problem in one.problems if problem.kind is ProblemKind.CRASH]
    assert any(finding.frames for finding in findings)
    assert any(not finding.frames for finding in findings)


@pytest.mark.parametrize("number", range(5))
def test_every_bomb_is_defused(fuzz, number):
    import random

    datas = [fuzz.BOMB_MAKERS[number](random.Random(seed)) for seed in range(4)]
    with Engine((), Policy(pixels="always"), fuzz.LIMITS, 1) as engine:
        findings = list(engine.hash_many(Content(str(n), data=data) for n, data in enumerate(datas)))
    assert len(findings) == 4
    assert all(finding.frames or finding.problems for finding in findings)


def test_a_long_video_may_take_longer_than_a_picture(fuzz):
    limits = fuzz.Limits(max_seconds=0.001, max_video_seconds=60.0)
    data = fuzz.videos.moving("mp4", seconds=20)
    with Engine((), Policy(pixels="always"), limits, 1) as engine:
        (finding,) = engine.hash_many([Content("video", data=data)])
    assert len(finding.frames) >= 20
    assert finding.problems == ()
