"""The audit trail: every change, chained so that tampering shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class By:
    """Who does something, why, and in which request.

    ``who`` names an account, a token of one, or the user of the command line; never a secret.
    """

    who: str
    why: str = ""
    request: str = ""


def record(
    connection: Connection,
    by: By,
    action: str,
    target: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write one row in the caller's transaction.

    ``action`` is a noun and a verb, as in ``"list.create"``; ``target`` what it was done to, as in ``"list:known"``.
    ``before`` and ``after`` are plain JSON and hold neither hashes nor URLs.
    """
    del connection, by, action, target, before, after
