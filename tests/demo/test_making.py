from pathlib import Path

import pytest

from tutela.demo import formats as demo_formats
from tutela.demo import making
from tutela.demo.edits import edits
from tutela.demo.formats import formats
from tutela.demo.making import make_demo
from tutela.demo.originals import FOLDER, originals
from tutela.demo.truth import DemoTruth, Group
from tutela.media import sniff
from tutela.model.errors import UsageError


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    make_demo(folder, seed=1)
    return folder


@pytest.fixture(scope="module")
def truth(folder) -> DemoTruth:
    return DemoTruth.read(folder / "truth.json")


def test_the_truth_names_every_file_and_no_other(folder, truth):
    assert sorted(path.name for path in (folder / "pictures").iterdir()) == [file.name for file in truth.files]


def test_every_picture_plays_one_part(truth):
    stems = [path.stem for path in originals()]
    assert sorted((*truth.known, *truth.benign, *truth.strangers)) == stems
    assert len(truth.known) == len(stems) // 3
    assert len(truth.benign) == making.BENIGN


def test_files_are_of_pictures_that_play_their_part(truth):
    for file in truth.files:
        assert file.source is None or file.source in (truth.benign if file.group is Group.BENIGN else truth.known)
        if file.group is Group.STRANGER:
            assert file.source is None
            assert not any(f"-{known}." in file.name for known in truth.known)


def test_what_a_file_shows_is_what_it_was_made_of(truth):
    stems = {path.stem for path in originals()}
    for file in truth.files:
        if file.shown is None:
            assert file.group is Group.DAMAGED
            continue
        assert stems.issuperset(file.shown.stems)
        assert file.source is None or file.source in file.shown.stems
        if file.group is Group.STRANGER:
            assert not set(file.shown.stems) & {*truth.known, *truth.benign}
    beside = [file for file in truth.files if file.what == "side-by-side"]
    assert {(len(file.shown.stems), file.shown.columns) for file in beside} == {(2, 2)}
    animated = [file for file in truth.files if file.frame]
    assert animated
    assert all(file.shown.stems[file.frame] == file.source for file in animated)


def test_every_format_and_edit_is_there(truth):
    kinds = {one.kind for one in formats() if one.available}
    assert {file.what for file in truth.files if file.group in (Group.FORMAT, Group.APART)} == kinds
    assert {file.what for file in truth.files if file.group in (Group.EDIT, Group.HARD)} == {e.name for e in edits()}
    assert len({file.what for file in truth.files if file.group is Group.ORIENTATION}) == 7


def test_copies_are_byte_for_byte(folder, truth):
    for file in truth.files:
        if file.group is Group.EXACT:
            original = (FOLDER / f"{file.source}.jpg").read_bytes()
            assert (folder / "pictures" / file.name).read_bytes() == original


def test_format_files_are_really_of_their_type(folder, truth):
    by_name = {one.name: one for one in formats()}
    looked_at = 0
    for file in truth.files:
        if file.group in (Group.FORMAT, Group.APART):
            rest = file.name.removeprefix(f"{file.group}-")
            (one,) = {by_name[name] for name in by_name if rest == f"{name}-{file.source}{by_name[name].suffix}"}
            assert sniff((folder / "pictures" / file.name).read_bytes()) is one.media_type
            looked_at += 1
    assert looked_at >= 90


def test_the_same_seed_says_the_same_and_another_one_does_not(folder, truth):
    again = making._cast_for(1)
    assert (again.known, again.benign) == (truth.known, truth.benign)
    assert {task.file for task in making._tasks(again)} == set(truth.files)
    assert making._cast_for(2).known != truth.known
    for task in list(making._tasks(again))[::23]:
        # x265 runs threads of its own and does not promise equal bytes.
        if task.file.what != "heic-q80":
            assert task.make() == (folder / "pictures" / task.file.name).read_bytes()


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="holds other things"):
        make_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_formats_without_encoder_are_left_out_and_named(tmp_path, monkeypatch):
    monkeypatch.setattr(demo_formats, "find_spec", lambda _: None)
    monkeypatch.setattr(making, "_tasks", making._known_in_formats)
    truth = make_demo(tmp_path)
    assert truth.left_out == ("heic-q80",)
    assert not any(file.what == "heic-q80" for file in truth.files)
