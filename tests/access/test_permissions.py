import pytest

from tutela.access.permissions import GRANTS, MEANINGS, Actor, Permission, Role, decide


def actor(*roles, scopes=None):
    return Actor(7, "ana", frozenset(roles), scopes)


def test_every_permission_has_a_meaning_and_somebody_who_has_it():
    assert set(MEANINGS) == set(Permission)
    assert set().union(*GRANTS.values()) == set(Permission)
    assert set(GRANTS) == set(Role)


def test_an_administrator_looks_after_people_and_not_after_lists():
    assert Permission.PEOPLE_MANAGE in GRANTS[Role.ADMINISTRATOR]
    assert not GRANTS[Role.ADMINISTRATOR] & {Permission.LISTS_EDIT, Permission.HASHES_READ, Permission.MATCH}


def test_an_auditor_changes_nothing():
    changing = {
        p for p in Permission if any(word in p.value for word in ("edit", "create", "run", "manage", "own", "match"))
    }
    assert not GRANTS[Role.AUDITOR] & changing


@pytest.mark.parametrize(
    ("who", "rule", "words"),
    [
        (None, "nobody", "Nobody is signed in"),
        (actor(), "no-role", "ana has no role; to match"),
        (actor(Role.READER), "no-role", "the role matcher or curator or analyst is needed"),
        (actor(Role.MATCHER, scopes=frozenset()), "out-of-scope", "scopes are nothing"),
        (actor(Role.MATCHER, scopes=frozenset({Permission.JOBS_READ})), "out-of-scope", "jobs:read"),
        (actor(Role.MATCHER, scopes=frozenset({Permission.MATCH})), "role", "being matcher"),
        (actor(Role.MATCHER, Role.CURATOR), "role", "being curator and matcher"),
    ],
)
def test_a_decision_says_why(who, rule, words):
    told = decide(who, Permission.MATCH)
    assert (told.rule, told.allowed) == (rule, rule == "role")
    assert words in told.reason


def test_a_scope_only_takes_away():
    wide = frozenset(Permission)
    for role in Role:
        for permission in Permission:
            assert decide(actor(role, scopes=wide), permission).allowed == decide(actor(role), permission).allowed


def test_the_audit_trail_names_a_token():
    assert Actor(3, "ana", frozenset(), token=9).who == "account 3 (ana), token 9"
