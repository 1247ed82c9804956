import pytest

from tutela.demo.damage import damages
from tutela.demo.originals import opened
from tutela.engine import Engine
from tutela.model import Content
from tutela.model.verdict import VERDICT_NAMES

PICTURE = opened("bison")


@pytest.mark.parametrize("damage", damages(), ids=lambda damage: damage.name)
def test_damaged_files_have_a_finding_with_a_problem(damage):
    with Engine(workers=1) as engine:
        finding = engine.match(Content(name="x", data=damage.make(PICTURE)))
    assert finding.problems
    assert VERDICT_NAMES[type(finding.verdict)] in damage.expected


def test_the_bomb_is_small_and_claims_much():
    (bomb,) = (damage for damage in damages() if damage.name == "bomb")
    content = bomb.make(PICTURE)
    assert len(content) < 100_000
    assert int.from_bytes(content[16:20], "big") * int.from_bytes(content[20:24], "big") == 50_000**2


def test_cut_files_are_cut():
    (cut,) = (damage for damage in damages() if damage.name == "jpeg-half-lost")
    assert not cut.make(PICTURE).endswith(b"\xff\xd9")
