"""Runs a command in a world of its own: no network but itself, nothing to write to, no others.

This file is the program that does it, too. Linux only, by namespaces that a user may make: what is
mounted becomes read-only, one folder is fresh and may be written to, processes outside are not
seen, and the network has nothing in it but this machine. It imports nothing of ours, for it runs
alone. Where that is not allowed, nothing is run.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

__all__ = ["NOT_APART", "run_apart"]

NOT_APART = 125
"""What the program ends with where the system does not allow it."""

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x10000000, 0x20000000, 0x40000000
CLONE_NEWIPC = 0x08000000
MS_REC, MS_PRIVATE, MS_PLAIN = 0x4000, 0x40000, 0x2 | 0x4
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, READ_ONLY = 442, -100, 0x8000, 1
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG = 38, 1


def run_apart(
    command: Sequence[str], environment: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[bytes]:
    """Run a command apart, for so many seconds; it may write to what TMPDIR names there.

    Raises:
        subprocess.TimeoutExpired: it took longer; it, and all that it started, has ended.
    """
    with tempfile.TemporaryDirectory(prefix="monocyte-apart-") as folder:
        told = {**environment, "TMPDIR": folder, "HOME": folder}
        return subprocess.run(  # noqa: S603 (our own program)
            [sys.executable, "-I", "-S", __file__, folder, *command],
            env=told,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=seconds,
        )


def main(folder: str, command: Sequence[str]) -> NoReturn:
    """Go apart, and run the command as the first process of that world."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    try:
        _unshare(libc)
    except OSError as why:
        sys.stderr.write(f"it cannot be run apart: {why}\n")
        raise SystemExit(NOT_APART) from None
    first = os.fork()
    if first:
        code = os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
        os._exit(code if code >= 0 else 128 - code)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    try:
        _furnish(libc, folder)
    except OSError as why:
        sys.stderr.write(f"it cannot be run apart: {why}\n")
        os._exit(NOT_APART)
    child = os.fork()  # the first process of a world reaps whatever is left to it
    if child == 0:
        os.chdir(folder)
        os.execve(command[0], list(command), dict(os.environ))  # noqa: S606 (what it is for)
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def _unshare(libc: ctypes.CDLL) -> None:
    uid, gid = os.geteuid(), os.getegid()
    own = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC
    _checked(libc.unshare(own), "unshare")
    Path("/proc/self/setgroups").write_text("deny", "ascii")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", "ascii")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1", "ascii")


def _furnish(libc: ctypes.CDLL, folder: str) -> None:
    """Its network is up, what is mounted is read-only, and one folder is its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as any_socket:
        asked = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack("16xh14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, asked))
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))
    _checked(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount")
    attributes = struct.pack("QQQQ", READ_ONLY, 0, 0, 0)
    made = ctypes.create_string_buffer(attributes, len(attributes))
    told = (AT_FDCWD, b"/", AT_RECURSIVE, made, len(attributes))
    _checked(libc.syscall(MOUNT_SETATTR, *told), "mount_setattr")
    _checked(libc.mount(b"tmpfs", folder.encode(), b"tmpfs", MS_PLAIN, b"size=256m"), "tmpfs")
    if libc.mount(b"proc", b"/proc", b"proc", MS_PLAIN | 0x8, None):
        _checked(libc.mount(b"tmpfs", b"/proc", b"tmpfs", MS_PLAIN, b"size=4k"), "/proc")
    _checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def _checked(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
