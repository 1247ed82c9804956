from tutela.report.counts import Counts


def test_findings_are_counted_as_they_go_by(one_of_each):
    counts = Counts()
    assert list(counts.over(one_of_each)) == one_of_each
    assert counts.looked_at == 5
    assert counts.verdicts == {"known": 1, "near": 1, "unreadable": 1, "listed-as-benign": 1, "nothing-found": 1}
    assert counts.problems == {"damaged": 1}
    assert counts.troubled == 1
    assert counts.met == 2
