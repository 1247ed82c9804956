import base64
import hashlib
import re
from datetime import timedelta

from report.made_up_findings import NOW
from tutela.report import Run, page
from tutela.report.counts import Counts


def counted(**verdicts):
    counts = Counts()
    counts.verdicts.update({name.replace("_", "-"): number for name, number in verdicts.items()})
    counts.looked_at = sum(verdicts.values())
    return counts


def test_the_policy_allows_this_style_and_script_and_nothing_else():
    head = page.head("Title")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', head)[1]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    for rule, source in (("style-src", page.STYLE), ("script-src", page.SCRIPT)):
        assert rules[rule] == "'sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() + "'"
    assert f"<style>{page.STYLE}</style>" in head
    assert f"<script>{page.SCRIPT}</script>" in page.foot()


def test_nothing_reaches_out():
    for source in (page.STYLE, page.SCRIPT, page.foot()):
        assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttp|innerHTML", source)


def test_the_lead_says_how_it_went(run):
    def lead(**verdicts):
        head = page.masthead("T", run, NOW, counted(**verdicts))
        return re.sub("<.*?>", "", re.search('class="lead">(.*?)</p>', head)[1])

    assert lead() == "No file was found to look at."
    assert lead(nothing_found=2) == "Of 2 files, none is known or near a known one."
    assert lead(known=1) == "Of 1 file, 1 is known."
    assert lead(near=1, nothing_found=1) == "Of 2 files, 1 comes near a known one."
    assert lead(known=1200, near=3, unreadable=1) == (
        "Of 1,204 files, 1,200 are known and 3 come near a known one. 1 file could not be read and needs a person."
    )


def test_a_filter_for_an_empty_group_cannot_be_chosen(run):
    head = page.masthead("T", run, NOW, counted(known=1))
    assert re.search(r'id="show-near" disabled', head)
    assert not re.search(r'id="show-known" disabled', head)


def test_the_bar_fills_its_width_and_hides_no_share(run):
    head = page.masthead("T", run, NOW, counted(known=1, nothing_found=1_000_000))
    ends = [float(x) + float(w) for x, w in re.findall(r'x="([\d.]+)" width="([\d.]+)"', head)]
    assert len(ends) == 2
    assert 997 < ends[-1] <= 1000


def test_a_large_group_of_nothing_is_folded_and_a_large_group_of_hits_is_not():
    assert " open>" not in page.open_group("nothing-found", 101)
    assert " open>" in page.open_group("nothing-found", 100)
    assert " open>" in page.open_group("known", 1000)


def test_rows_left_out_are_told():
    assert "1,500 more files" in page.close_group(1500)
    assert "more" not in page.close_group()


def test_empty_states():
    assert "Nothing was looked at" in page.nothing_met(counted())
    assert "No known picture was met" in page.nothing_met(counted(nothing_found=3))
    assert page.nothing_met(counted(near=1)) == ""
    assert "None: nothing was damaged" in page.no_problems()


def test_particulars_of_the_run(run, lists):
    section = page.particulars(run, NOW, lists)
    for told in ("/a/folder", "0.1.0", "all eight", "PDQ distance 31, quality 50 or more", "A hotline", "benign"):
        assert told in section
    assert "nothing could be met" in page.particulars(run, NOW, [])


def test_many_places_are_cut_short():
    run = Run("1", NOW - timedelta(1), [f"/p{n}" for n in range(60)])
    section = page.particulars(run, NOW, [])
    assert "/p49<" in section
    assert "/p50<" not in section
    assert "and 10 more" in section
