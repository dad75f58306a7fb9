"""Hosts an app in a process: settings, journal, bus, cells, watchdog."""

from monocyte.runtime.runtime import Runtime
from monocyte.runtime.settings import FILE, Settings, find_root, read_settings

__all__ = ["FILE", "Runtime", "Settings", "find_root", "read_settings"]
