"""Landlock: the kernel itself keeps a process, and all that come of it, to one folder.

What a filter of system calls cannot see (which path is opened) Landlock can; and who is within
cannot look into processes without (`/proc/PID/environ`, `ptrace`); see landlock(7). Reading files
is not taken away: what is judged has to import what is installed.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from contextlib import suppress

__all__ = ["confine", "version"]

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
BENEATH = 1
VERSION = 1
PR_SET_NO_NEW_PRIVS = 38

EXECUTE, WRITE_FILE, TRUNCATE = 1, 2, 1 << 14
CHANGES = WRITE_FILE | sum(1 << bit for bit in range(4, 13))
"""Writing, and removing or making whatever can lie in a folder."""

REFER = 1 << 13


def version() -> int:
    """The version of Landlock that the kernel has; 0 if it has none."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    found: int = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION))
    return max(0, found)


def confine(folder: str) -> bool:
    """From now on nothing is changed outside of a folder and nothing executed; whether it worked.

    What is open stays open.
    """
    known = version()
    if not known:
        return False
    changes = CHANGES | (REFER if known >= 2 else 0) | (TRUNCATE if known >= 3 else 0)
    libc = ctypes.CDLL(None, use_errno=True)
    attributes = struct.pack("Q", changes | EXECUTE)
    rules = libc.syscall(CREATE_RULESET, attributes, ctypes.c_size_t(8), ctypes.c_uint32(0))
    if rules < 0:
        return False
    try:
        _allow(libc, rules, folder, changes)
        _allow(libc, rules, os.devnull, changes & (WRITE_FILE | TRUNCATE))
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        refused: int = libc.syscall(RESTRICT_SELF, rules, 0)
        return not refused
    finally:
        os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    with suppress(FileNotFoundError):  # what is not there needs no right
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            libc.syscall(ADD_RULE, rules, BENEATH, struct.pack("=Qi", rights, place), 0)
        finally:
            os.close(place)
