"""System calls that are refused: in the sandbox, and by the filter of either machine."""

from __future__ import annotations

import os
import struct

import pytest

from workshop.classroom.sandbox import calls
from workshop.errors import WorkshopError


@pytest.mark.hostile
def test_memory_that_belongs_to_no_process_cannot_be_taken(inside):
    source = """
        import ctypes, os
        try:
            os.memfd_create("kept")
        except OSError as problem:
            print(problem.errno)
        libc = ctypes.CDLL(None, use_errno=True)
        print(libc.shmget(0, 1 << 20, 0o1600), ctypes.get_errno())
    """
    assert inside(source).stdout.split() == [b"38", b"-1", b"38"]


@pytest.mark.hostile
def test_no_key_is_left_for_the_next_one(inside):
    source = """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        number = {"x86_64": 248, "aarch64": 217}[os.uname().machine]
        print(libc.syscall(number, b"user", b"mine", b"answers", 7, -3), ctypes.get_errno())
    """
    assert inside(source).stdout.split() == [b"-1", b"38"]


def answer(program: bytes, machine: int, number: int) -> int:
    """What a kernel makes of the filter."""
    steps = list(struct.iter_unpack("=HBBI", program))
    place, loaded = 0, 0
    while True:
        code, yes, no, value = steps[place]
        place += 1
        if code == 0x20:
            loaded = {0: number, 4: machine}[value]
        elif code in (0x15, 0x35):
            place += yes if (loaded == value if code == 0x15 else loaded >= value) else no
        else:
            assert code == 0x06
            return value


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_refuses_those_and_no_others(machine):
    program, (audit, refused) = calls.refusing(machine), calls._MACHINES[machine]
    assert {number for number in range(600) if answer(program, audit, number) != 0x7FFF0000} == set(
        refused.values()
    )
    assert answer(program, audit, refused["memfd_create"]) == 0x00050000 | 38
    assert answer(program, audit, 0x40000000) == 0x00050000 | 38  # another convention
    assert answer(program, 0x40000003, 1) == 0x00050000 | 38  # a program of 32 bits


def test_the_same_calls_are_refused_on_either():
    x86, arm = (set(known) for _, known in calls._MACHINES.values())
    assert x86 == arm


def test_another_machine_is_told():
    with pytest.raises(WorkshopError, match="system calls of x86_64 and aarch64; this machine is m68k"):
        calls.refusing("m68k")


def test_the_filter_is_closed_after_use():
    with calls.opened() as number:
        assert os.read(number, 1 << 16) == calls.refusing(os.uname().machine)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)
