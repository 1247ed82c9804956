"""What the server answers, as typed values: made of its JSON by ``of``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tutela.model import Entry, Grade, Hit, Problem, Purpose, Signal, Threshold, Verdict
from tutela.model.finding_json import hit_from_json, problem_from_json, signal_from_json, verdict_from_json

Json = Mapping[str, Any]


def moment(text: str | None) -> datetime | None:
    """Return a time of the API, ``None`` for none."""
    return None if text is None else datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Looked:
    """What one value met: the verdict, every hit with its provenance, and what went wrong."""

    verdict: Verdict
    hits: tuple[Hit, ...]
    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, record: Json) -> Looked:
        """Return the answer that a record of the API writes."""
        return cls(
            verdict_from_json(record["verdict"]),
            tuple(map(hit_from_json, record["hits"])),
            tuple(map(problem_from_json, record.get("problems", ()))),
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """What several values met, each for itself, and the version in which each list was asked."""

    results: tuple[Looked, ...]
    versions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ListState:
    """A list.  The counts are ``None`` where only its name was asked for."""

    name: str
    owner: str
    purpose: Purpose
    version: int
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    entries: int | None = None
    removed: int | None = None
    signals: Mapping[str, int] = field(default_factory=dict)
    created: datetime | None = None
    changed: datetime | None = None

    @classmethod
    def of(cls, record: Json) -> ListState:
        """Return the list that a record of the API tells of."""
        limits = record.get("thresholds", {})
        return cls(
            record["name"],
            record["owner"],
            Purpose(record["purpose"]),
            record["version"],
            {kind: Threshold(limit["distance"], limit["quality"]) for kind, limit in limits.items()},
            record.get("entries"),
            record.get("removed"),
            record.get("signals", {}),
            moment(record.get("created")),
            moment(record.get("changed")),
        )


@dataclass(frozen=True, slots=True)
class VersionState:
    """A version of a list, and since when it was in force."""

    version: int
    made: datetime

    @classmethod
    def of(cls, record: Json) -> VersionState:
        """Return the version that a record of the API tells of."""
        return cls(record["version"], datetime.fromisoformat(record["made"]))


@dataclass(frozen=True, slots=True)
class EntryState:
    """An entry as it stands.  ``entry.signals`` is empty for an account that may not see values; ``kinds`` is not.

    ``state`` is ``active``, ``disabled`` or ``removed``; ``reason`` is why it was disabled or removed.
    """

    entry: Entry
    state: str
    version: int
    kinds: tuple[str, ...]
    disabled_until: datetime | None = None
    reason: str = ""

    @classmethod
    def of(cls, record: Json) -> EntryState:
        """Return the entry that a record of the API tells of."""
        signals: tuple[Signal, ...] = tuple(map(signal_from_json, record.get("signals", ())))
        entry = Entry(
            record["key"],
            signals,
            tuple(Grade(grade["scheme"], grade["code"]) for grade in record["grades"]),
            tuple(record["labels"]),
            record["source"],
            moment(record["added"]),
            moment(record["updated"]),
        )
        until = moment(record.get("disabled_until"))
        kinds = tuple(record["kinds"])
        return cls(entry, record["state"], record["version"], kinds, until, record.get("reason", ""))


@dataclass(frozen=True, slots=True)
class JobState:
    """A job: an import, an export.  ``state`` is ``waiting``, ``running``, ``done``, ``failed`` or ``cancelled``."""

    id: str
    kind: str
    state: str
    done: int
    total: int | None
    message: str
    result: Any = None
    error: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in {"done", "failed", "cancelled"}

    @classmethod
    def of(cls, record: Json) -> JobState:
        """Return the job that a record of the API tells of."""
        return cls(
            str(record["id"]),
            record["kind"],
            record["state"],
            record["done"],
            record["total"],
            record["message"],
            record.get("result"),
            record.get("error"),
        )
