"""Locks an agent in: it has its work tree and an empty home, the proxy, and nothing else.

This file is the program that does it, too: it takes rights from itself for good, then becomes the
agent. Three walls, all of the Linux kernel: Landlock for files (and for TCP, by port), namespaces
in which there is no other process, and no network but a relay to the proxy, and a filter of system
calls for what the other two do not see: UDP and Unix sockets, mounts, keys. Where a wall is missing
that nothing stands in for, the agent is not run. It imports nothing of ours, for it runs alone.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import platform
import resource
import select
import signal
import socket
import struct
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NoReturn

__all__ = ["SYSTEM", "landlock", "locked_in", "missing"]

SYSTEM: Final = (
    *("/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/opt"),
    *("/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/alternatives", "/etc/ld.so.cache"),
    *("/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/timezone", "/etc/mime.types"),
    *("/etc/nsswitch.conf", "/etc/hosts", "/etc/host.conf", "/etc/protocols", "/etc/services"),
    *("/etc/passwd", "/etc/group", "/etc/os-release", "/etc/locale.alias", "/etc/gitconfig"),
    *("/dev/zero", "/dev/random", "/dev/urandom", "/sys/devices/system/cpu"),
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/version", "/proc/filesystems"),
    *("/proc/sys/kernel/ngroups_max", "/proc/sys/vm/overcommit_memory", "/proc/loadavg"),
)
"""What every program needs of the system, to read and to execute. Nothing of it is anybody's."""

WRITABLE: Final = ("/dev/null", "/dev/full")

# -- outside ---------------------------------------------------------------------------------------


def missing() -> str:
    """Why an agent cannot be locked in here; nothing if it can."""
    if sys.platform != "linux":
        return f"{sys.platform} has no Landlock: agents are run on Linux only"
    if platform.machine() not in SYSCALLS:
        return f"the system calls of {platform.machine()} are not known here"
    if (version := landlock()) < 1:
        return "this kernel has no Landlock, or it is switched off"
    if version < 4 and not _may_unshare():
        return (
            "this kernel can neither limit connections (Landlock 4, Linux 6.7) nor give a process"
            " a network of its own (user namespaces)"
        )
    return ""


def landlock() -> int:
    """The version of Landlock that the kernel has; 0 or less if it has none."""
    libc = ctypes.CDLL(None, use_errno=True)
    found: int = libc.syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    return found


def _may_unshare() -> bool:
    """Whether a process may have a network of its own: tried in a child."""
    child = os.fork()
    if child == 0:
        with suppress(OSError):
            _own_world()
            os._exit(0)
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@contextmanager
def locked_in(
    port: int, write: Iterable[Path], read: Iterable[Path] = (), beside: Path | None = None
) -> Iterator[tuple[str, ...]]:
    """A command that locks in what follows it, as long as the context is open.

    It may write below `write`, read and execute below `read`, and connect to `port` on this
    machine, which a relay leads to from a network that has nothing else in it; where that is, is
    noted in a folder of its own, in `beside` if that is given.
    """
    with tempfile.TemporaryDirectory(prefix="monocyte-relay-", dir=beside) as folder:
        path = str(Path(folder) / "proxy")
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(path)
        listening.listen(64)
        relay = threading.Thread(target=_relay, args=(listening, port), daemon=True)
        relay.start()
        spec = {
            "port": port,
            "relay": path,
            "write": [str(it.resolve()) for it in write],
            "read": [str(it.resolve()) for it in read],
        }
        try:
            yield (sys.executable, "-I", "-S", str(Path(__file__).resolve()), json.dumps(spec))
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()
            relay.join(5)


def _relay(listening: socket.socket, port: int) -> None:
    """Hand on what comes from the agent's network to the proxy, and back."""
    while True:
        try:
            here, _ = listening.accept()
        except OSError:
            return
        try:
            there = socket.create_connection(("127.0.0.1", port), timeout=10)
        except OSError:
            here.close()
            continue
        there.settimeout(None)
        threading.Thread(target=_pump, args=(here, there), daemon=True).start()


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Copy both ways until either side ends."""
    ways = {one: other, other: one}
    with one, other, suppress(OSError):
        while ways:
            ready, _, _ = select.select([*ways], [], [])
            for source in ready:
                if data := source.recv(1 << 16):
                    ways[source].sendall(data)
                else:
                    with suppress(OSError):
                        ways[source].shutdown(socket.SHUT_WR)
                    del ways[source]


# -- inside: a process takes rights from itself ----------------------------------------------------

CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWPID = 0x10000000, 0x40000000, 0x20000000
CLONE_NEWNS, CLONE_NEW = 0x00020000, 0x7E020000
MS_REC, MS_PRIVATE, MS_PLAIN = 0x4000, 0x40000, 0x2 | 0x4 | 0x8  # without suid, devices, programs
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_SECUREBITS = 1, 22, 24, 28
PR_SET_NO_NEW_PRIVS, PR_SET_DUMPABLE = 38, 4
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def main(arguments: Sequence[str]) -> NoReturn:
    """Lock this process in as the first argument says, and become the rest."""
    spec = json.loads(arguments[0])
    # Who is killed takes the agent along; whoever was killed before this line has left no proxy.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    try:
        _lock(spec)
    except OSError as why:
        print(f"the agent cannot be locked in: {why}", file=sys.stderr)  # noqa: T201
        raise SystemExit(126) from None
    try:
        os.execvp(arguments[1], list(arguments[1:]))  # noqa: S606 (that is what this program is for)
    except OSError as why:
        print(f"{arguments[1]} cannot be run: {why}", file=sys.stderr)  # noqa: T201
        raise SystemExit(127) from None


def _lock(spec: dict[str, Any]) -> None:
    """Take every right away that is not given; who returns from this is what becomes the agent."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
    version = landlock()
    if version < 1:
        raise OSError("no Landlock")
    read = [*SYSTEM, *spec["read"]]
    try:
        _own_world()
    except OSError:
        if version < 4:
            raise
    else:
        read += _beside(spec["port"], spec["relay"])
    _drop_capabilities()
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _restrict(libc, version, read, spec)
    _filter(libc)


def _own_world() -> None:
    """A network in which there is only this machine's own address; processes, mounts of its own."""
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.geteuid(), os.getegid()
    _checked(libc.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(text, "ascii")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as any_socket:
        asked = struct.pack("16sh14x", b"lo", 0)
        (flags,) = struct.unpack("16xh14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, asked))
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def _beside(port: int, path: str) -> list[str]:
    """Go on as the second process of the new world; what may be read of it besides.

    The first one listens where the proxy would be, and leads to the relay outside. When the agent
    ends, it ends, and with it whatever the agent has left running.
    """
    first = os.fork()
    if first:
        _end_like(first)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    is_own = libc.mount(b"proc", b"/proc", b"proc", MS_PLAIN, None) == 0
    listening = socket.create_server(("127.0.0.1", port))
    agent = os.fork()
    if agent:
        threading.Thread(target=_lead, args=(listening, path), daemon=True).start()
        _end_like(agent)
    listening.close()
    return ["/proc"] if is_own else []


def _end_like(child: int) -> NoReturn:
    """Wait for a child, and for whatever is left to us on the way; end as it does."""
    while True:
        pid, status = os.wait()
        if pid == child:
            break
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _lead(listening: socket.socket, path: str) -> None:
    while True:
        here, _ = listening.accept()
        there = socket.socket(socket.AF_UNIX)
        try:
            there.connect(path)
        except OSError:
            here.close()
            there.close()
            continue
        threading.Thread(target=_pump, args=(here, there), daemon=True).start()


def _drop_capabilities() -> None:
    """Root without capabilities: also what is executed later has none."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_SECUREBITS, 0x2F, 0, 0, 0)  # NOROOT, NO_SETUID_FIXUP, KEEP_CAPS off; locked
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = struct.pack("II", 0x20080522, 0)
    libc.capset(header, struct.pack("IIIIII", 0, 0, 0, 0, 0, 0))


EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE, DEVICE = 1, 2, 4, 8, 1 << 14, 1 << 15
OF_FILES: Final = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | DEVICE
FIRST_RIGHTS: Final = (1 << 13) - 1
CONNECT: Final = 2


def _restrict(libc: Any, version: int, readable: list[str], spec: dict[str, Any]) -> None:
    """Landlock: every right that it knows is taken, then some are given back below some paths."""
    rights = FIRST_RIGHTS
    for since, more in ((2, 1 << 13), (3, TRUNCATE), (5, DEVICE)):
        rights |= more if version >= since else 0
    net = 3 if version >= 4 else 0
    scoped = 3 if version >= 6 else 0
    attributes = struct.pack("QQQ", rights, net, scoped)[
        : 8 if version < 4 else 16 if version < 6 else 24
    ]
    rules = libc.syscall(444, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    _checked(-1 if rules < 0 else 0, "landlock_create_ruleset")
    read = EXECUTE | READ_FILE | READ_DIR
    for path in readable:
        _give(libc, rules, path, read & rights)
    for path in (*WRITABLE, *spec["write"]):
        _give(libc, rules, path, (rights & ~DEVICE) & rights)
    if net:
        rule = struct.pack("QQ", CONNECT, spec["port"])
        _checked(libc.syscall(445, rules, 2, rule, 0), "landlock_add_rule")
    _checked(libc.syscall(446, rules, 0), "landlock_restrict_self")
    os.close(rules)


def _give(libc: Any, rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no right
    try:
        is_folder = os.path.isdir(path)  # noqa: PTH112
        rule = struct.pack("=Qi", rights if is_folder else rights & OF_FILES, place)
        _checked(libc.syscall(445, rules, 1, rule, 0), f"landlock_add_rule {path}")
    finally:
        os.close(place)


def _checked(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


# -- the filter of system calls --------------------------------------------------------------------

SYSCALLS: Final[dict[str, tuple[int, dict[str, int]]]] = {
    "x86_64": (
        0xC000003E,
        {
            "socket": 41, "clone": 56, "clone3": 435, "ptrace": 101, "process_vm_readv": 310,
            "process_vm_writev": 311, "mount": 165, "umount2": 166, "chroot": 161,
            "pivot_root": 155, "unshare": 272, "setns": 308, "bpf": 321, "io_uring_setup": 425,
            "pidfd_getfd": 438, "keyctl": 250, "add_key": 248, "request_key": 249,
            "perf_event_open": 298, "userfaultfd": 323, "open_by_handle_at": 304,
            "init_module": 175, "finit_module": 313, "delete_module": 176, "kexec_load": 246,
            "reboot": 169, "swapon": 167, "swapoff": 168, "acct": 163, "settimeofday": 164,
            "clock_settime": 227, "sethostname": 170, "open_tree": 428, "move_mount": 429,
            "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "socket": 198, "clone": 220, "clone3": 435, "ptrace": 117, "process_vm_readv": 270,
            "process_vm_writev": 271, "mount": 40, "umount2": 39, "chroot": 51, "pivot_root": 41,
            "unshare": 97, "setns": 268, "bpf": 280, "io_uring_setup": 425, "pidfd_getfd": 438,
            "keyctl": 219, "add_key": 217, "request_key": 218, "perf_event_open": 241,
            "userfaultfd": 282, "open_by_handle_at": 265, "init_module": 105, "finit_module": 273,
            "delete_module": 106, "kexec_load": 104, "reboot": 142, "swapon": 224, "swapoff": 225,
            "acct": 89, "settimeofday": 170, "clock_settime": 112, "sethostname": 161,
            "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432,
            "fspick": 433, "mount_setattr": 442,
        },
    ),
}  # fmt: skip

LOAD, EQUAL, AT_LEAST, HAS_BIT, MASK, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
ALLOW, REFUSE, ABSENT, END = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000  # EPERM, ENOSYS, kill
NUMBER, ARCH, FIRST, SECOND = 0, 4, 16, 24
Line = tuple[int, int, int, int]


def _filter(libc: Any) -> None:
    lines = _program(*SYSCALLS[platform.machine()])
    program = b"".join(struct.pack("<HBBI", *line) for line in lines)
    buffer = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("<HxxxxxxQ", len(lines), ctypes.addressof(buffer))
    _checked(libc.prctl(PR_SET_SECCOMP, 2, described, 0, 0), "seccomp")


def _program(arch: int, numbers: dict[str, int]) -> list[Line]:
    """The filter as BPF: each rule is a test that falls through to the next one."""
    lines: list[Line] = [
        (LOAD, 0, 0, ARCH),
        (EQUAL, 1, 0, arch),
        (RETURN, 0, 0, END),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, 0x40000000),  # the x32 interface has numbers of its own
        (RETURN, 0, 0, REFUSE),
        (EQUAL, 0, 1, numbers["clone3"]),
        (RETURN, 0, 0, ABSENT),  # so that the C library falls back to clone, whose flags we see
        (EQUAL, 0, 4, numbers["clone"]),
        (LOAD, 0, 0, FIRST),
        (HAS_BIT, 0, 1, CLONE_NEW),
        (RETURN, 0, 0, REFUSE),
        (RETURN, 0, 0, ALLOW),
    ]
    for name, number in numbers.items():
        if name not in ("clone", "clone3", "socket"):
            lines += [(EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE)]
    return [
        *lines,
        (EQUAL, 0, 7, numbers["socket"]),
        (LOAD, 0, 0, FIRST),
        (EQUAL, 1, 0, socket.AF_INET),
        (EQUAL, 0, 3, socket.AF_INET6),
        (LOAD, 0, 0, SECOND),
        (MASK, 0, 0, 0xF),
        (EQUAL, 1, 0, socket.SOCK_STREAM),
        (RETURN, 0, 0, REFUSE),
        (RETURN, 0, 0, ALLOW),
    ]


if __name__ == "__main__":
    main(sys.argv[1:])
