import numpy as np
import pytest

from clusters.plain import all_distances, flipped, mixed
from tutela.clusters import GroupKind, dbscan, groups


def chain(length, step=6, seed=2):
    """Return codes of which each lies a few bits from the one before: a slow fade."""
    random = np.random.default_rng(seed)
    codes = [random.integers(0, 256, 32, np.uint8)]
    for _ in range(length - 1):
        codes.append(flipped(codes[-1], random.integers(0, 256, step)))
    return np.stack(codes)


def walk(group):
    yield group
    for part in group.parts:
        yield from walk(part)


@pytest.mark.parametrize("seed", range(6))
def test_every_group_is_what_it_says(seed):
    codes = np.concatenate([mixed(150, seed, most=10 + 4 * seed), chain(50, seed=seed)])
    good = np.random.default_rng(seed).random(200) < 0.85
    labels = dbscan(codes, 31, 2, core=good)
    apart = all_distances(codes)
    found = list(groups(codes, labels, good=good))
    assert [group.cluster for group in found] == list(range(labels.max() + 1))
    for top in found:
        assert sorted(top.members) == np.flatnonzero(labels == top.cluster).tolist()
        for group in walk(top):
            rows = group.members
            own = apart[np.ix_(rows, rows)]
            assert (group.diameter, group.exact) == (own.max(), True)
            assert group.radius == apart[group.medoid, rows].max()
            assert group.spread == pytest.approx(own.sum() / max(1, len(rows) * (len(rows) - 1)))
            able = good[rows] if good[rows].any() else np.ones(len(rows), np.bool_)
            assert group.medoid in rows[able]
            assert apart[group.medoid, rows].sum() == own.sum(axis=1)[able].min()
            fits_one = own.max() <= 31 and good[rows].all()
            kind = GroupKind.ONE_DECISION if fits_one else GroupKind.CONFIRM if own.max() <= 62 else GroupKind.CHAIN
            assert group.kind == kind
            if group.parts:
                assert sorted(np.concatenate([part.members for part in group.parts])) == sorted(rows)


def test_a_chain_is_shown_in_time_order_and_split():
    codes = chain(60)
    time = np.arange(60)[::-1].copy()
    (group,) = groups(codes, dbscan(codes, 31, 2), order=time)
    assert group.kind == GroupKind.CHAIN
    assert group.members.tolist() == list(range(59, -1, -1))
    assert all(np.all(np.diff(part.members) < 0) for part in walk(group))
    leaves = [part for part in walk(group) if not part.parts]
    assert {part.kind for part in leaves} == {GroupKind.ONE_DECISION}
    assert max(part.diameter for part in leaves) <= 31


def test_what_is_not_good_is_never_covered_by_a_decision():
    codes = np.zeros((4, 32), np.uint8)
    good = np.array([True, True, False, False])
    (group,) = groups(codes, dbscan(codes, 31, 2, core=good), good=good)
    assert group.kind == GroupKind.CONFIRM
    assert [(part.kind.value, part.members.tolist()) for part in group.parts] == [
        ("one-decision", [0, 1]),
        ("confirm", [2, 3]),
    ]
    (sure,) = groups(codes, dbscan(codes, 31, 2))
    assert sure.kind == GroupKind.ONE_DECISION
    assert sure.parts == ()


def test_noise_is_left_out():
    codes = mixed(30, seed=1)
    assert list(groups(codes, np.full(30, -1))) == []
    assert list(groups(codes[:0], np.zeros(0, np.int64))) == []


def test_what_is_refused():
    codes = np.zeros((3, 32), np.uint8)
    labels = np.zeros(3, np.int64)
    for arguments in (
        {"good": np.ones(2, np.bool_)},
        {"order": np.arange(2)},
        {"decide": 40, "confirm": 31},
    ):
        with pytest.raises(ValueError, match=r"needed|caps"):
            list(groups(codes, labels, **arguments))
    with pytest.raises(ValueError, match="label"):
        list(groups(codes, labels[:2]))
