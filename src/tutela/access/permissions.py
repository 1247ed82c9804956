"""Permissions, roles, and decisions that carry their reason.

A role is a set of permissions that a person can read (`GRANTS`; docs/reference/permissions.md is made from it).  A
token has scopes, which only ever take away: it may do what its account may, of what its scopes name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """Something that may be done; `MEANINGS` says what."""

    MATCH = "match"
    LISTS_READ = "lists:read"
    LISTS_EDIT = "lists:edit"
    LISTS_CREATE = "lists:create"
    LISTS_EXPORT = "lists:export"
    HASHES_READ = "hashes:read"
    STATISTICS_READ = "statistics:read"
    JOBS_READ = "jobs:read"
    JOBS_RUN = "jobs:run"
    WEBHOOKS_MANAGE = "webhooks:manage"
    PEOPLE_MANAGE = "people:manage"
    TOKENS_OWN = "tokens:own"
    AUDIT_READ = "audit:read"
    SETTINGS_READ = "settings:read"


#: What each permission allows, as a sentence goes on after "may".
MEANINGS: Mapping[Permission, str] = {
    Permission.MATCH: "match pictures, videos, digests and perceptual hashes against the lists",
    Permission.LISTS_READ: "see which lists there are, their versions, and what their entries say but for their values",
    Permission.LISTS_EDIT: "add, grade, label, switch off and withdraw entries, and import files",
    Permission.LISTS_CREATE: "make and remove lists",
    Permission.LISTS_EXPORT: "export lists, values and all",
    Permission.HASHES_READ: "see the values of entries",
    Permission.STATISTICS_READ: "see what was looked up and met, counted, and the metrics",
    Permission.JOBS_READ: "see jobs and their progress",
    Permission.JOBS_RUN: "cancel jobs",
    Permission.WEBHOOKS_MANAGE: "say which addresses are told of what happens",
    Permission.PEOPLE_MANAGE: "invite people, give them roles, and shut them out",
    Permission.TOKENS_OWN: "make tokens for programs that act for the own account",
    Permission.AUDIT_READ: "read and verify the audit trail",
    Permission.SETTINGS_READ: "see the server's settings",
}


class Role(StrEnum):
    """What a person is here; one may have several."""

    READER = "reader"
    MATCHER = "matcher"
    CURATOR = "curator"
    ANALYST = "analyst"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


_READER = frozenset({Permission.LISTS_READ, Permission.STATISTICS_READ, Permission.JOBS_READ})
_MATCHER = frozenset({Permission.MATCH, Permission.TOKENS_OWN, Permission.STATISTICS_READ})
_ANALYST = _READER | _MATCHER | {Permission.HASHES_READ}
_CURATOR = _ANALYST | {
    Permission.LISTS_EDIT,
    Permission.LISTS_CREATE,
    Permission.LISTS_EXPORT,
    Permission.JOBS_RUN,
}

#: What each role may.  An administrator looks after people and the server, and not, unless given those roles too, after
#: lists; an auditor sees what was done, and changes nothing.
GRANTS: Mapping[Role, frozenset[Permission]] = {
    Role.READER: _READER,
    Role.MATCHER: _MATCHER,
    Role.ANALYST: _ANALYST,
    Role.CURATOR: _CURATOR,
    Role.ADMINISTRATOR: _READER
    | {
        Permission.PEOPLE_MANAGE,
        Permission.WEBHOOKS_MANAGE,
        Permission.JOBS_RUN,
        Permission.TOKENS_OWN,
        Permission.SETTINGS_READ,
        Permission.AUDIT_READ,
    },
    Role.AUDITOR: _READER | {Permission.AUDIT_READ, Permission.SETTINGS_READ},
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks for something: an account, through a sign-in (``session``) or one of its tokens (``token``).

    ``scopes`` are a token's, ``None`` where nothing is taken away.
    """

    account: int | None
    name: str
    roles: frozenset[Role]
    scopes: frozenset[Permission] | None = None
    token: int | None = None
    session: int | None = None

    @property
    def who(self) -> str:
        """How the audit trail names them."""
        through = "" if self.token is None else f", token {self.token}"
        return f"account {self.account} ({self.name}){through}"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something may be done, by which rule, and why in a sentence."""

    allowed: bool
    permission: Permission
    target: str
    rule: str
    reason: str


def decide(actor: Actor | None, permission: Permission, target: str = "") -> Decision:
    """Return whether an actor has a permission, and why or why not.  ``target`` is told, and changes nothing."""
    meaning = MEANINGS[permission]
    if actor is None:
        reason = f"Nobody is signed in, and only an account may {meaning}."
        return Decision(False, permission, target, "nobody", reason)
    granting = sorted(role.value for role in actor.roles if permission in GRANTS[role])
    if not granting:
        needed = " or ".join(role.value for role in Role if permission in GRANTS[role])
        held = " and ".join(sorted(role.value for role in actor.roles))
        has = f"the role {held}" if held else "no role"
        reason = f"{actor.name} has {has}; to {meaning}, the role {needed} is needed."
        return Decision(False, permission, target, "no-role", reason)
    if actor.scopes is not None and permission not in actor.scopes:
        scopes = ", ".join(sorted(scope.value for scope in actor.scopes)) or "nothing"
        reason = f"The token's scopes are {scopes}; {permission.value} is not among them, though {actor.name} has it."
        return Decision(False, permission, target, "out-of-scope", reason)
    reason = f"{actor.name} may {meaning}, being {' and '.join(granting)}."
    return Decision(True, permission, target, "role", reason)
