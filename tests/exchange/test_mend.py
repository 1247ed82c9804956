"""Records out of broken JSON: each harm costs its own record and no other."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutela.exchange import mend
from tutela.exchange.mend import Broken, Cutter, Mended
from tutela.exchange.source import Torn


def record(number, **more):
    nested = [{"MD5": "A" * 32, "FileName": "a [b] {c}.jpg", "FilePath": "C:\\\\x\\"}]
    return {"MediaID": number, "MD5": "A" * 32, **more, "IsSuspected": "false", "Series": "s", "MediaFiles": nested}


def document(records, before='"odata.metadata":"x",'):
    return ("{" + before + '"value":[' + ",".join(records) + "]}").encode()


def cut(data, size=4096):
    return list(Cutter(iter(data[at : at + size] for at in range(0, len(data), size))).records())


def numbers(found):
    taken = [one.record if isinstance(one, Mended) else one for one in found if not isinstance(one, Broken)]
    return [one["MediaID"] for one in taken]


TEXTS = [json.dumps(record(number)) for number in range(6)]
SHAPES = [
    document,
    lambda records: document(records, before='"Extra":[{"a":[1]}],"Note":"value",'),
    lambda records: ("[" + ",".join(records) + "]").encode(),
    lambda records: ('{"value":[{"CaseID":"1","Media":[' + ",".join(records) + '],"TotalMediaFiles":1}]}').encode(),
    lambda records: ('{"a":1\n,"Media" : \t[' + " ,\n ".join(records) + "]\n}").encode(),
    lambda records: document(records[:3]) + document(records[3:]),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_sound_documents_of_every_shape(shape, size):
    assert cut(shape(TEXTS), size) == [json.loads(text) for text in TEXTS]


HARMS = {
    "no value": lambda text: text.replace('"IsSuspected": "false"', '"IsSuspected": '),
    "a word of another language": lambda text: text.replace('"IsSuspected": "false"', '"IsSuspected": True'),
    "quotation marks twice": lambda text: text.replace('"IsSuspected": "false"', '"IsSuspected": ""false""'),
    "no comma": lambda text: text.replace('"IsSuspected": "false",', '"IsSuspected": "false"'),
    "no closing quotation mark": lambda text: text.replace('"IsSuspected": "false"', '"IsSuspected": "false'),
    "no opening quotation mark": lambda text: text.replace('"IsSuspected": "false"', '"IsSuspected": false"'),
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
@pytest.mark.parametrize("size", [3, 4096])
def test_flags_without_proper_value_cost_nothing(harm, size):
    found = cut(document([harm(text) for text in TEXTS]), size)
    assert numbers(found) == list(range(6))
    assert all(isinstance(one, Mended) for one in found)


def test_sound_flags_beside_a_bad_one_are_kept():
    text = json.dumps(record(1, VictimIdentified="true"))
    (found,) = cut(document([HARMS["no value"](text)]))
    assert found.record["VictimIdentified"] == "true"
    assert found.record["IsSuspected"] is None


BREAKS = {
    "a word": lambda text: text.replace('"A', "oops A", 1),
    "an open text": lambda text: text.replace('"Series": "s"', '"Series": "s'),
    "an open brace": lambda text: text[:-2] + "]",
    "an open bracket": lambda text: text[:-2] + "}",
    "another closing bracket": lambda text: text.replace('"Series"', ']"Series"'),
    "its end missing": lambda text: text[: len(text) // 2],
    "bytes that are no text": lambda text: text.replace("s", "\udcff"),
}


@pytest.mark.parametrize("harm", BREAKS.values(), ids=BREAKS)
@pytest.mark.parametrize("size", [5, 4096])
@pytest.mark.parametrize("place", [0, 2])
def test_a_broken_record_costs_itself(harm, size, place):
    texts = [harm(text) if number == place else text for number, text in enumerate(TEXTS)]
    data = ('{"value":[' + ",".join(texts) + "]}").encode("utf-8", "surrogateescape")
    found = cut(data, size)
    assert numbers(found) == [number for number in range(6) if number != place]
    assert not any(isinstance(one, Broken) and one.ends for one in found)


def test_records_that_begin_like_the_objects_within_them():
    texts = [
        json.dumps({"MD5": str(n), "MediaID": n, "MediaFiles": [{"MD5": str(n), "FileName": "x"}] * 2})
        for n in range(4)
    ]
    texts[1] = texts[1].replace('"MediaID"', '"MediaID')
    assert numbers(cut(document(texts))) == [0, 2, 3]


@pytest.mark.parametrize("at", [0.2, 0.5, 0.9])
def test_a_cut_file_says_so(at):
    data = document(TEXTS)
    *taken, last = cut(data[: int(len(data) * at)])
    assert numbers(taken) == list(range(len(taken)))
    assert last.ends
    assert "early" in last.reason


def test_a_missing_end_of_the_list_says_so():
    *taken, last = cut(document(TEXTS)[:-2])
    assert len(taken) == 6
    assert last.ends
    assert cut(document(TEXTS) + bytes(10)) == cut(document(TEXTS))


def test_a_torn_source_gives_what_came_before():
    def chunks():
        yield document(TEXTS)[:-30]
        raise Torn("the packed file ends early")

    *taken, last = Cutter(chunks()).records()
    assert numbers(taken) == list(range(5))
    assert (last.ends, "packed" in last.reason) == (True, True)


def test_a_record_beyond_measure_is_given_up_and_not_held(monkeypatch):
    monkeypatch.setattr(mend, "RECORD_LIMIT", 10_000)
    long = json.dumps(record(1, Comments="x" * 300_000))
    cutter = Cutter(iter(document([TEXTS[0], long, *TEXTS[2:]])[at : at + 500] for at in range(0, 310_000, 500)))
    found = []
    for one in cutter.records():
        found.append(one)
        assert len(cutter._buffer) < 50_000
    assert numbers(found) == [0, 2, 3, 4, 5]


@settings(max_examples=400, deadline=None)
@given(data=st.data(), size=st.integers(1, 200))
def test_any_harm_ends_and_costs_few_records(data, size):
    whole = bytearray(document([json.dumps(record(number)) for number in range(8)]))
    place = data.draw(st.integers(whole.index(b"[") + 1, len(whole) - 1))
    whole[place] = data.draw(st.sampled_from(b'"{}[],:\\x\n\xff\x00'))
    taken = [one.record if isinstance(one, Mended) else one for one in cut(bytes(whole), size)]
    assert len({one["MediaID"] for one in taken if isinstance(one, dict) and "MediaID" in one}) >= 6


@settings(max_examples=200, deadline=None)
@given(
    parts=st.lists(
        st.sampled_from(['{"MediaID":1,"MD5":', "[", "]", "{", "}", '"', "\\", ",", ":", "1", '"value":[', "\n"])
    )
)
def test_any_mixture_of_its_signs_comes_to_an_end(parts):
    cut("".join(parts).encode(), 3)


def test_nesting_without_end_is_a_broken_record():
    found = cut(document([TEXTS[0], '{"MediaID":1,"a":' + "[" * 200_000 + "]" * 200_000 + "}", TEXTS[2]]), 1 << 16)
    assert numbers(found) == [0, 2]


@pytest.mark.parametrize(
    "piece",
    ['{"MediaID":', '{"MediaID":1,"a":{', '"', '{"MD5":"', '{"a":1,"b":{', "[", '{"a":[]', '"Media":[{"MD5":1,'],
)
def test_the_work_grows_with_the_length_only(monkeypatch, piece):
    """Counts the looks at tokens: a file of broken beginnings must not be gone over once for each of them."""
    looks = 0
    step = Cutter._step

    def counted(self):
        nonlocal looks
        looks += 1
        return step(self)

    monkeypatch.setattr(Cutter, "_step", counted)
    counts = []
    for times in (1_000, 4_000):
        looks = 0
        cut(('{"value":[' + TEXTS[0] + "," + piece * times).encode(), 1 << 16)
        counts.append(looks)
    assert counts[1] < 6 * counts[0] + 1000


BOUNDED = """
import resource, sys
from tutela.exchange.mend import Broken, Cutter
held = int(open("/proc/self/statm").read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (held + (400 << 20),) * 2)
def chunks():
    yield b'{"value":[{"MediaID":1,"MD5":"'
    for _ in range(40):
        yield sys.argv[1].encode() * ((1 << 20) // len(sys.argv[1]))
    yield b'"},{"MediaID":2,"MD5":"b"}]}'
print([one if isinstance(one, Broken) else one["MediaID"] for one in Cutter(chunks()).records()])
"""


@pytest.mark.parametrize("part", ["a", '\\"', "\\\\"])
def test_a_value_without_end_costs_its_record_and_no_memory(part):
    ended = subprocess.run([sys.executable, "-c", BOUNDED, part], check=False, capture_output=True, text=True)
    assert ended.stdout == "[Broken(reason='it is longer than any honest record', ends=False), 2]\n", ended.stderr[
        -500:
    ]
