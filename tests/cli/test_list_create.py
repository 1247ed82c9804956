import json

import pytest

from cli.running import invoke


def test_a_list_with_everything(home):
    ended = invoke(
        "list", "create", "mine", "--owner", "A desk", "--purpose", "benign",
        "--threshold", "pdq=20", "--threshold", "photodna=900,0",
    )  # fmt: skip
    assert ended.exit_code == 0
    record = json.loads(invoke("list", "show", "mine", "--jsonl").stdout)
    assert (record["owner"], record["purpose"], record["entries"]) == ("A desk", "benign", 0)
    assert record["thresholds"] == {
        "pdq": {"distance": 20, "quality": 50},
        "photodna": {"distance": 900, "quality": 0},
    }


def test_a_name_is_taken_once(home):
    invoke("list", "create", "mine")
    ended = invoke("list", "create", "mine")
    assert ended.exit_code == 3
    assert "is there already" in ended.stderr


@pytest.mark.parametrize("threshold", ["pdq", "pdq=", "pdq=far", "pdq=1,good", "nothing=3", "pdq=-1"])
def test_a_threshold_must_be_one(home, threshold):
    assert invoke("list", "create", "mine", "--threshold", threshold).exit_code == 2


def test_a_name_must_be_one(home):
    assert invoke("list", "create", "../etc").exit_code == 2
