import io

from tutela import exchange
from tutela.model import Entry, ListInfo, Purpose, Rejected, Signal

# The first lines of vpdq/sample-hashes/chair-19-sd-bar.txt of facebook/ThreatExchange (BSD licence, see NOTICE).
SAMPLE = """\
0,100,e271017837246aaccddea259648fb7d62f435c89d9e99b2497763e216c8d055c,0.000
1,100,c0f11178372c6aaccddea259648fbfd62f434c89c9e99b249772be216c8d055c,0.033
"""


def read(tmp_path, text, name=None):
    path = tmp_path / "video.txt"
    path.write_text(text)
    return list(exchange.read(path, name))


def test_a_video_is_one_entry_with_times(tmp_path):
    (entry,) = read(tmp_path, SAMPLE)
    assert [signal.time for signal in entry.signals] == [0.0, 0.033]
    assert [signal.quality for signal in entry.signals] == [100, 100]
    assert entry.signals[0].value.hex().startswith("e2710178")


def test_there_and_back(tmp_path):
    entries = read(tmp_path, SAMPLE)
    target = io.BytesIO()
    written = exchange.write(entries, ListInfo("l", "", Purpose.KNOWN), target, "vpdq")
    assert target.getvalue().decode() == SAMPLE
    assert (written.entries, written.left_out) == (1, {})


def test_files_one_behind_the_other_are_several_videos(tmp_path):
    lines = SAMPLE.splitlines(keepends=True)
    entries = read(tmp_path, SAMPLE + "0,60,c" + lines[0][7:])
    assert [len(entry.signals) for entry in entries] == [2, 1]
    assert len({entry.key for entry in entries}) == 2


def test_lines_that_are_none(tmp_path):
    items = read(tmp_path, SAMPLE + "2,101," + "ab" * 32 + ",0.1\nnot a line\n3,100," + "0" * 64 + ",0.2\n\n", "vpdq")
    assert [(item.number, item.partial) for item in items if isinstance(item, Rejected)] == [
        (3, False),
        (4, False),
        (5, True),
    ]
    assert isinstance(items[-1], Entry)


def test_a_torn_last_line_is_told(tmp_path):
    items = read(tmp_path, SAMPLE + "2,100,c0f1117837")
    assert [item.fatal for item in items if isinstance(item, Rejected)] == [True]


def test_entries_without_times_are_counted_and_left_out():
    target = io.BytesIO()
    entry = Entry("a", (Signal("md5", bytes(16)), Signal("pdq", bytes(32))))
    written = exchange.write([entry], ListInfo("l", "", Purpose.KNOWN), target, "vpdq")
    assert (written.entries, target.getvalue()) == (0, b"")
    assert written.left_out == {"entries without times": 1, "other signals": 2}
