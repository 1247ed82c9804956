from pathlib import Path

import pytest

from tutela.model import Content


def test_content_has_bytes_or_a_path_and_never_both():
    assert Content("x", data=b"").path is None
    assert Content.of_file(Path("a/b.jpg")) == Content("a/b.jpg", path=Path("a/b.jpg"))
    for wrong in ({}, {"data": b"x", "path": Path("x")}):
        with pytest.raises(ValueError, match="either data or a path"):
            Content("x", **wrong)
