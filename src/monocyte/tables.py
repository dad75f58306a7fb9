"""`monocyte.toml` as tables: read into types, and what is wrong with it told with file and line.

Each room that is set by this file says itself what may stand in its tables, in types and in words;
this is what all of them read by. The file is an operator's, so every fault is a ConfigError. Pure.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

import msgspec

from monocyte.errors import ConfigError

__all__ = ["FILE", "Document", "parse"]

T = TypeVar("T")

FILE = "monocyte.toml"
"""The file that makes a directory an app."""

_WRONG = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_NAMED = re.compile(r"field `(?P<name>[^`]+)`")


class Document(NamedTuple):
    """A file that was read: what it is called, its text, and what stands in it."""

    file: str
    text: str
    raw: dict[str, Any]

    def typed(
        self,
        raw: Any,
        kind: type[T],
        mends: Mapping[str, str],
        *,
        section: str = "",
        like: str = "",
    ) -> T:
        """`raw`, the content of a section, as a value of a type.

        `mends` says by path what may stand there; `like` is the section as it is called in it.

        Raises:
            ConfigError: it cannot be; names file:line.
        """
        try:
            return msgspec.convert(raw, kind)
        except msgspec.ValidationError as why:
            raise self._explained(raw, kind, mends, str(why), section, like or section) from why

    def fault(self, what: str, mend: str, section: str, key: str = "") -> ConfigError:
        """What is wrong at a key, with its line."""
        where = f"{self.file}:{_line_of(self.text, section, key)}"
        return ConfigError(what, where=where, mend=mend)

    def _explained(
        self,
        raw: Any,
        kind: Any,
        mends: Mapping[str, str],
        complaint: str,
        section: str,
        like: str,
    ) -> ConfigError:
        found = _WRONG.match(complaint)
        what, path = (found["what"], found["path"] or "") if found else (complaint, "")
        path = _keyed(raw, kind, path)
        named = _NAMED.search(what)
        if named is None:
            inner, _, key = path.rpartition(".")
            what = "it is not of that form" if "regex" in what else what
            what = f"{_joined(section, path)} cannot be so: {what}"
            mend = f"write {_mend(mends, _joined(like, path))}"
        else:
            inner, key = path, named["name"]
            unknown = "unknown" in what
            what = f"{key!r} is not a setting" if unknown else f"{key!r} is missing"
            mend = _suggested(kind, inner, _joined(section, inner), key)
            mend = mend if unknown else f"write {_mend(mends, _joined(like, inner, key))}"
        return self.fault(what, mend, _joined(section, inner), key)


def parse(file: str, text: str) -> Document:
    """Read a text as TOML; raises ConfigError with file:line if it is none."""
    try:
        return Document(file, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as why:
        line = re.search(r"line (\d+)", str(why))
        where = f"{file}:{line[1]}" if line else file
        raise ConfigError(
            f"this is not TOML: {why}", where=where, mend="see https://toml.io"
        ) from why


def _joined(*parts: str) -> str:
    return ".".join(filter(None, parts))


def _mend(mends: Mapping[str, str], path: str) -> str:
    """What may stand at a path, or around it."""
    while path not in mends and "." in path:
        path = path.rpartition(".")[0]
    return mends.get(path, "something else")


def _suggested(kind: Any, inner: str, section: str, key: str) -> str:
    """What was meant, or else all that there is."""
    for name in filter(None, inner.split(".")):
        kind = _field_type(kind, name)
    names = getattr(kind, "__struct_fields__", ())
    if close := get_close_matches(key, names, n=1):
        return f"did you mean {close[0]}?"
    return f"{f'[{section}]' if section else 'the file'} may have: {', '.join(names)}"


def _keyed(raw: Any, kind: Any, path: str) -> str:
    """The path with the key of a mapping, where msgspec says only `[...]`."""
    walked: list[str] = []
    for part in path.replace("[...]", "[]").split("."):
        name = part.removesuffix("[]")
        raw, kind = _inside(raw, name), _field_type(kind, name)
        walked.append(name)
        if part != name and isinstance(raw, dict) and get_origin(kind) is dict:
            kind = get_args(kind)[1]
            key = next((key for key, it in raw.items() if not _fits(it, kind)), "")
            raw = raw.get(key)
            walked.append(key)
    return _joined(*walked)


def _inside(raw: Any, name: str) -> Any:
    return raw.get(name) if isinstance(raw, dict) else None


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _field_type(kind: Any, name: str) -> Any:
    if get_origin(kind) is dict:
        return get_args(kind)[1]
    fields = msgspec.structs.fields(kind) if hasattr(kind, "__struct_fields__") else ()
    return next((it.type for it in fields if it.encode_name == name), None)


def _line_of(text: str, section: str, key: str) -> int:
    """The line of a key, else of its section, else the first."""
    plain = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]")
    dotted = re.compile(rf"\s*{re.escape(section)}\s*\.\s*{re.escape(key)}\s*=")
    outer, dot, name = section.rpartition(".")
    inside, fallback = not section, _line_of(text, outer, name) if dot else 1
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([\w.\"-]+)", line):
            inside = header[1] == section
            full = f"{section}.{key}".strip(".")
            if header[1] in (section, full) or header[1].startswith(f"{full}."):
                fallback = number
        elif (inside and plain.match(line)) or dotted.match(line):
            return number
    return fallback
