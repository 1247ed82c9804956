import re
import stat
from html.parser import HTMLParser

import numpy as np
import pytest

from report.made_up_findings import NOW, webp
from tutela.clusters import Group, GroupKind
from tutela.report import ClusterCounts, Member, write_clusters

VOID = {"meta", "input", "img", "path", "circle"}


class Checker(HTMLParser):
    """Every element that is opened is closed, in order; no attribute runs a script."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)
        assert not [name for name, _ in attributes if name.startswith("on") or name == "style"]

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


def group(cluster, kind, rows, parts=(), **measures):
    told = {"diameter": 4, "radius": 3, "spread": 2.5} | measures
    return Group(cluster, kind, np.array(rows), rows[0], **told, parts=parts)


def few():
    one = group(0, GroupKind.ONE_DECISION, [0, 1])
    inner = (group(1, GroupKind.ONE_DECISION, [2, 3]), group(1, GroupKind.CONFIRM, [4]))
    return [one, group(1, GroupKind.CONFIRM, [2, 3, 4], inner, diameter=50)]


def member(row):
    return Member(f"folder/<{row}>.jpg", row, row / 2, "sheet" if row == 4 else None, None if row == 3 else webp())


@pytest.fixture
def write(tmp_path, run):
    def written(groups, member=member, **options):
        counts = ClusterCounts(hashed=10, files=6)
        for one in groups:
            counts.add(one)
        target = tmp_path / "sheet.html"
        write_clusters(groups, member, target, title="A <title>", run=run, counts=counts, now=lambda: NOW, **options)
        return target.read_text(encoding="utf-8")

    return written


def test_counts():
    counts = ClusterCounts(10, 6)
    for one in few():
        counts.add(one)
    assert counts.clusters == {GroupKind.ONE_DECISION: 1, GroupKind.CONFIRM: 1}
    assert (counts.gathered, counts.decisions, counts.covered) == (5, 2, 4)


def test_the_page_is_well_formed_and_lets_nothing_in(write):
    page = write(few())
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert checker.open == []
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "A &lt;title&gt;" in page
    assert "&lt;4&gt;.jpg" in page


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a\nb", "x\u202egpj.exe"]
)
def test_hostile_names_stay_text(write, name):
    page = write(few(), member=lambda row: Member(name, row, None, name, webp()))
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert "<script" not in page
    assert "\u202e" not in page


def test_the_largest_comes_first_with_pictures_blurred_until_asked_for(write):
    page = write(few())
    assert page.index('id="cluster-1"') < page.index('id="cluster-0"')
    assert page.count('<label class="picture">') == 4
    assert page.count('<span class="none">no picture</span>') == 1
    assert "blur(" in page
    assert re.search(r"@media print \{\s*\.strip \.picture, \.strip \.none \{ display: none", page)
    assert "2 decisions cover 4 of them" in page
    assert ">sheet<" in page


def test_large_clusters_are_cut_short_and_say_so(write):
    long = group(0, GroupKind.ONE_DECISION, list(range(300)))
    page = write([long])
    assert page.count("<figure>") == 8
    assert "and 292 more" in page
    shorter = group(0, GroupKind.ONE_DECISION, list(range(50)))
    assert write([shorter]).count("<li>") >= 42
    many = tuple(group(0, GroupKind.ONE_DECISION, [row]) for row in range(70))
    assert "and 10 more parts" in write([group(0, GroupKind.CHAIN, list(range(70)), many, diameter=90)])
    assert "1 smaller cluster" in write(few(), most_listed=1)


def test_a_bound_is_called_one(write):
    assert "at most 90 bits" in write([group(0, GroupKind.CHAIN, [0, 1], diameter=90, exact=False)])


def test_no_cluster_is_said_in_words(write):
    page = write([])
    assert "No two pictures are alike." in page
    assert "Every picture stands alone" in page


def test_it_appears_whole_or_not_at_all_for_its_owner_only(write, tmp_path):
    write(few())
    assert stat.S_IMODE((tmp_path / "sheet.html").stat().st_mode) == 0o600

    def broken(row):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(few(), member=broken)
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.html"]
