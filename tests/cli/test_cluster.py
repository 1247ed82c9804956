import json
from pathlib import Path

import numpy as np
import pytest

from cli.running import invoke, picture, png, run, write
from tutela.clusters import dbscan


def lines(ended):
    return [json.loads(line) for line in getattr(ended, "stdout_bytes", ended.stdout).splitlines()]


def names(record):
    return sorted(Path(one["name"]).name for one in record["members"])


@pytest.fixture
def folder(tmp_path):
    """Two pictures in two forms each, and a stranger."""
    place = tmp_path / "all"
    for seed in (1, 2):
        write(place / f"{seed}.png", png(seed))
        picture(seed).save(place / f"{seed}.jpg", quality=70)
    write(place / "deeper" / "stranger.png", png(3))
    return place


def test_a_folder(home, folder):
    ended = run(home, "cluster", folder)
    assert ended.returncode == 0
    found = lines(ended)
    assert [names(record) for record in found] == [["1.jpg", "1.png"], ["2.jpg", "2.png"]]
    for record in found:
        assert record["kind"] == "one-decision"
        assert record["size"] == 2
        assert record["medoid"] in record["members"]
        assert record["diameter"] == record["radius"] <= 31
    assert "Clustered 5 pictures of 5 files" in ended.stderr.decode()
    assert "2 clusters, 1 alone; 2 decisions would cover 4 pictures." in ended.stderr.decode()


def test_the_signals_of_a_pipe_cluster_as_the_files_do(home, folder):
    from_files = invoke("cluster", "--in-process", "-q", folder)
    hashed = run(home, "hash", "--jsonl", "-q", folder).stdout
    piped = run(home, "cluster", "--signals", "-", "-q", data=hashed)
    assert piped.returncode == 0
    assert lines(piped) == lines(from_files)


def hashes(tmp_path, rows):
    """Write lines as others may write them; rows are (path, [(code, quality, unfit, frame)])."""
    source = tmp_path / "signals.jsonl"
    with source.open("w", encoding="utf-8") as out:
        for path, signals in rows:
            told = [
                {"kind": "pdq", "value": code.tobytes().hex(), "quality": quality, "frame": frame}
                | ({"unfit": unfit} if unfit else {})
                for code, quality, unfit, frame in signals
            ]
            out.write(json.dumps({"schema": 1, "path": path, "signals": told}) + "\n")
    return source


def code(*bits):
    flags = np.zeros(256, np.uint8)
    flags[list(bits)] = 1
    return np.packbits(flags)


def test_frames_of_videos_and_pictures_lie_together(home, tmp_path):
    video = [(code(*range(4 * number)), 90, None, number) for number in range(20)]
    source = hashes(tmp_path, [("film.mp4", video), ("still.jpg", [(code(*range(10)), 90, None, 0)])])
    found = lines(invoke("cluster", "-q", "--signals", source))
    top = found[0]
    assert top["kind"] == "chain"
    assert top["diameter"] == 76
    assert [one["frame"] for one in top["members"]] == [*range(20), 0]  # in order: the film, then the picture
    parts = {record["id"]: record for record in found}
    assert [parts[name]["parent"] for name in top["parts"]] == [top["id"]] * len(top["parts"])
    leaves = [record for record in found if not record["parts"]]
    assert sum(record["size"] for record in leaves) == 21
    assert all(record["diameter"] <= 31 and record["kind"] == "one-decision" for record in leaves)


def test_what_is_unfit_holds_nothing_together_and_is_never_decided_along(home, tmp_path):
    good, poor = (code(1), 90, None, 0), (code(1, 2), 20, None, 0)
    sheet = (code(1, 3), 90, "sheet", 0)
    source = hashes(tmp_path, [("a", [good]), ("b", [good]), ("c", [poor]), ("d", [sheet])])
    top, *parts = lines(invoke("cluster", "-q", "--signals", source))
    assert (top["kind"], names(top)) == ("confirm", ["a", "b", "c", "d"])
    assert [(one["kind"], names(one)) for one in parts] == [("one-decision", ["a", "b"]), ("confirm", ["c", "d"])]
    assert [one.get("unfit") for one in top["members"]] == [None, None, "quality 20", "sheet"]
    source = hashes(tmp_path, [("a", [poor]), ("b", [poor]), ("c", [sheet])])
    assert lines(invoke("cluster", "-q", "--signals", source)) == []
    assert len(lines(invoke("cluster", "-q", "--quality", "10", "--signals", source))) == 3


def test_eps_and_min_pts(home, tmp_path):
    codes = np.stack([code(), code(*range(20)), code(*range(40)), code(*range(200, 250))])
    source = hashes(tmp_path, [(str(row), [(one, 90, None, 0)]) for row, one in enumerate(codes)])
    for eps, min_pts in ((31, 2), (19, 2), (31, 3), (90, 4)):
        found = lines(invoke("cluster", "-q", "--eps", eps, "--min-pts", min_pts, "--signals", source))
        tops = [names(record) for record in found if record["parent"] is None]
        labels = dbscan(codes, eps, min_pts)
        assert tops == [[str(row) for row in np.flatnonzero(labels == one)] for one in range(labels.max() + 1)]


def test_findings_are_read_as_well(home, folder, tmp_path):
    from tutela.model.finding_json import finding_to_json
    from tutela.model.hash_json import hash_from_json

    hashed = invoke("hash", "--in-process", "-q", "--jsonl", folder).stdout_bytes
    found = tmp_path / "findings.jsonl"
    with found.open("w", encoding="utf-8") as out:
        for line in hashed.splitlines():
            out.write(json.dumps(finding_to_json(hash_from_json(json.loads(line)))) + "\n")
    assert len(lines(invoke("cluster", "-q", "--signals", found))) == 2


def test_a_sheet(home, folder, tmp_path):
    target = tmp_path / "sheet.html"
    ended = invoke("cluster", "--in-process", "-q", "--html", target, "--title", "All of it", folder)
    assert ended.exit_code == 0
    assert ended.stdout == ""
    page = target.read_text(encoding="utf-8")
    assert "All of it" in page
    assert page.count('<label class="picture">') == 4
    assert invoke("cluster", "--in-process", "-q", "--html", target, "--no-thumbnails", folder).exit_code == 0
    assert '<label class="picture">' not in target.read_text(encoding="utf-8")
    assert invoke("cluster", "--html", tmp_path / "nowhere" / "sheet.html", folder).exit_code == 2


def test_a_table(home, folder):
    told = invoke("cluster", "--in-process", "-q", "--table", folder).stdout
    assert told.splitlines()[0].split() == ["KIND", "PICTURES", "DIAMETER", "MIDDLE"]
    assert told.count("one-decision") == 2


def test_what_cannot_be_read_is_counted(home, folder):
    write(folder / "broken.jpg", b"\xff\xd8\xff no picture")
    ended = run(home, "cluster", "--strict", folder)
    assert ended.returncode == 11
    assert b"1 unreadable" in ended.stderr
    assert len(lines(ended)) == 2


@pytest.mark.parametrize("line", ["no json", "[]", '{"path": 1}', '{"verdict": 1}'])
def test_a_line_that_is_none(home, tmp_path, line):
    source = tmp_path / "signals.jsonl"
    source.write_text("\n" + line + "\n", encoding="utf-8")
    ended = invoke("cluster", "--signals", source)
    assert ended.exit_code == 2
    assert "Line 2 of the signals" in ended.stderr


def test_both_files_and_signals_is_an_error(home, folder):
    assert invoke("cluster", "--signals", "-", folder).exit_code == 2
    assert invoke("cluster").exit_code == 2
