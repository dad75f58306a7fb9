"""What a child may not do, and how it is kept from it: limits, an audit hook, the kernel's filter.

Four walls, each useful without the others. `resource` limits memory, processor time and the size
of files on every Unix. The audit hook refuses the network, processes and writing outside the
private folder, with a PermissionError that says so; it also keeps the list of what was tried,
which is how effects are compared. On Linux the network namespace is empty, a seccomp filter takes
away forking, executing, sockets and signals to others, and Landlock what would change files of
others or look into their processes, also from code that goes around Python. The hook alone is no
sandbox: hostile code belongs in the `sandbox` room.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from typing import Any

from monocyte.semdiff.workers.frames import Limits
from monocyte.semdiff.workers.landlock import confine

__all__ = ["Effects", "effects", "leave_network", "lock", "lock_nursery"]


class Effects:
    """What a child tried to do to the world since `tried` was last emptied; kept while `on`."""

    def __init__(self) -> None:
        self.on = False
        self.tried: list[str] = []
        self.room = ""
        self.has_filter = False
        self.forks = False


effects = Effects()
"""Of this process: an audit hook cannot be taken away again, so there is one."""

# -- before the first job ----------------------------------------------------------------------

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
CAP_DAC_READ_SEARCH = 1 << 2
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, PR_SET_PDEATHSIG = 36, 38, 22, 1


def leave_network() -> None:
    """Give this process, and what comes of it, an empty network; it ends with its parent.

    It inherits what its children leave behind.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if libc.unshare(CLONE_NEWNET):
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def lock_nursery(folder: str) -> None:
    """Take from the nursery the network, root's powers, and all folders but one to change files."""
    leave_network()
    if sys.platform == "linux":
        _drop_capabilities()
        confine(folder)


def _drop_capabilities() -> None:
    """Root keeps one power, to read what belongs to others: the trees of a diff may.

    Without this, whoever may trace (CAP_PERFMON) reads the environment of others past Landlock.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("II", 0x20080522, 0)
    for kept in (CAP_DAC_READ_SEARCH, 0):
        if libc.capset(header, struct.pack("IIIIII", kept, kept, 0, 0, 0, 0)) == 0:
            return


# -- in each child -----------------------------------------------------------------------------


def lock(limits: Limits, room: str) -> None:
    """Lock this process for good; it may write in `room`, and nowhere else."""
    _limit(limits)
    effects.room = os.path.realpath(room) + os.sep
    effects.forks = limits.forks
    effects.has_filter = _filter(forks=limits.forks)
    sys.addaudithook(_hook)


def _limit(limits: Limits) -> None:
    # Address space counts from what the nursery already has; macOS does not limit it at all.
    used = _address_space()
    if used:
        resource.setrlimit(resource.RLIMIT_AS, (used + limits.memory,) * 2)
    cpu = max(1, round(limits.cpu + 0.5))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.output, limits.output))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))


def _address_space() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


WRITES = frozenset(
    [
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.mkdir",
        "os.link",
        "os.symlink",
        "os.chmod",
        "os.chown",
        "os.truncate",
        "os.utime",
        "os.setxattr",
        "os.removexattr",
        "os.mkfifo",
        "os.mknod",
        "shutil.rmtree",
        "shutil.move",
        "shutil.copyfile",
        "shutil.copytree",
        "sqlite3.connect",
    ]
)
"""Events that change files; their string arguments are the paths."""

REFUSED = frozenset(
    [
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.spawn",
        "os.fork",
        "os.forkpty",
        "os.kill",
        "os.killpg",
        "subprocess.Popen",
        "pty.spawn",
        "socket.connect",
        "socket.bind",
        "socket.sendto",
        "socket.sendmsg",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.gethostbyaddr",
        "socket.getnameinfo",
        "signal.pthread_kill",
        "resource.setrlimit",
        "resource.prlimit",
        "os.putenv",
        "os.unsetenv",
        "webbrowser.open",
        "syslog.openlog",
        "syslog.syslog",
    ]
)
ALLOWED_IN_PROCESS = frozenset({"os.putenv", "os.unsetenv"})
"""Effects that are told, and stay in the process."""

FORKING = frozenset({"os.fork", "os.kill"})
"""What makes and ends children; in the kernel's filter it is fork, clone and kill."""

FOREIGN = frozenset({"ctypes.dlopen", "ctypes.dlsym", "ctypes.call_function"})


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event == "open":
        if isinstance(args[0], str | bytes) and _writes(args[1], args[2]):
            _check_path(event, os.fsdecode(args[0]))
    elif event in REFUSED:
        _tell(event, args)
        if event not in ALLOWED_IN_PROCESS and not (effects.forks and event in FORKING):
            raise PermissionError(f"{event}: a locked worker has no processes, signals or network")
    elif event in WRITES:
        for path in args:
            if isinstance(path, str | bytes):
                _check_path(event, os.fsdecode(path))
    elif event in FOREIGN and not effects.has_filter:
        raise PermissionError(f"{event}: a locked worker calls no foreign functions")


def _writes(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _check_path(event: str, path: str) -> None:
    full = os.path.realpath(path)
    inside = (full + os.sep).startswith(effects.room)
    _tell(event, (os.path.relpath(full, effects.room) if inside else full,))
    if not inside and full != os.devnull:
        raise PermissionError(f"{event}: a locked worker writes in its own folder only, not {full}")


def _tell(event: str, args: tuple[Any, ...]) -> None:
    if effects.on and len(effects.tried) < 1000:
        told = ", ".join(repr(arg)[:200] for arg in args if not hasattr(arg, "__dict__"))
        effects.tried.append(f"{event}({told})")


# -- the kernel's filter -----------------------------------------------------------------------

SYSCALLS: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {
            "clone": 56, "clone3": 435, "kill": 62, "tgkill": 234, "prlimit64": 302,
            "socket": 41, "fork": 57, "vfork": 58, "execve": 59, "execveat": 322, "tkill": 200,
            "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "mount": 165,
            "umount2": 166, "chroot": 161, "unshare": 272, "setns": 308, "bpf": 321,
            "io_uring_setup": 425, "pidfd_open": 434, "pidfd_send_signal": 424,
            "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297, "keyctl": 250, "reboot": 169,
            "init_module": 175, "finit_module": 313, "delete_module": 176, "settimeofday": 164,
            "clock_settime": 227, "sethostname": 170, "setrlimit": 160, "prctl": 157,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "clone": 220, "clone3": 435, "kill": 129, "tgkill": 131, "prlimit64": 261,
            "socket": 198, "execve": 221, "execveat": 281, "tkill": 130, "ptrace": 117,
            "process_vm_readv": 270, "process_vm_writev": 271, "mount": 40, "umount2": 39,
            "chroot": 51, "unshare": 97, "setns": 268, "bpf": 280, "io_uring_setup": 425,
            "pidfd_open": 434, "pidfd_send_signal": 424, "rt_sigqueueinfo": 138,
            "rt_tgsigqueueinfo": 240, "keyctl": 219, "reboot": 142, "init_module": 105,
            "finit_module": 273, "delete_module": 106, "settimeofday": 170, "clock_settime": 112,
            "sethostname": 161, "setrlimit": 164, "prctl": 167,
        },
    ),
}  # fmt: skip
CONDITIONAL = ("clone", "clone3", "kill", "tgkill", "prlimit64")

LOAD, EQUAL, AT_LEAST, HAS_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, REFUSE, ABSENT, END = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000  # EPERM, ENOSYS, kill
NUMBER, ARCH, FIRST, THIRD = 0, 4, 16, 32
CLONE_THREAD = 0x10000


def _filter(*, forks: bool = False) -> bool:
    """Have the kernel refuse what a child has no business with; whether it agreed to."""
    known = SYSCALLS.get(platform.machine()) if sys.platform == "linux" else None
    if known is None:
        return False
    program = b"".join(
        struct.pack("<HBBI", *line) for line in _program(*known, os.getpid(), forks=forks)
    )
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("<HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return bool(libc.prctl(PR_SET_SECCOMP, 2, described, 0, 0) == 0)


def _program(
    arch: int, numbers: dict[str, int], pid: int, *, forks: bool = False
) -> list[tuple[int, int, int, int]]:
    """The filter as BPF: each rule is a test that falls through to the next one."""
    lines = [
        (LOAD, 0, 0, ARCH),
        (EQUAL, 1, 0, arch),
        (RETURN, 0, 0, END),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, 0x40000000),  # the x32 interface has numbers of its own
        (RETURN, 0, 0, REFUSE),
        (EQUAL, 0, 1, numbers["clone3"]),
        (RETURN, 0, 0, ABSENT),  # so that the C library falls back to clone, whose flags we see
    ]
    plain = [number for name, number in numbers.items() if name not in CONDITIONAL]
    if forks:
        plain = [it for it in plain if it not in (numbers.get("fork"), numbers.get("vfork"))]
    for number in plain:
        lines += [(EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE)]
    if not forks:
        lines += _when(numbers["clone"], FIRST, (HAS_BIT, CLONE_THREAD))
    for name in ("tgkill",) if forks else ("kill", "tgkill"):
        lines += _when(numbers[name], FIRST, (EQUAL, pid))
    lines += _when(numbers["prlimit64"], THIRD, (EQUAL, 0))  # reading limits is fine
    return [*lines, (RETURN, 0, 0, ALLOW)]


def _when(number: int, offset: int, test: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Allow a call only if its argument passes the test."""
    code, value = test
    return [
        (EQUAL, 0, 4, number),
        (LOAD, 0, 0, offset),
        (code, 0, 1, value),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
    ]
