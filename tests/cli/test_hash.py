import json

import pytest

import tutela
from cli.running import invoke, png, run, write
from tutela.model.hash_json import hash_from_json


def test_the_promised_line(home, pictures):
    ended = run(home, "hash", "--jsonl", pictures / "known.png")
    assert ended.returncode == 0
    (line,) = ended.stdout.decode().splitlines()
    record = json.loads(line)
    assert record["path"] == str(pictures / "known.png")
    assert record["problems"] == []
    by_kind = {signal["kind"]: signal for signal in record["signals"]}
    assert set(by_kind) == {"md5", "sha1", "sha256", "pdq"}
    own = tutela.pdq((pictures / "known.png").read_bytes())
    assert by_kind["pdq"] == {"kind": "pdq", "value": own.value.hex(), "quality": own.quality, "frame": 0}
    assert ended.stderr == b"Hashed 1 file.\n"


def test_bytes_from_standard_input(home):
    ended = run(home, "hash", "-", data=png(3))
    assert json.loads(ended.stdout)["path"] == "-"


def test_what_cannot_be_read_is_counted_and_work_goes_on(home, pictures):
    ended = invoke("hash", "--in-process", pictures / "nothing.jpg", pictures / "broken.jpg", pictures / "known.png")
    assert ended.exit_code == 0
    assert len(ended.stdout.splitlines()) == 3
    assert "2 could not be read" in ended.stderr


def test_strict_ends_with_11(home, pictures):
    assert invoke("hash", "--in-process", "--strict", pictures).exit_code == 11
    assert invoke("hash", "--in-process", "--strict", pictures / "known.png").exit_code == 0


def test_only_some_kinds(home, pictures):
    ended = invoke("hash", "--in-process", "--kind", "MD5", "--kind", "sha1", pictures / "known.png")
    assert [signal["kind"] for signal in json.loads(ended.stdout)["signals"]] == ["md5", "sha1"]
    assert invoke("hash", "--kind", "photodna", pictures).exit_code == 2


def test_eight_orientations(home, pictures):
    ended = invoke("hash", "--in-process", "--kind", "pdq", "--orientations", pictures / "known.png")
    turned = [signal.orientation for signal in hash_from_json(json.loads(ended.stdout)).signals]
    assert len(set(turned)) == 8


def test_a_table(home, pictures):
    shown = invoke("hash", "--in-process", "--table", pictures / "known.png").stdout
    assert [line.split()[0] for line in shown.splitlines()] == ["md5", "sha1", "sha256", "pdq"]


@pytest.mark.parametrize("name", ["csv", "text"])
def test_a_list_that_can_be_imported(home, pictures, tmp_path, name):
    made = invoke("hash", "--in-process", "--as", name, pictures / "known.png")
    source = write(tmp_path / "list", made.stdout_bytes)
    invoke("list", "create", "mine")
    assert "added" in invoke("list", "import", "mine", source).stderr
    assert "known" in invoke("match", "--in-process", "--table", pictures / "known.png").stdout


def test_wishes_that_exclude_each_other(home, pictures):
    assert invoke("hash", "--as", "csv", "--jsonl", pictures).exit_code == 2
    assert invoke("hash", "--as", "parchment", "--in-process", pictures).exit_code == 4


def test_a_hostile_name_comes_through(home, tmp_path):
    path = write(tmp_path / "a\nb\udce9.png", png(4))
    ended = run(home, "hash", "--jsonl", "--kind", "md5", path)
    assert hash_from_json(json.loads(ended.stdout)).name == str(path)
