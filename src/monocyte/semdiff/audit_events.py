"""Which audit event of Python tells of which capability, as data (docs.python.org, "Audit events").

The static set must hold at least one of an event's capabilities, or DYNAMIC: code that is not there
to be read can cause any event. Events that tell of nothing that is a capability are listed too; one
that is not listed at all is nobody's, and counts as uncovered.
"""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["HARMLESS", "TELLS", "capabilities_of", "is_covered"]

TELLS: dict[str, str] = {
    **dict.fromkeys(
        [
            "os.listdir",
            "os.scandir",
            "os.walk",
            "os.fwalk",
            "glob.glob",
            "glob.glob/2",
            "pathlib.Path.glob",
            "pathlib.Path.rglob",
            "os.getxattr",
            "os.listxattr",
            "builtins.input",
            "builtins.input/result",
            "os.listdrives",
            "os.listmounts",
            "os.listvolumes",
        ],
        "files.read",
    ),
    **dict.fromkeys(
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
            "os.chflags",
            "os.lockf",
            "shutil.rmtree",
            "shutil.move",
            "shutil.copytree",
            "shutil.copymode",
            "shutil.copystat",
            "shutil.chown",
            "shutil.make_archive",
            "shutil.unpack_archive",
            "tempfile.mkstemp",
            "tempfile.mkdtemp",
            "sqlite3.connect",
            "sqlite3.connect/handle",
            "syslog.syslog",
            "syslog.openlog",
            "syslog.closelog",
            "syslog.setlogmask",
            "fcntl.lockf",
            "fcntl.flock",
        ],
        "files.write",
    ),
    "shutil.copyfile": "files.read files.write",
    "mmap.__new__": "files.read files.write",
    "fcntl.fcntl": "files.read files.write",
    "fcntl.ioctl": "files.read files.write",
    **dict.fromkeys(
        ["os.putenv", "os.unsetenv", "os.chdir", "os.fchdir"],
        "environment",
    ),
    **dict.fromkeys(
        [
            "subprocess.Popen",
            "os.system",
            "os.exec",
            "os.fork",
            "os.forkpty",
            "os.posix_spawn",
            "os.spawn",
            "os.startfile",
            "os.startfile/2",
            "pty.spawn",
            "webbrowser.open",
            "resource.setrlimit",
            "resource.prlimit",
            "ensurepip.bootstrap",
            "_winapi.CreateProcess",
        ],
        "subprocess",
    ),
    **dict.fromkeys(
        [
            "exec",
            "compile",
            "import",
            "marshal.loads",
            "marshal.load",
            "marshal.dumps",
            "pickle.find_class",
            "code.__new__",
            "function.__new__",
            "sys._getframe",
            "sys._current_frames",
            "sys._current_exceptions",
            "sys._getframemodulename",
            "cpython.run_command",
            "cpython.run_file",
            "cpython.run_interactivehook",
            "cpython.run_module",
            "cpython.run_startup",
            "cpython.run_stdin",
            "builtins.breakpoint",
            "gc.get_objects",
            "gc.get_referents",
            "gc.get_referrers",
            "object.__getattr__",
            "object.__setattr__",
            "object.__delattr__",
            "setopencodehook",
            "cpython._PySys_ClearAuditHooks",
            "sys.set_asyncgen_hooks_firstiter",
        ],
        "dynamic",
    ),
    **dict.fromkeys(
        [
            "_thread.start_new_thread",
            "_thread.start_joinable_thread",
            "cpython.PyInterpreterState_New",
        ],
        "threads",
    ),
    **dict.fromkeys(
        ["os.kill", "os.killpg", "signal.pthread_kill"],
        "signals",
    ),
    **dict.fromkeys(
        [
            "sys.settrace",
            "sys.setprofile",
            "sys.addaudithook",
            "sys.excepthook",
            "sys.set_asyncgen_hook_firstiter",
            "sys.set_asyncgen_hook_finalizer",
            "sys.set_asyncgen_hooks_finalizer",
            "sys.monitoring.register_callback",
        ],
        "patching",
    ),
}

NETWORK = (
    "socket.",
    "urllib.",
    "http.",
    "ftplib.",
    "smtplib.",
    "imaplib.",
    "poplib.",
    "nntplib.",
    "telnetlib.",
)

HARMLESS = frozenset(
    [
        "array.__new__",
        "builtins.id",
        "time.sleep",
        "sys.unraisablehook",
        "gc.collect",
        "os.getrandom",
        "cpython.PyInterpreterState_Clear",
        "sys.set_asyncgen_hook",
    ]
)
"""Events that tell of nothing that is a capability."""


def capabilities_of(event: str, args: str = "") -> frozenset[str]:
    """The capabilities that an event tells of; of `open` by its mode or flags, `'name', 'w', 0`."""
    if event in HARMLESS:
        return frozenset()
    if event == "open":
        return _opened(args)
    if event.startswith(NETWORK):
        return frozenset({"network"})
    if event.startswith("ctypes."):
        return frozenset({"ffi"})
    if event.startswith(("winreg.", "msvcrt.")):
        return frozenset({"ffi", "files.write", "environment"})
    return frozenset(TELLS.get(event, "unlisted").split())


def _opened(args: str) -> frozenset[str]:
    if args[:1].isdigit():
        return frozenset()  # of a descriptor: whoever made it has been heard
    *_, mode, flags = args.rsplit(", ", 2) if args.count(", ") >= 2 else ("", "None", "0")
    if mode != "None":
        plain = mode.strip("'\"b")
        writes = any(letter in plain for letter in "wax+")
        reads = not writes or "+" in plain
    else:
        writes = flags.isdigit() and bool(int(flags) & 0o103)  # WRONLY, RDWR or CREAT
        reads = not writes
    return frozenset(["files.write"] * writes + ["files.read"] * reads)


def is_covered(event: str, args: str, static: Collection[str]) -> bool:
    """Whether an event lies inside a static set of capabilities."""
    told = capabilities_of(event, args)
    if not told or "dynamic" in static or told & set(static):
        return True
    # A package that is imported, and what it opens to be imported, is a dependency.
    return (
        event == "import"
        and f"dependency:{args.strip(chr(39)).partition('.')[0].partition(chr(39))[0]}" in static
    )
