import numpy as np

from tutela.clusters import Group, GroupKind
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
