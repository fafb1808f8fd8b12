"""System calls that no submission needs: their memory belongs to no process, or they lead past the namespaces.

A file of ``memfd_create`` and a segment of ``shmget`` stay in memory while nobody has them mapped, so no limit on
processes counts them. Keys of a session are shared by all that it started. The rest is a kernel's weak side. Who asks
for one is told that this kernel does not have it (ENOSYS), as an older one would.
"""

from __future__ import annotations

import errno
import os
import platform
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from workshop.errors import WorkshopError

#: machine -> (what the kernel calls it in a filter, number of each call), from linux/audit.h and asm/unistd.h.
_MACHINES = {
    "x86_64": (
        0xC000003E,
        {
            "shmget": 29,
            "semget": 64,
            "msgget": 68,
            "add_key": 248,
            "request_key": 249,
            "keyctl": 250,
            "perf_event_open": 298,
            "memfd_create": 319,
            "bpf": 321,
            "userfaultfd": 323,
            "io_uring_setup": 425,
            "memfd_secret": 447,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "msgget": 186,
            "semget": 190,
            "shmget": 194,
            "add_key": 217,
            "request_key": 218,
            "keyctl": 219,
            "perf_event_open": 241,
            "memfd_create": 279,
            "bpf": 280,
            "userfaultfd": 282,
            "io_uring_setup": 425,
            "memfd_secret": 447,
        },
    ),
}

# Instructions of classic BPF, and what a filter answers: linux/bpf_common.h, linux/seccomp.h.
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _ANSWER = 0x20, 0x15, 0x35, 0x06
_NUMBER, _MACHINE = 0, 4  # offsets of what is loaded, in struct seccomp_data
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.ENOSYS
#: On x86_64, calls from here on are those of another convention, with numbers of their own.
_X32 = 0x40000000


def refusing(machine: str) -> bytes:
    """The filter, as bubblewrap's ``--seccomp`` reads it.

    Raises:
        WorkshopError: the calls of this machine are not known here.
    """
    if machine not in _MACHINES:
        raise WorkshopError(
            f"The sandbox knows the system calls of {' and '.join(_MACHINES)}; this machine is {machine}."
        )
    audit, calls = _MACHINES[machine]
    refused = [(_IF_EQUAL, number) for number in calls.values()] + [(_IF_AT_LEAST, _X32)]
    steps = [(_LOAD, 0, 0, _MACHINE), (_IF_EQUAL, 0, len(refused) + 2, audit), (_LOAD, 0, 0, _NUMBER)]
    # Each jumps over those after it and over the answer that allows.
    steps += [(test, len(refused) - place, 0, number) for place, (test, number) in enumerate(refused)]
    steps += [(_ANSWER, 0, 0, _ALLOW), (_ANSWER, 0, 0, _REFUSE)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


@contextmanager
def opened() -> Iterator[int]:
    """The filter of this machine as an open file, to be passed on."""
    read, write = os.pipe()
    try:
        with open(write, "wb") as file:
            file.write(refusing(platform.machine()))
        yield read
    finally:
        os.close(read)
