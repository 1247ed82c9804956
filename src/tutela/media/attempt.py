"""Calling a decoder: whatever it throws or warns of becomes a `Problem`."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from PIL.Image import DecompressionBombError, DecompressionBombWarning

from tutela.media.allowance import Allowance
from tutela.model import MediaType, ProblemKind

T = TypeVar("T")

#: A decoder's own words are cut to this many characters.
_WORDS = 160

#: Parts of decoders' messages that tell the sort of failure, in order.
_TELLING: tuple[tuple[str, ProblemKind], ...] = (
    ("memory allocation", ProblemKind.MEMORY),
    ("out of memory", ProblemKind.MEMORY),
    ("unknown pixel mode", ProblemKind.UNSUPPORTED),
    ("unsupported", ProblemKind.UNSUPPORTED),
    ("not supported", ProblemKind.UNSUPPORTED),
    ("not implemented", ProblemKind.UNSUPPORTED),
    ("truncated", ProblemKind.TRUNCATED),
    ("premature end", ProblemKind.TRUNCATED),
    ("end of file", ProblemKind.TRUNCATED),
    ("buffer overrun", ProblemKind.TRUNCATED),
    ("not enough", ProblemKind.TRUNCATED),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A decoder gave up: the kind of problem that this is, and the decoder's own words."""

    kind: ProblemKind
    message: str

    def of_cut_file(self, *, cut: bool) -> Failure:
        """Return the same, called truncated if the file is known to be cut and nothing graver happened."""
        return Failure(ProblemKind.TRUNCATED, self.message) if cut and self.kind is ProblemKind.DAMAGED else self

    def sentence(self, media_type: MediaType) -> str:
        """Return the message of a `Problem` with a file of this type."""
        name = media_type.name
        match self.kind:
            case ProblemKind.DAMAGED:
                return f"the {name} data is damaged: {self.message}"
            case ProblemKind.TRUNCATED:
                return f"the {name} data ends early: {self.message}"
            case ProblemKind.UNSUPPORTED:
                return f"this kind of {name} is not read here: {self.message}"
            case _:
                return self.message


def attempt(allowance: Allowance, place: str, action: Callable[[], T]) -> T | Failure:
    """Return what ``action`` does, or the `Failure` it ended in.  Its warnings are reported, a failure is not yet."""
    with _listening() as heard:
        try:
            result: T | Failure = action()
        # Decoders of untrusted bytes throw whatever they like (OSError, SyntaxError, struct.error, KeyError,
        # OverflowError, zlib.error ...), and a damaged picture is a problem of its own finding, never an exception.
        except Exception as error:  # noqa: BLE001 - as said above
            result = _failure(error)
    for message in heard:
        allowance.tell(ProblemKind.DAMAGED, place, _plain(message))
    return result


def failure_kind(message: str) -> ProblemKind:
    """Tell the kind of problem that a decoder's message speaks of; DAMAGED if it does not say."""
    lower = message.lower()
    return next((kind for part, kind in _TELLING if part in lower), ProblemKind.DAMAGED)


def _failure(error: Exception) -> Failure:
    if isinstance(error, MemoryError):
        return Failure(ProblemKind.MEMORY, "decoding wanted more memory than there was")
    text = str(error)
    if isinstance(error, DecompressionBombError):
        return Failure(ProblemKind.LIMIT, _plain(text))
    message = _plain(text) or f"the decoder failed ({type(error).__name__})"
    return Failure(failure_kind(message), message)


def _plain(text: str) -> str:
    """One line of printable words: decoders quote the file."""
    words = "".join(character if character.isprintable() else " " for character in text[: 4 * _WORDS])
    return " ".join(words.split())[:_WORDS]


# ------------------------------------------------------------------------------------------------- warnings
# `warnings.catch_warnings` swaps the state of the whole process: two threads in it at once can leave the wrong one
# behind, and a lock would make every decoder wait for every other.  So the first listener puts one filter in front
# (only for warnings of the decoders' modules) and one hook, the last one takes both away, and the hook hands each
# warning to its own thread's listener, or to whoever listened before.

_lock = threading.Lock()
_here = threading.local()
_listeners = 0
_before: Callable[..., None] | None = None
_filter: tuple[object, ...] | None = None


@contextmanager
def _listening() -> Iterator[list[str]]:
    """Collect the messages of the warnings that decoders give in this thread."""
    heard: list[str] = []
    outer = getattr(_here, "heard", None)
    _here.heard = heard
    _enter()
    try:
        yield heard
    finally:
        _leave()
        _here.heard = outer


def _hear(message: Warning | str, category: type[Warning], *where: Any) -> None:  # noqa: ANN401 -- handed on
    heard = getattr(_here, "heard", None)
    if heard is None:
        if _before is not None:
            _before(message, category, *where)
    elif not issubclass(category, DecompressionBombWarning):  # the limit of pixels is tutela's own
        heard.append(str(message))


def _enter() -> None:
    global _listeners, _before, _filter  # noqa: PLW0603 -- the state is the process's own
    with _lock:
        _listeners += 1
        if _listeners == 1:
            _before = warnings.showwarning
            warnings.showwarning = _hear  # type: ignore[assignment]  # it takes whatever the other does
            warnings.filterwarnings("always", module=r"(PIL|pi_heif|tutela\.media)\b")
            _filter = warnings.filters[0]


def _leave() -> None:
    global _listeners, _before, _filter  # noqa: PLW0603 -- the state is the process's own
    with _lock:
        _listeners -= 1
        if _listeners == 0:
            if warnings.showwarning is _hear and _before is not None:
                warnings.showwarning = _before
            with suppress(ValueError):  # somebody else's catch_warnings ended meanwhile and took it away
                warnings.filters.remove(_filter)  # type: ignore[attr-defined]  # typeshed has it as a sequence
            _before = _filter = None
