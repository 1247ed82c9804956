import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.report.visible import pieces, visible


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain name.jpg", "plain name.jpg"),
        ("café 图片 صورة.jpg", "café 图片 صورة.jpg"),
        ("photo\u202egpj.exe", r"photo\u202egpj.exe"),
        ("two\nlines\tand\r", r"two\nlines\tand\r"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("caf\udce9.jpg", r"caf\xe9.jpg"),
        ("half \ud800", r"half \ud800"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("tag \U000e0041", r"tag \U000e0041"),
        ("family \U0001f468\u200d\U0001f467", "family \U0001f468\u200d\U0001f467"),
    ],
)
def test_what_is_unseen_is_written_out(name, shown):
    assert visible(name) == shown


@given(st.text(st.characters()))
def test_the_result_is_one_line_of_seen_characters_that_any_terminal_takes(name):
    shown = visible(name)
    assert not {unicodedata.category(c) for c in shown if c not in "\u200c\u200d"} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    shown.encode("utf-8")


def test_pieces_tell_what_was_written_out():
    assert list(pieces("a\nb")) == [("a", False), (r"\n", True), ("b", False)]
