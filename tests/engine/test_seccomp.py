"""The system call filter: its numbers against the system's own headers, its program by an interpreter of our own."""

from __future__ import annotations

import fcntl
import platform
import re
import termios
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutela.engine import seccomp
from tutela.engine.seccomp import AARCH64, X86_64, Machine, program_for

HEADERS = [
    (X86_64, Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")),
    (AARCH64, Path("/usr/include/asm-generic/unistd.h")),
]
ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
PROCESS = 4321


def run(program, arch, call, arguments=(0,) * 6):
    """Interpret a BPF program over struct seccomp_data, as Documentation/networking/filter.rst says."""
    words = {0: call, 4: arch}
    for at, value in enumerate(arguments):
        words[16 + 8 * at], words[20 + 8 * at] = value & 0xFFFFFFFF, value >> 32
    accumulator, at = 0, 0
    while True:
        code, yes, no, value = program[at]
        at += 1
        if code == 0x06:
            return value
        if code == 0x20:
            accumulator = words[value]
            continue
        taken = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
        at += yes if taken else no


@pytest.fixture(params=[X86_64, AARCH64], ids=["x86_64", "aarch64"])
def machine(request) -> Machine:
    return request.param


@pytest.mark.parametrize(("machine", "header"), HEADERS, ids=["x86_64", "aarch64"])
def test_numbers_are_those_of_the_kernels_headers(machine, header):
    if not header.exists():
        pytest.skip(f"no {header}")
    text = header.read_text(encoding="ascii")
    numbers = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    own = machine.denied | machine.missing | {"clone": machine.clone, "tgkill": machine.tgkill}
    own |= {"prlimit64": machine.prlimit64, "fcntl": machine.fcntl, "ioctl": machine.ioctl}
    wrong = {name: number for name, number in own.items() if numbers.get(name, number) != number}
    assert not wrong
    assert len(set(own) & set(numbers)) > 60
    opens = {numbers[name]: at for name, at in (("open", 1), ("openat", 2)) if name in numbers}
    assert machine.opens == opens


def test_denied_and_missing_calls(machine):
    program = program_for(machine, PROCESS)
    assert {run(program, machine.arch, call) for call in machine.denied.values()} == {EPERM}
    assert {run(program, machine.arch, call) for call in machine.missing.values()} == {ENOSYS}


def test_another_architecture_is_killed(machine):
    assert run(program_for(machine, PROCESS), 0x40000003, 1) == KILL


def test_the_other_numbers_of_x86_are_denied():
    assert run(program_for(X86_64, PROCESS), X86_64.arch, 0x40000000) == EPERM
    assert run(program_for(X86_64, PROCESS), X86_64.arch, 0x40000000 + 41) == EPERM


def test_calls_judged_by_an_argument(machine):
    program = program_for(machine, PROCESS)

    def answer(call, *arguments):
        return run(program, machine.arch, call, (*arguments, *(0,) * (6 - len(arguments))))

    assert answer(machine.clone, 0x003D0F00) == ALLOW
    assert answer(machine.clone, 0x01200011) == EPERM
    assert answer(machine.tgkill, PROCESS) == ALLOW
    assert answer(machine.tgkill, 1) == EPERM
    assert answer(machine.prlimit64, 0) == ALLOW
    assert answer(machine.prlimit64, PROCESS) == EPERM
    for call, at in machine.opens.items():
        for flags, wanted in ((0, ALLOW), (0o2000000, ALLOW), (1, EPERM), (2, EPERM), (0o100, EPERM), (0o1000, EPERM)):
            assert answer(call, *(0,) * at, flags) == wanted


def test_no_file_gets_an_owner_that_is_signalled(machine):
    program = program_for(machine, PROCESS)
    owning = {machine.fcntl: (8, 10, 15), machine.ioctl: (0x8901, 0x8902, 0x5452)}
    high = 1 << 32  # the kernel takes 32 bits of a command, so what stands above them is no disguise
    for call, commands in owning.items():
        for command in (*range(0x80), *range(0x5400, 0x5480), *range(0x8900, 0x8980), 0xFFFF):
            wanted = EPERM if command in commands else ALLOW
            assert run(program, machine.arch, call, (3, command, 1, 0, 0, 0)) == wanted
        assert {run(program, machine.arch, call, (3, high + command, 1, 0, 0, 0)) for command in commands} == {EPERM}


SCHEDULING = {
    X86_64.arch: {141, 142, 144, 203, 251, 256, 279, 314},
    AARCH64.arch: {30, 118, 119, 122, 140, 238, 239, 274},
}


def test_nobody_elses_scheduling_is_changed(machine):
    """setpriority, sched_set*, ioprio_set and *_pages take the id of any process of the same user: the engine's too."""
    program = program_for(machine, PROCESS)
    assert {run(program, machine.arch, call, (0, PROCESS, 0, 0, 0, 0)) for call in SCHEDULING[machine.arch]} == {EPERM}


def test_every_jump_fits_its_byte(machine):
    assert all(0 <= at <= 255 for _, yes, no, _ in program_for(machine, PROCESS) for at in (yes, no))


def test_the_numbers_of_what_gives_a_file_an_owner():
    assert seccomp._OWNING == (fcntl.F_SETOWN, fcntl.F_SETSIG, 15)
    assert seccomp._OWNING_IOCTLS[2] == termios.FIOASYNC


@given(call=st.integers(0, 600), argument=st.integers(0, (1 << 64) - 1))
def test_everything_else_is_allowed_and_every_path_ends(call, argument):
    for machine in (X86_64, AARCH64):
        answer = run(program_for(machine, PROCESS), machine.arch, call, (argument,) * 6)
        judged = {machine.clone, machine.tgkill, machine.prlimit64, machine.fcntl, machine.ioctl, *machine.opens}
        if call not in judged | set(machine.denied.values()) | set(machine.missing.values()):
            assert answer == ALLOW


def test_this_machine_has_a_filter():
    assert platform.machine() in {"x86_64", "aarch64"} or pytest.skip("no filter for this machine")
