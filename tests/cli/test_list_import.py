import pytest

from cli.running import PROGRAM, invoke, run, write

GOOD = b"md5 00112233445566778899aabbccddeeff\nsha1 00112233445566778899aabbccddeeff00112233\n"


def test_the_same_file_twice_changes_nothing(home, tmp_path):
    invoke("list", "create", "mine")
    source = write(tmp_path / "list.txt", GOOD)
    assert invoke("list", "import", "mine", source).stderr == "mine: 2 added; now version 1.\n"
    assert invoke("list", "import", "mine", source).stderr == "mine: 2 unchanged; still version 1.\n"


def test_from_standard_input(home):
    invoke("list", "create", "mine")
    ended = run(home, "list", "import", "mine", "-", data=GOOD)
    assert ended.returncode == 0
    assert b"2 added" in ended.stderr


def test_rejected_lines_are_told_by_number_and_reason(home, tmp_path):
    invoke("list", "create", "mine")
    source = write(tmp_path / "list.txt", GOOD + b"md5 nonsense\n" + b"md5 d41d8cd98f00b204e9800998ecf8427e\n")
    ended = invoke("list", "import", "mine", source)
    assert ended.exit_code == 0
    assert "line 3" in ended.stderr
    assert "2 added, 2 rejected" in ended.stderr
    assert "d41d8cd9" not in ended.stderr
    assert invoke("list", "import", "mine", source, "--strict").exit_code == 11


def test_all_rejected_lines_go_to_a_file(home, tmp_path):
    invoke("list", "create", "mine")
    source = write(tmp_path / "list.txt", GOOD + b"md5 x\n" * 50)
    kept = tmp_path / "rejected.txt"
    invoke("list", "import", "mine", source, "--rejected", kept)
    assert len(kept.read_text().splitlines()) == 50
    told = invoke("list", "import", "mine", source).stderr
    assert told.count("Warning: line") == 20
    assert "30 more lines were rejected" in told


def test_a_torn_file_is_refused_unless_it_is_accepted(home, tmp_path):
    import gzip

    invoke("list", "create", "mine")
    lines = b"".join(b"md5 %032x\n" % (number * 7919 + 2**100) for number in range(20_000))
    source = write(tmp_path / "list.txt.gz", gzip.compress(lines)[:-5000])
    ended = invoke("list", "import", "mine", source)
    assert ended.exit_code == 4
    assert "breaks off" in ended.stderr
    taken = invoke("list", "import", "mine", source, "--accept-torn")
    assert taken.exit_code == 0
    assert "added" in taken.stderr


def test_a_file_of_no_format(home, tmp_path):
    invoke("list", "create", "mine")
    assert invoke("list", "import", "mine", write(tmp_path / "x", b"\x00\x01")).exit_code == 4
    assert invoke("list", "import", "mine", write(tmp_path / "x", GOOD), "--format", "scroll").exit_code == 4
    assert invoke("list", "import", "mine", tmp_path / "nothing").exit_code == 1
    assert invoke("list", "import", "nobody", write(tmp_path / "x", GOOD)).exit_code == 3


FIRST, LAST = "00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"
XML = '<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><images count="3">'
IMAGE = "<image><member id='1'>m</member><id>{}</id>{}<fingerprints><md5>{}</md5></fingerprints></image>"
#: What stands before something without end, and after it.
GIANT = {
    "text": (f"md5 {FIRST}\nmd5 ", f"\nmd5 {LAST}\n"),
    "csv": (f'md5,label\n{FIRST},x\n{LAST},"', f'"\n{LAST},y\n'),
    "xml": (
        XML + IMAGE.format("a", "", FIRST) + "\n<image><member id='1'>m</member><id>b</id><fingerprints><md5>",
        "</md5></fingerprints></image>\n" + IMAGE.format("c", "", LAST) + "</images></queryResult>",
    ),
    "json": (
        '{"odata.context":"http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media","value":['
        '{"MediaID":1,"MD5":"' + FIRST + '"},\n{"MediaID":2,"MD5":"',
        '"},\n{"MediaID":3,"MD5":"' + LAST + '"}]}',
    ),
}
MEASURED = (
    "import atexit, resource;"
    "atexit.register(lambda: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)); " + PROGRAM[-1]
)


@pytest.mark.slow
@pytest.mark.parametrize("form", GIANT)
def test_one_giant_line_costs_itself_and_no_memory(home, tmp_path, form):
    begun, ended = GIANT[form]
    took, told = [], b""
    for name, size in (("small", 10), ("giant", 192 << 20)):
        run(home, "list", "create", name)
        source = tmp_path / f"{name}.{form}"
        with source.open("wb") as file:
            file.write(begun.encode())
            for _ in range(size // 10 >> 10 or 1):
                file.write(b"a" * 10 * (1024 if size > 10 else 1))
            file.write(ended.encode())
        imported = run(home, "list", "import", name, source, program=MEASURED)
        took.append(int(imported.stdout.split()[-1]))
        told = imported.stderr
    if form == "xml":  # nothing that follows can be trusted: told as a file that breaks off, and the list stays
        assert b"breaks off at record 2: an entry is longer than any honest one" in told
    else:
        assert b"2 added, 1 rejected" in told
        assert f"line {3 if form == 'csv' else 2}: ".encode() in told
        assert b" longer than " in told
    assert took[1] - took[0] < 100 << 10, took  # KiB
