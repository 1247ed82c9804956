import io
import json

import pytest
from rich.console import Console

from tutela.demo import Group, making, run_demo
from tutela.demo.running import BENIGN_LIST, KNOWN_LIST
from tutela.demo.truth import DemoTruth
from tutela.model.finding_json import finding_from_json
from tutela.store import Store


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    out = io.StringIO()
    result = run_demo(folder, seed=1, workers=2, console=Console(file=out, width=100))
    return folder, result, out.getvalue()


def test_nothing_that_matters_is_missed_and_nobody_is_accused(run):
    _, result, _ = run
    score = result.score
    assert score.sound, [(surprise.file.name, surprise.why) for surprise in score.surprises]
    assert score.false_positives == []
    for group in (Group.EXACT, Group.FORMAT, Group.ORIENTATION, Group.DAMAGED, Group.STRANGER):
        files, right = score.group(group)
        assert right == files > 0, group


def test_the_recall_is_what_pdq_is_known_for(run):
    assert run[1].score.recall >= 0.95


def test_the_hard_edits_are_looked_at_and_not_all_found(run):
    files, right = run[1].score.group(Group.HARD)
    assert files == 42
    assert right < files


def test_every_file_has_a_finding_in_the_lines_and_in_the_report(run):
    folder, result, _ = run
    lines = [json.loads(line) for line in result.findings.read_text(encoding="utf-8").splitlines()]
    names = [finding_from_json(line).name for line in lines]
    assert names == [file.name for file in DemoTruth.read(folder / "truth.json").files]
    report = result.report.read_text(encoding="utf-8")
    assert all(name in report for name in names[::17])


def test_the_clusters_are_of_one_photograph_each(run):
    _, result, _ = run
    clusters = result.clusters
    assert clusters.mixed == []
    assert clusters.edits == 138
    assert clusters.together >= 0.95 * clusters.edits
    assert clusters.cells >= 200
    assert clusters.frames >= 40
    assert clusters.pictures >= 450
    assert clusters.counts.decisions >= 100
    assert clusters.pictures + clusters.frames + clusters.cells == clusters.counts.hashed
    assert clusters.counts.files == len(result.truth.files)


def test_the_sheet_of_clusters_has_their_pictures_and_says_how_they_were_found(run):
    _, result, _ = run
    sheet = result.sheet.read_text(encoding="utf-8")
    assert sheet.count("data:image/webp;base64,") > 300
    assert f"<b>{result.clusters.counts.clusters.total()} clusters</b>" in sheet
    assert "within 31 bits" in sheet
    assert "orientations" not in sheet


def test_the_lists_are_there_to_be_used_again(run):
    folder, result, _ = run
    with Store.open(folder / "home") as store:
        shown = {info.name: store.show(info.name) for info in store.lists()}
    assert shown.keys() == {KNOWN_LIST, BENIGN_LIST}
    assert shown[KNOWN_LIST].entries == len(result.truth.known)
    assert shown[BENIGN_LIST].entries == making.BENIGN
    assert shown[KNOWN_LIST].signals.keys() == {"md5", "sha1", "sha256", "pdq"}


def test_the_text_says_where_the_pages_are_and_holds_no_hash(run):
    _, result, text = run
    assert str(result.report) in text.replace("\n", "")
    assert str(result.sheet) in text.replace("\n", "")
    value = result.findings.read_text(encoding="utf-8").split('"value": "')[1][:32]
    assert value not in text
