import pytest

from tutela import _kernel
from tutela.engine import self_test
from tutela.model.errors import KernelBroken


def test_every_path_gives_the_right_answers_and_the_path_stays():
    before = _kernel.path()
    assert self_test.self_test() == tuple(_kernel.paths())
    assert _kernel.path() == before


@pytest.mark.parametrize(("name", "wrong"), [("KNOWN_PDQ", bytes(32)), ("KNOWN_QUALITY", 3), ("KNOWN_CRC", 1)])
def test_a_wrong_answer_is_found_and_the_path_stays(monkeypatch, name, wrong):
    before = _kernel.path()
    monkeypatch.setattr(self_test, name, wrong)
    with pytest.raises(KernelBroken, match="self-test"):
        self_test.self_test()
    assert _kernel.path() == before


def test_a_search_that_leaves_a_hit_out_is_found(monkeypatch):
    whole = _kernel.search

    def lossy(segments, queries, radius, *, method):
        offsets, ids, distances = whole(segments, queries, radius, method=method)
        return offsets, ids[::-1], distances

    monkeypatch.setattr(_kernel, "search", lossy)
    with pytest.raises(KernelBroken, match="search by"):
        self_test.self_test()
