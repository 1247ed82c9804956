"""How a command ends: exit codes, and the one printer of errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

DONE = 0
FAILED = 1
MET = 10
INCOMPLETE = 11
TAMPERED = 12
INTERRUPTED = 130
PIPE_CLOSED = 141

#: The codes that are no error's own (those are in `tutela.model.errors`), for docs/reference/errors.md.
EXIT_CODES = {
    DONE: "Done, whatever was or was not met.",
    FAILED: "An error without a code of its own, such as a file that cannot be written.",
    MET: "`tutela match --fail-on-match`: something known or near was met.",
    INCOMPLETE: "`--strict`: something could not be read, or a line of an import was rejected.",
    TAMPERED: "`tutela audit verify`: something is not as it was written.",
    INTERRUPTED: "Interrupted (Ctrl-C); no target was left half-written.",
    PIPE_CLOSED: "Whoever read the output went away, as with `| head`.",
}


@contextmanager
def explained() -> Iterator[None]:
    """Turn what may come out of a command into a message with its remedy on stderr, and an exit code.

    With ``TUTELA_DEBUG=1`` errors come out as they are.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes stdout once more at its end, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(PIPE_CLOSED) from None
    except KeyboardInterrupt:
        tell("Interrupted.")
        raise typer.Exit(INTERRUPTED) from None
    except Exception as error:
        code = _code(error)
        if code is None or os.environ.get("TUTELA_DEBUG", "0") not in {"", "0"}:
            raise
        tell(f"Error: {_message(error)}")
        raise typer.Exit(code) from None


def tell(text: str) -> None:
    """Print a line to stderr; what is unseen in it is written out, since it may hold names."""
    from tutela.report.visible import visible  # noqa: PLC0415 - loads numpy, which `tutela --help` must not wait for

    print(visible(text), file=sys.stderr)  # noqa: T201 - this is the command line's own voice


def _code(error: Exception) -> int | None:
    from tutela.model.errors import TutelaError  # noqa: PLC0415 - same

    if isinstance(error, TutelaError):
        return error.exit_code
    return FAILED if isinstance(error, OSError) else None


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        place = "" if error.filename is None else f": {os.fsdecode(error.filename)}"
        return f"{error.strerror}{place}"
    return str(error)
