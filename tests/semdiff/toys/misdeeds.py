"""Jobs that do what a worker is locked for; each takes and returns bytes."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path


def echo(payload: bytes) -> bytes:
    return payload


def fail(payload: bytes) -> bytes:
    raise ValueError("on purpose")


def leave(payload: bytes) -> bytes:
    os._exit(3)


def leave_politely(payload: bytes) -> bytes:
    sys.exit(4)


def sleep(payload: bytes) -> bytes:
    time.sleep(1000)
    return b""


def spin_and_swallow(payload: bytes) -> bytes:
    while True:
        try:
            while True:
                pass
        except BaseException:  # noqa: BLE001, S110 (the misdeed)
            pass


def eat(payload: bytes) -> bytes:
    return bytes(1 << 40)


def babble(payload: bytes) -> bytes:
    os.write(63, b"\0\0\0\5hello")
    os._exit(0)


def crash(payload: bytes) -> bytes:
    ctypes.string_at(0)
    return b""


def fork(payload: bytes) -> bytes:
    os.fork()
    return b"forked"


def fork_around_python(payload: bytes) -> bytes:
    return str(ctypes.CDLL(None).fork()).encode()


def start(payload: bytes) -> bytes:
    subprocess.Popen(["sleep", "1000"])
    return b"started"


def kill_parent(payload: bytes) -> bytes:
    os.kill(os.getppid(), signal.SIGKILL)
    return b"killed"


def kill_parent_around_python(payload: bytes) -> bytes:
    return str(ctypes.CDLL(None).kill(os.getppid(), 9)).encode()


def call_out(payload: bytes) -> bytes:
    with socket.socket() as plug:
        plug.connect(("127.0.0.1", 1))
    return b"called"


def write_outside(payload: bytes) -> bytes:
    Path(payload.decode()).write_text("x")
    return b"written"


def remove_outside(payload: bytes) -> bytes:
    Path(payload.decode()).unlink()
    return b"removed"


def write_outside_around_python(payload: bytes) -> bytes:
    return str(ctypes.CDLL(None).open(payload, os.O_WRONLY | os.O_TRUNC)).encode()


def remove_outside_around_python(payload: bytes) -> bytes:
    return str(ctypes.CDLL(None).unlink(payload)).encode()


def read_environment(payload: bytes) -> bytes:
    return Path(f"/proc/{payload.decode()}/environ").read_bytes()


def write_inside(payload: bytes) -> bytes:
    Path("note.txt").write_text("x")
    return Path("note.txt").read_bytes()


def write_much(payload: bytes) -> bytes:
    Path("much.bin").write_bytes(bytes(1 << 24))
    return b"written"


def say(payload: bytes) -> bytes:
    print("said")  # noqa: T201
    sys.stderr.write("warned")
    os.write(1, b"raw")
    return b""


def look_around(payload: bytes) -> bytes:
    return repr(sorted(os.environ)).encode()


def open_descriptors(payload: bytes) -> bytes:
    found = []
    for fd in range(256):
        try:
            os.fstat(fd)
        except OSError:
            continue
        found.append(fd)
    return repr(found).encode()


def thread(payload: bytes) -> bytes:
    done: list[int] = []
    other = threading.Thread(target=lambda: done.append(1))
    other.start()
    other.join()
    return str(done).encode()


def remember(payload: bytes) -> bytes:
    before = getattr(sys, "remembered", b"nothing")
    sys.remembered = payload  # type: ignore[attr-defined]
    return before
