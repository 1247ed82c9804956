import json
from dataclasses import replace

import pytest

from report.made_up_findings import make_finding, make_hit
from report.test_places import rows_of, sheet
from tutela.cli.output import DataConsole, HashTable, MatchTable, form, print_json
from tutela.model import FrameInfo, Known, MediaType, Near, Orientation, Purpose, Signal, Span, Unhashable
from tutela.model.errors import UsageError


def test_the_form_follows_the_wish_and_else_the_place():
    assert form(jsonl=True, table=False) == "jsonl"
    assert form(jsonl=False, table=True) == "table"
    assert form(jsonl=False, table=False) == "jsonl"  # a test's stdout is no terminal
    assert form(jsonl=False, table=False, report=True) == "none"
    assert form(jsonl=True, table=False, report=True) == "jsonl"
    with pytest.raises(UsageError, match="exclude"):
        form(jsonl=True, table=True)


def test_json_is_one_line_of_utf8(capfdbinary):
    print_json({"a": "é\n"})
    line = capfdbinary.readouterr().out
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"a": "é\n"}
    assert "é".encode() in line


def test_findings_in_columns(capsys):
    show = MatchTable()
    show(make_finding(Known(make_hit(kind="md5", distance=0), ()), name="/a\x1b[2J[red]b.jpg"))
    show(make_finding(name="c.jpg"))
    heading, known, nothing = capsys.readouterr().out.splitlines()
    assert heading.split() == ["VERDICT", "DISTANCE", "LIST", "GRADE", "FILE"]
    assert known.split() == ["known", "same", "bytes", "Partners", "INHOPE", "baseline", "/a\\x1b[2J[red]b.jpg"]
    assert nothing.split() == ["nothing", "c.jpg"]
    assert heading.index("FILE") == known.index("/a") == nothing.index("c.jpg")


def test_spans_stand_below_their_finding(capsys):
    sheet = Span("films", "clip\x1b", Purpose.KNOWN, None, None, 10.0, 85.0, 11, 20.5)
    video = Span("films", "a" * 40, Purpose.KNOWN, 5.0, 15.0, 3600.0, 3610.0, 9, 3.0)
    MatchTable()(replace(make_finding(Near(make_hit(), ())), spans=(sheet, video)))
    _, _, first, second = capsys.readouterr().out.splitlines()
    assert (
        first.strip() == "cells, in order = 0:10.0 to 1:25.0 of 'clip\\x1b' (films, 11 cells met, 20.5 bits on average)"
    )
    assert second.strip() == (
        "0:05.0 to 0:15.0 = 1:00:00 to 1:00:10 of 'aaaaaaaa…' (films, 9 frames met, 3 bits on average)"
    )
    MatchTable()(replace(make_finding(Near(make_hit(), ())), spans=(video,) * 20))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 8 + 1
    assert lines[-1].strip() == "and 12 more stretches"


def test_cells_and_moments_stand_below_their_finding(capsys):
    hit = make_hit(frame=9, distance=40, joint=True)
    show = MatchTable()
    show(make_finding(Near(hit, ()), hits=(hit,), frames=sheet(*rows_of(3, 4))))
    video = (FrameInfo(0, 4, 3, 0.0), FrameInfo(30, 4, 3, 1.25))
    show(make_finding(Near(make_hit(frame=30), ()), frames=video, media_type=MediaType.MP4))
    _, _, cell, joint, _, moment = capsys.readouterr().out.replace("\u00a0", " ").splitlines()
    where = "cell 9 of 12 (row 3, column 1), 198 \u00d7 150 px at 8, 318"
    assert cell.strip() == f"contact sheet, 12 cells, 1 met: {where}"
    assert joint.strip() == "beyond the list's threshold: counts only together with the other cells"
    assert moment.strip() == "frame 31 at 0:01.2"


def test_long_names_of_lists_keep_the_columns(capsys):
    show = MatchTable()
    show(make_finding(Known(make_hit(list_name="l" * 60), ())))
    heading, known = capsys.readouterr().out.splitlines()
    assert known.index("/a/folder") == heading.index("FILE")
    assert "…" in known


def test_signals_in_columns(capsys):
    signals = (Signal("md5", b"\x01" * 16), Signal("pdq", b"\xfe" * 32, 77, 0, Orientation.FLIP_X))
    HashTable()(make_finding(name="a.jpg", signals=signals, unhashable=(Unhashable("pdq", "it is too small", 1),)))
    digest, turned, missing = capsys.readouterr().out.splitlines()
    assert digest.split() == ["md5", "01" * 16, "a.jpg"]
    assert turned.split()[:4] == ["pdq", "77", "fe" * 32, "a.jpg"]
    assert "mirrored" in turned
    assert "it is too small" in missing


def test_a_table_in_a_pipe_is_not_cut_to_80_columns():
    assert DataConsole().width == 240


def test_a_reader_that_went_away_ends_a_table_as_it_ends_lines():
    with pytest.raises(BrokenPipeError):
        DataConsole().on_broken_pipe()
