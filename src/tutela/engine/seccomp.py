"""A filter of system calls for decoding workers (Linux, x86-64 and aarch64), without any library.

Decoding reads files that are open already, computes and answers on its socket.  The filter forbids, for the process and
every thread of it, all that would reach further: sockets, programs, processes, signals to others (also by way of a
file's owner), files opened for writing or changed in any way, other processes' memory and scheduling, mounts, kernel
modules, and the interfaces that have been ways around such filters.  Opening files for reading stays allowed: the C
library and Python do it at any time, and there is no way to send what was read but through the socket, whose other end
believes nothing.

Formats: linux/filter.h, linux/seccomp.h, linux/audit.h; numbers: arch/x86/entry/syscalls/syscall_64.tbl and
include/uapi/asm-generic/unistd.h.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from dataclasses import dataclass

#: linux/prctl.h, linux/seccomp.h
_PR_SET_SECCOMP = 22
_MODE_FILTER = 2
_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_ERRNO = 0x00050000
_EPERM = 1
_ENOSYS = 38

#: linux/bpf_common.h: load a word, jump if equal, if at least, if any bit is set, return.
_LOAD, _JEQ, _JGE, _JSET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06

#: Offsets in struct seccomp_data; arguments have 8 bytes, the lower half first.
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16

_X32 = 0x40000000
_CLONE_THREAD = 0x00010000
#: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC: the same on both.
_WRITING = 0o1 | 0o2 | 0o100 | 0o1000

#: F_SETOWN, F_SETSIG, F_SETOWN_EX (asm-generic/fcntl.h); FIOSETOWN, SIOCSPGRP (asm-generic/sockios.h), FIOASYNC
#: (asm-generic/ioctls.h): a file's owner is sent the signal of one's choice when the file has something to read, so a
#: worker could have the kernel signal any process of its user.  The same on both.
_OWNING = (8, 10, 15)
_OWNING_IOCTLS = (0x8901, 0x8902, 0x5452)


@dataclass(frozen=True, slots=True)
class Machine:
    """A processor architecture: its AUDIT_ARCH, and its system calls by name.

    ``denied`` fail with EPERM.  ``missing`` fail with ENOSYS, at which the C library falls back to an older call that
    can be judged by its arguments.
    """

    arch: int
    denied: dict[str, int]
    missing: dict[str, int]
    clone: int
    opens: dict[int, int]
    tgkill: int
    prlimit64: int
    fcntl: int
    ioctl: int
    x32: bool = False


#: Same numbers on every architecture, since they are newer than the tables were joined.
_NEW = {
    "pidfd_send_signal": 424,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_open": 434,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "mount_setattr": 442,
    "memfd_secret": 447,
    "fchmodat2": 452,
}
_MISSING = {"clone3": 435, "openat2": 437}

# fmt: off
X86_64 = Machine(
    arch=0xC000003E,
    denied={
        "socket": 41, "connect": 42, "accept": 43, "bind": 49, "listen": 50, "socketpair": 53, "accept4": 288,
        "fork": 57, "vfork": 58, "execve": 59, "execveat": 322, "unshare": 272, "setns": 308,
        "kill": 62, "tkill": 200, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297,
        "setpriority": 141, "sched_setparam": 142, "sched_setscheduler": 144, "sched_setattr": 314,
        "sched_setaffinity": 203, "ioprio_set": 251, "migrate_pages": 256, "move_pages": 279,
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312,
        "creat": 85, "truncate": 76, "ftruncate": 77, "fallocate": 285, "memfd_create": 319, "open_by_handle_at": 304,
        "rename": 82, "renameat": 264, "renameat2": 316, "unlink": 87, "unlinkat": 263, "rmdir": 84,
        "mkdir": 83, "mkdirat": 258, "mknod": 133, "mknodat": 259,
        "link": 86, "linkat": 265, "symlink": 88, "symlinkat": 266,
        "chmod": 90, "fchmod": 91, "fchmodat": 268, "chown": 92, "fchown": 93, "lchown": 94, "fchownat": 260,
        "utime": 132, "utimes": 235, "futimesat": 261, "utimensat": 280,
        "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190,
        "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199,
        "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "swapon": 167, "swapoff": 168, "reboot": 169,
        "init_module": 175, "finit_module": 313, "delete_module": 176, "kexec_load": 246, "kexec_file_load": 320,
        "add_key": 248, "request_key": 249, "keyctl": 250, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323,
        "shmget": 29, "shmat": 30, "shmctl": 31, "semget": 64, "msgget": 68, "mq_open": 240,
        "inotify_init1": 294, "fanotify_init": 300,
        **_NEW,
    },
    missing=_MISSING, clone=56, opens={2: 1, 257: 2}, tgkill=234, prlimit64=302,
    fcntl=72, ioctl=16, x32=True,
)
AARCH64 = Machine(
    arch=0xC00000B7,
    denied={
        "socket": 198, "connect": 203, "accept": 202, "bind": 200, "listen": 201, "socketpair": 199, "accept4": 242,
        "execve": 221, "execveat": 281, "unshare": 97, "setns": 268,
        "kill": 129, "tkill": 130, "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240,
        "setpriority": 140, "sched_setparam": 118, "sched_setscheduler": 119, "sched_setattr": 274,
        "sched_setaffinity": 122, "ioprio_set": 30, "migrate_pages": 238, "move_pages": 239,
        "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272,
        "truncate": 45, "ftruncate": 46, "fallocate": 47, "memfd_create": 279, "open_by_handle_at": 265,
        "renameat": 38, "renameat2": 276, "unlinkat": 35, "mkdirat": 34, "mknodat": 33, "linkat": 37, "symlinkat": 36,
        "fchmod": 52, "fchmodat": 53, "fchownat": 54, "fchown": 55, "utimensat": 88,
        "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14, "lremovexattr": 15, "fremovexattr": 16,
        "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "swapon": 224, "swapoff": 225, "reboot": 142,
        "init_module": 105, "finit_module": 273, "delete_module": 106, "kexec_load": 104, "kexec_file_load": 294,
        "add_key": 217, "request_key": 218, "keyctl": 219, "bpf": 280, "perf_event_open": 241, "userfaultfd": 282,
        "shmget": 194, "shmat": 196, "shmctl": 195, "semget": 190, "msgget": 186, "mq_open": 180,
        "inotify_init1": 26, "fanotify_init": 262,
        **_NEW,
    },
    missing=_MISSING, clone=220, opens={56: 2}, tgkill=131, prlimit64=261,
    fcntl=25, ioctl=29,
)
# fmt: on

_MACHINES = {"x86_64": X86_64, "aarch64": AARCH64}

Instruction = tuple[int, int, int, int]


class _Instruction(ctypes.Structure):
    """Struct sock_filter."""

    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("value", ctypes.c_uint32))


class _Program(ctypes.Structure):
    """Struct sock_fprog."""

    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def install_filter() -> bool:
    """Forbid this process what decoding never needs, for good; returns whether the filter is in force.

    "No new privileges" must be set before; threads that run already are not bound by it.
    """
    machine = _MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None or ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    program = [_Instruction(*instruction) for instruction in program_for(machine, os.getpid())]
    array = (_Instruction * len(program))(*program)
    whole = _Program(len(program), ctypes.cast(array, ctypes.POINTER(_Instruction)))
    library = ctypes.CDLL(None, use_errno=True)
    no = ctypes.c_ulong(0)
    return bool(library.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), ctypes.byref(whole), no, no) == 0)


def program_for(machine: Machine, process: int) -> list[Instruction]:
    """Return the filter as BPF instructions (code, jump if so, jump if not, value) for the process of this id."""
    denied = sorted(set(machine.denied.values()))
    judged = [
        *_judged(machine.clone, 0, _JSET, (_CLONE_THREAD,), good=True),
        *(each for call, at in machine.opens.items() for each in _judged(call, at, _JSET, (_WRITING,), good=False)),
        *_judged(machine.tgkill, 0, _JEQ, (process,), good=True),
        *_judged(machine.prlimit64, 0, _JEQ, (0,), good=True),
        *_judged(machine.fcntl, 1, _JEQ, _OWNING, good=False),
        *_judged(machine.ioctl, 1, _JEQ, _OWNING_IOCTLS, good=False),
        (_RETURN, 0, 0, _ALLOW),
    ]
    missing = sorted(machine.missing.values())
    simple = len(denied) + len(missing)
    deny, nosys = simple + len(judged), simple + len(judged) + 1
    head: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH),
        (_JEQ, 1, 0, machine.arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine.x32:  # a second door to the same calls, with other numbers
        head.append((_JGE, deny, 0, _X32))
    jumps = [(_JEQ, deny - at - 1, 0, call) for at, call in enumerate(denied)]
    jumps += [(_JEQ, nosys - at - 1, 0, call) for at, call in enumerate(missing, len(denied))]
    return [*head, *jumps, *judged, (_RETURN, 0, 0, _ERRNO | _EPERM), (_RETURN, 0, 0, _ERRNO | _ENOSYS)]


def _judged(call: int, argument: int, code: int, values: tuple[int, ...], *, good: bool) -> list[Instruction]:
    """Return instructions that allow or deny a call by the lower half of one argument.

    The test ``code`` is passed with any of ``values``; ``good`` says whether the call is allowed then, or else.
    """
    yes, no = (_ALLOW, _ERRNO | _EPERM) if good else (_ERRNO | _EPERM, _ALLOW)
    count = len(values)
    return [
        (_JEQ, 0, count + 3, call),
        (_LOAD, 0, 0, _ARGUMENTS + 8 * argument),
        *((code, count - at, 0, value) for at, value in enumerate(values)),
        (_RETURN, 0, 0, no),
        (_RETURN, 0, 0, yes),
    ]
