"""What a decoding worker takes from itself before it sees the first untrusted byte.

Linux has all of it; elsewhere what is missing is left out, and `Measures` tells so (see `tutela doctor`).  The worker
starts with an empty environment, in a session of its own, with no open file but one socket (see
`tutela.engine.worker_process`).
"""

from __future__ import annotations

import ctypes
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Callable

from tutela.engine.seccomp import install_filter
from tutela.model import Limits

#: Name of a measure -> whether it is in force in the worker that answered.
Measures = dict[str, bool]

#: linux/prctl.h
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38

#: The user and group "nobody" of every Linux distribution and of user namespaces (the kernel's overflow id).
_NOBODY = 65534

#: Open files that a worker may have: its socket, the files of its queue, and what the C library opens for a moment.
_OPEN_FILES = 32


def enter(limits: Limits, parent: int, *, tied: bool) -> Measures:
    """Give up everything that decoding does not need, for good.  Call it after every module is imported.

    ``parent`` is the process id that started the worker; if it is gone already, the worker ends.  ``tied``: end with
    the thread that started the worker (so only for a thread that lives as long as its process).
    """
    measures = {
        "memory limit": _limit(resource.RLIMIT_AS, limits.max_memory),
        "no file written": _limit(resource.RLIMIT_FSIZE, 0),
        "no core dump": _limit(resource.RLIMIT_CORE, 0),
        "few open files": _limit(resource.RLIMIT_NOFILE, _OPEN_FILES),
        "unprivileged user": _become_nobody(),
        "no new privileges": _prctl(_PR_SET_NO_NEW_PRIVS, 1),
        "not traceable": _prctl(_PR_SET_DUMPABLE, 0),
        # Last of the prctl calls: a change of user clears it.
        "ends with its parent": tied and _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),
    }
    if parent and os.getppid() != parent:
        os._exit(0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    measures["processor time limit"] = _limit_time(3600)
    measures["system calls filtered"] = install_filter()
    return measures


def arm(seconds: float) -> None:
    """End this process if its next piece of work takes longer, by processor time (SIGXCPU) or clock (SIGALRM)."""
    _limit_time(seconds)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def disarm() -> None:
    """Stop the clock, since waiting for work or for the other side to listen is no work."""
    signal.setitimer(signal.ITIMER_REAL, 0)


def memory_held() -> int:
    """Return the address space of this process, in bytes; a large number where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as handle:  # noqa: PTH123 -- Path would only wrap it
            return int(handle.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError, MemoryError):
        return sys.maxsize


def _limit_time(seconds: float) -> bool:
    """Allow ``seconds`` more of processor time; the kernel counts it in whole seconds."""
    soft = math.ceil(time.process_time() + seconds) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    return _attempt(lambda: resource.setrlimit(resource.RLIMIT_CPU, (soft, hard)))


def _limit(which: int, most: int) -> bool:
    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    return _attempt(lambda: resource.setrlimit(which, (most, most)))


def _become_nobody() -> bool:
    """Leave root behind; files come as open handles, so no right to open any is needed."""
    if os.geteuid() != 0:
        return True

    def change() -> None:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)

    return _attempt(change)


def _prctl(option: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    return bool(library.prctl(option, ctypes.c_ulong(value), *(ctypes.c_ulong(0),) * 3) == 0)


def _attempt(action: Callable[[], object]) -> bool:
    try:
        action()
    except (OSError, ValueError, AttributeError):  # not permitted here, or unknown to this system: the report tells
        return False
    return True
