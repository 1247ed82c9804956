import numpy as np

from tutela.clusters import Cell, Group, GroupKind
from tutela.report import Member, cluster_page


def test_a_chain_keeps_its_order_and_others_begin_with_the_middle():
    rows = np.array([3, 1, 2])
    for kind, order in ((GroupKind.CHAIN, ["n3", "n1", "n2"]), (GroupKind.ONE_DECISION, ["n2", "n3", "n1"])):
        group = Group(0, kind, rows, 2, 90, 50, 40.0)
        page = cluster_page.cluster(group, [group], lambda row: Member(f"n{row}"))
        assert sorted(order, key=page.index) == order


def test_frames_and_moments_are_told():
    group = Group(0, GroupKind.ONE_DECISION, np.array([0, 1, 2]), 0, 0, 0, 0.0)
    members = [Member("a", 0), Member("a", 4), Member("b", 9, 12.34)]
    page = cluster_page.cluster(group, [group], members.__getitem__)
    assert "frame 5" in page
    assert "at\u00a00:12.3" in page
    assert "3 pictures, 2 files" in page


def test_cells_are_called_as_in_the_report():
    told = [
        Member("a", 4, cell=Cell(4, 12, 0, "grid")).where,
        Member("a", 9, 2.0, cell=Cell(1, 2, 7, "mosaic")).where,
        Member("a", 9, cell=Cell(2, 3, 1, "grid")).where,
        Member("a", 1, cell=Cell(1, 1, 0, "embedded")).where,
        Member("a", 0).where,
    ]
    assert told == [
        "cell 4 of 12",
        "cell 1 of 2, at\u00a00:02.0",
        "cell 2 of 3, frame\u00a02",
        "the picture within the page",
        "",
    ]


def test_where_there_is_no_picture_it_says_where_one_is():
    group = Group(0, GroupKind.ONE_DECISION, np.array([0, 1, 2]), 0, 0, 0, 0.0)
    members = [Member("a", 0), Member("b", 4), Member("c", 2, cell=Cell(2, 3, 0, "grid"))]
    page = cluster_page.cluster(group, [group], members.__getitem__)
    assert [words in page for words in ("no picture", "in the sheet")] == [True, True]
