"""How much a program in the sandbox may use."""

from __future__ import annotations

from dataclasses import dataclass, fields

from workshop.errors import WorkshopError


@dataclass(frozen=True)
class Limits:
    """Every field is a whole number above zero, except ``wall_seconds``, which may be a fraction.

    Attributes:
        cpu_seconds: processor time of each process.
        wall_seconds: from start to end.
        memory_bytes: of all processes together; pages that several share count once.
        processes: processes and threads at one time.
        file_bytes: the largest file that can be written.
        scratch_bytes: what fits into each of ``/tmp``, the home and ``/dev/shm``.
        output_bytes: the most that is read from standard output.
    """

    cpu_seconds: int
    wall_seconds: float
    memory_bytes: int
    processes: int
    file_bytes: int
    scratch_bytes: int
    output_bytes: int

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            whole = isinstance(value, int) or field.name == "wall_seconds"
            if not (whole and value > 0):
                kind = "number" if field.name == "wall_seconds" else "whole number"
                raise WorkshopError(f"The limit {field.name} is {value!r}; give a {kind} above zero.")
