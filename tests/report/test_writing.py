import gc
import shutil
import subprocess
import tracemalloc
from html.parser import HTMLParser

import pytest

from report.made_up_findings import NOW, make_finding, make_hit, webp
from report.test_places import rows_of, sheet
from tutela.model import FrameInfo, Known, MediaType, Near, Problem, ProblemKind, Purpose, Span
from tutela.report import write_report

VOID = {"meta", "input", "img", "rect", "path", "circle"}
CHROMIUM = shutil.which("chromium")


class Checker(HTMLParser):
    """Every element that is opened is closed, in order; ids are unique; no attribute runs a script."""

    def __init__(self):
        super().__init__()
        self.open, self.ids = [], []

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)
        names = dict(attributes)
        assert not [name for name in names if name.startswith("on") or name == "style"]
        if "id" in names:
            self.ids.append(names["id"])

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture
def write(tmp_path, lists, run):
    def write_it(findings, **options):
        target = tmp_path / "report.html"
        counts = write_report(findings, target, title="A <title>", lists=lists, run=run, now=lambda: NOW, **options)
        return target.read_text(encoding="utf-8"), counts

    return write_it


def test_the_report_is_well_formed(write, one_of_each):
    page, counts = write(one_of_each)
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert checker.open == []
    assert len(set(checker.ids)) == len(checker.ids)
    assert counts.looked_at == 5


def test_groups_stand_gravest_first_whatever_order_findings_come_in(write, one_of_each):
    page, _ = write(reversed(one_of_each))
    places = [page.index(f'<details class="group {name}"') for name in ("known", "near", "unreadable")]
    places += [page.index(f'<details class="group {name}"') for name in ("listed-as-benign", "nothing-found")]
    assert places == sorted(places)
    for name in ("known.jpg", "near.jpg", "broken.jpg", "stock.jpg", "holiday.jpg"):
        assert name in page


def test_sheets_and_videos_are_well_formed_too(write):
    cells = sheet(*rows_of(3, 4))
    film = tuple(FrameInfo(n, 640, 360, float(n)) for n in range(60))
    joint = tuple(make_hit(frame=n, distance=40, joint=True) for n in (1, 2, 3))
    spans = (
        Span("<list>", "<key>", Purpose.KNOWN, 1.0, 3.0, 0.0, 2.0, 3, 4.0),
        Span('"', "'", Purpose.BENIGN, None, None, 0.0, 2.0, 3, 4.0),
    )
    for_all = {"hits": joint, "spans": spans}
    page, _ = write(
        [
            make_finding(Near(joint[0], ()), name="sheet.png", frames=cells, thumbnail=webp(), **for_all),
            make_finding(Near(joint[0], ()), name="bare.png", frames=cells, **for_all),
            make_finding(Near(joint[0], ()), name="film.mp4", frames=film, media_type=MediaType.MP4, **for_all),
        ]
    )
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert page.count('class="outlines"') == 2
    assert page.count('class="timeline"') == 1
    assert "<list>" not in page


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a\nb", "x\u202egpj.exe", "caf\udce9.jpg", "&amp;"],
)
def test_hostile_names_stay_text(write, name):
    problem = Problem(ProblemKind.DAMAGED, name, name)
    hit = make_hit(list_name=name, entry_key=name, source=name, labels=(name,), kind="pdq")
    page, _ = write(
        [make_finding(Near(hit, (name,)), name=name, problems=(problem,), thumbnail=webp()), make_finding(name=name)]
    )
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert page.count("<script>") == 1
    assert page.count("<img") == 1
    assert "\u202e" not in page


def test_an_empty_run_is_a_whole_page(write):
    page, counts = write([])
    assert "Nothing was looked at" in page
    assert counts.looked_at == 0


def test_rows_of_nothing_are_limited_and_all_are_counted(write):
    page, counts = write((make_finding(name=f"{n}.jpg") for n in range(30)), nothing_listed=10)
    assert page.count('<th scope="row" class="file"') == 10
    assert "20 more files" in page
    assert counts.verdicts["nothing-found"] == 30


def test_an_error_among_the_findings_leaves_the_older_report(tmp_path, write, one_of_each):
    before, _ = write(one_of_each)

    def broken():
        yield one_of_each[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(broken())
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == before
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_an_error_while_the_report_is_joined_leaves_nothing_behind(tmp_path, one_of_each, lists, run):
    def no_clock():
        raise OSError("no clock")

    with pytest.raises(OSError, match="no clock"):
        write_report(one_of_each, tmp_path / "r.html", title="T", lists=lists, run=run, now=no_clock)
    assert list(tmp_path.iterdir()) == []


def test_only_its_owner_can_read_it(tmp_path, write, one_of_each):
    write(one_of_each)
    assert (tmp_path / "report.html").stat().st_mode & 0o077 == 0


def test_memory_does_not_grow_with_the_findings(tmp_path, lists, run):
    verdict = Known(make_hit(kind="md5", frame=None, distance=0), ("Same.",))
    thumbnail = bytes(3000)

    def peak(count):
        findings = (make_finding(verdict, name=f"{number}.jpg", thumbnail=thumbnail) for number in range(count))
        gc.collect()  # what other tests left is not to be cleared away, or to clear away something, while it is counted
        tracemalloc.start()
        write_report(findings, tmp_path / "r.html", title="T", lists=lists, run=run)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(10)  # what is loaded once is loaded now
    few, many = peak(300), peak(3000)
    assert many < few + 100_000
    assert (tmp_path / "r.html").stat().st_size > 3000 * 4000


@pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
def test_a_real_browser_runs_the_script_and_refuses_nothing(tmp_path, write, one_of_each):
    write(one_of_each)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    flags += [
        "--disable-background-networking",
        "--disable-component-update",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    page = (tmp_path / "report.html").as_uri()
    shown = subprocess.run(
        [CHROMIUM, *flags, "--enable-logging=stderr", "--dump-dom", page],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert '<th scope="col" data-sort="text"><button type="button">File</button></th>' in shown.stdout
    assert '<p class="search">' in shown.stdout  # no longer hidden
    assert "Content Security Policy" not in shown.stderr
