"""Whether this machine can run the sandbox, found out by starting it; and what to do where it cannot."""

from __future__ import annotations

import shutil
import subprocess
import sys

from workshop.classroom.sandbox import bubblewrap, calls
from workshop.classroom.sandbox.limits import Limits
from workshop.errors import WorkshopError

_SMALL = Limits(
    cpu_seconds=5,
    wall_seconds=10,
    memory_bytes=64 << 20,
    processes=16,
    file_bytes=1 << 20,
    scratch_bytes=1 << 20,
    output_bytes=1 << 10,
)
_OTHERWISE = (
    "Or grade in a container: the workbook's Dockerfile makes an image that has everything, and its first lines say "
    "how to start it. Otherwise grade in a virtual machine or container that is thrown away afterwards, with "
    "--unsafe-no-sandbox: what students wrote then runs as you, and can read the answers and change marks."
)


def require() -> None:
    """Start this very Python in the sandbox: one that could not be seen there would answer nothing, for a whole class.

    Raises:
        WorkshopError: it did not start; says what is missing and how to get it.
    """
    if sys.platform != "linux":
        raise WorkshopError(
            f"The sandbox needs Linux; this is {sys.platform}. Grade on a Linux machine. {_OTHERWISE}"
        )
    for program, package in (("bwrap", "bubblewrap"), ("setpriv", "util-linux"), ("prlimit", "util-linux")):
        if shutil.which(program) is None:
            raise WorkshopError(
                f"The sandbox needs the program {program}. Install it (Debian and Ubuntu: "
                f"apt-get install {package}). {_OTHERWISE}"
            )
    try:
        with calls.opened() as filter_:
            tried = subprocess.run(
                bubblewrap.command([sys.executable, "-c", "pass"], _SMALL, calls_fd=filter_),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SMALL.wall_seconds,
                pass_fds=(filter_,),
            )
    except subprocess.TimeoutExpired:
        raise WorkshopError(
            f"The sandbox did not start Python within {_SMALL.wall_seconds:g} seconds. Try again when the "
            f"machine is less busy. {_OTHERWISE}"
        ) from None
    if tried.returncode:
        raise WorkshopError(f"The sandbox does not start: {_remedy(tried.stderr.strip())} {_OTHERWISE}")


def _remedy(said: str) -> str:
    if "nknown option" in said:
        return f"bubblewrap is too old ({said}). Install version 0.8 or newer (Debian 12, Ubuntu 24.04)."
    if "mount proc" in said:
        return (
            f"it may not mount a /proc of its own ({said}), for this container hides parts of its /proc. Start the "
            "container with `--security-opt systempaths=unconfined` as well (podman: `--security-opt unmask=ALL`)."
        )
    if any(sign in said for sign in ("namespace", "uid map", "ermission denied", "not permitted")):
        return (
            f"user namespaces are switched off ({said}). An administrator switches them on with "
            "`sysctl user.max_user_namespaces=10000`, on Debian also `sysctl kernel.unprivileged_userns_clone=1`, "
            "on Ubuntu an AppArmor profile for bwrap; a container must be started with "
            "`--security-opt seccomp=unconfined --security-opt apparmor=unconfined`."
        )
    return f"bwrap said {said!r}." if said else "bwrap gave no reason."
