import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tutela.web.hma.asked import (
    Remarks,
    banks_asked,
    metadata_of,
    note_of,
    parameter,
    remarks_of_texts,
    switch,
)


def request(query: str) -> Request:
    return Request({"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": query.encode()})


def test_parameters_that_are_missing_are_all_named():
    with pytest.raises(HTTPException) as refused:
        parameter(request("a=1"), "a", "b", "c")
    assert refused.value.status_code == 422
    assert [fault["loc"] for fault in refused.value.detail] == [["b"], ["c"]]
    assert parameter(request("a=1&b="), "a", "b") == ("1", "")


@pytest.mark.parametrize(
    ("text", "on"), [("true", True), ("True", True), ("1", True), ("false", False), ("off", False)]
)
def test_a_switch_is_read_as_hma_reads_it(text, on):
    assert switch(request(f"x={text}"), "x") is on


def test_a_switch_that_is_neither_is_refused():
    assert switch(request(""), "x") is False
    with pytest.raises(HTTPException):
        switch(request("x=maybe"), "x")


def test_banks_are_named_with_commas():
    assert banks_asked(request("")) is None
    assert banks_asked(request("banks=")) is None
    assert banks_asked(request("banks=A,B")) == {"A", "B"}


@pytest.mark.parametrize("note", [5, ["a"], "x" * 256])
def test_a_note_that_cannot_be_kept_is_refused(note):
    with pytest.raises(HTTPException):
        note_of(note)


def test_an_empty_note_is_none():
    assert note_of("") is None
    assert note_of(None) is None
    assert note_of("x" * 255) == "x" * 255


@pytest.mark.parametrize(
    "metadata", [5, [], {"other": 1}, {"content_id": 5}, {"json": "x"}, {"json": {"a": "x" * 70_000}}]
)
def test_metadata_that_hma_does_not_know_is_refused(metadata):
    with pytest.raises(HTTPException):
        metadata_of(metadata)


def test_metadata_is_kept_without_what_a_client_must_not_say():
    assert metadata_of({"content_id": "a", "collab": {"X": ["y"]}, "content_uri": None}) == {"content_id": "a"}
    assert metadata_of({}) is None
    assert metadata_of(None) is None


def test_what_coop_sends_beside_its_file_is_taken():
    texts = {"content_id": "a", "content_uri": "u", "metadata": json.dumps({"rule": 7})}
    assert remarks_of_texts(texts) == Remarks(None, {"json": {"rule": 7}, "content_id": "a", "content_uri": "u"})


def test_what_hma_documents_is_taken():
    texts = {"note": "n", "metadata": json.dumps({"content_id": "a", "json": {"b": 1}})}
    assert remarks_of_texts(texts) == Remarks("n", {"content_id": "a", "json": {"b": 1}})
    assert remarks_of_texts({}) == Remarks()


@given(st.text(max_size=40))
def test_no_text_of_metadata_raises_anything_but_a_refusal(text):
    with contextlib.suppress(HTTPException):
        assert isinstance(remarks_of_texts({"metadata": text}), Remarks)
