"""Looking at contents within this process gives what the pool gives."""

from __future__ import annotations

import itertools

from engine.small_pictures import jpeg, png
from tutela.engine.examining import Wanted, examine
from tutela.engine.here import Here
from tutela.engine.run import BATCH
from tutela.model import Content, Limits, ProblemKind


def results(contents, wanted=None, settled=None):
    return [pair for batch in Here(Limits()).run(contents, wanted or Wanted(), settled) for pair in batch]


def test_equals_examine_in_order(tmp_path):
    (tmp_path / "file").write_bytes(png(2))
    contents = [Content("one", data=jpeg(1)), Content.of_file(tmp_path / "file"), Content("three", data=b"")]
    assert results(contents) == [
        ("one", examine(jpeg(1), Limits())),
        (str(tmp_path / "file"), examine(png(2), Limits())),
        ("three", examine(b"", Limits())),
    ]


def test_settled_contents_are_not_decoded():
    found = results([Content("one", data=jpeg(1))], settled=lambda found: [True] * len(found))
    assert not found[0][1].frames
    assert len(found[0][1].signals) == 3
    found = results([Content("one", data=jpeg(1))], settled=lambda found: [False] * len(found))
    assert found[0][1] == examine(jpeg(1), Limits())


def test_what_cannot_be_opened_is_told(tmp_path):
    ((_, found),) = results([Content.of_file(tmp_path)])
    assert [problem.kind for problem in found.problems] == [ProblemKind.UNREADABLE]


def test_contents_are_pulled_as_they_are_looked_at():
    pulled = []
    contents = (pulled.append(n) or Content(str(n), data=b"x") for n in itertools.count())
    next(Here(Limits()).run(contents, Wanted()))
    assert 1 <= len(pulled) <= BATCH
