"""`Problem`: damage or a limit met on the way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProblemKind(StrEnum):
    """What sort of thing went wrong; the values are part of the JSON form and stay stable."""

    DAMAGED = "damaged"  #: the bytes break their own format; what could be decoded was used
    TRUNCATED = "truncated"  #: the file ends early; what was there was used
    UNSUPPORTED = "unsupported"  #: a type or variant that no decoder here reads
    LIMIT = "limit"  #: a limit of bytes, pixels or frames was met; the rest was left out
    TIMEOUT = "timeout"  #: decoding took too long and was stopped
    MEMORY = "memory"  #: decoding wanted more memory than a worker may have
    CRASH = "crash"  #: the worker that decoded this file died
    UNREADABLE = "unreadable"  #: the file could not be opened or read from disk
    INDEX = "index"  #: a list could not be asked; its last good state was used or none


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong with one content, recorded; work goes on.

    ``place`` says where: ``"file"``, ``"frame 3"``, ``"list demo"``.  ``message`` is one sentence for a person, without
    any hash or list content in it.
    """

    kind: ProblemKind
    place: str
    message: str
