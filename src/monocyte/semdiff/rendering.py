"""A witness as a test: a pytest module that passes on the old version and fails on the new.

The definition's module is imported by the name that it has in its tree. What plain equality
cannot tell (orders, iterators, objects without `__eq__`) is told by the image that the search
compared. Effects are not rendered: a test that tries them would have them, outside of a locked
worker.
"""

from __future__ import annotations

import re
import textwrap
from typing import NamedTuple

from monocyte.semdiff.evidence import Call, Search
from monocyte.semdiff.outcomes import Outcome, told

__all__ = ["render_script", "render_test"]


class _Parts(NamedTuple):
    """What a way of differing needs around its assertion."""

    imports: tuple[str, ...] = ()
    fixtures: str = ""
    describes: bool = False


def render_test(asked: Search, call: Call, old: Outcome, new: Outcome, differs: str) -> str:
    """The test's source; what it asserts is what the old version did."""
    if differs == "effects":
        return ""
    body, parts = _body(asked, call, old, new, differs)
    words = f"Old {told(old, differs)}; new {told(new, differs)}."
    lines = [
        '"""A difference in behaviour: this passes on the old version, and fails on the new."""',
        "",
        *_imports(asked, call, parts),
        "",
        *([asked.driver.strip(), ""] if asked.driver else []),
        "",
        f"def test_{_slug(asked.name)}_behaves_as_before({parts.fixtures}):",
        f"    # {_oneline(words)}",
        f"    arguments, named = {call.arguments}, {call.named}",
        *textwrap.indent(body, "    ").splitlines(),
    ]
    return "\n".join(lines) + "\n"


def render_script(asked: Search, call: Call) -> str:
    """Python that runs in a tree on either side, and prints what it observed."""
    lines = [
        *_imports(asked, call, _Parts(describes=True)),
        *([asked.driver.strip()] if asked.driver else []),
        f"arguments, named = {call.arguments}, {call.named}",
        "try:",
        f"    print(describe({_called(asked, call)}))",
        "except BaseException as error:",
        "    print(type(error).__qualname__, error)",
        "print(describe((*arguments, named)))",
    ]
    return "\n".join(lines) + "\n"


def _imports(asked: Search, call: Call, parts: _Parts) -> list[str]:
    names = {*call.imports, *parts.imports} - {"monocyte_driver"}
    names |= set() if asked.driver else {asked.old.module}
    names |= {"asyncio"} if call.how == "coroutine" else set()
    whole = [f"import {name}" for name in sorted(names)]
    describe = "from monocyte.semdiff.outcomes import image as describe"
    return [*whole, *(["", describe] if parts.describes else [])]


def _body(asked: Search, how: Call, old: Outcome, new: Outcome, differs: str) -> tuple[str, _Parts]:
    call = _called(asked, how)
    if differs == "time":
        return _timed(call, old)
    if old.kind == "raised":
        return _raised(call, old, differs)
    if old.kind != "returned":
        return (
            f"raise AssertionError({told(old)!r})  # the old version did not survive\n{call}",
            _Parts(),
        )
    match differs:
        case "output":
            body = f"{call}\nassert capsys.readouterr().out == {old.output!r}"
            return body, _Parts(fixtures="capsys")
        case "arguments":
            body = f"{call}\nassert describe((*arguments, named)) == {old.arguments!r}"
            return body, _Parts(describes=True)
        case "type":
            body = f'result = {call}\nassert type(result).__qualname__ == "{old.type}"'
            return body, _Parts()
    if old.source and _is_told_by_equality(old, new):
        return f"assert {call} == {old.source}", _Parts()
    marks = (
        'marks = {id(it): f"argument {i}" for i, it in enumerate((*arguments, *named.values()))}'
    )
    return f"{marks}\nassert describe({call}, marks) == {old.value!r}", _Parts(describes=True)


def _is_told_by_equality(old: Outcome, new: Outcome) -> bool:
    """Whether `==` sees it: 1 == 1.0 == True, and the order of a dict, are beyond it."""
    if new.kind != "returned":
        return True
    if not new.source:
        return False
    try:
        return bool(eval(old.source, {}) != eval(new.source, {}))  # noqa: S307 (literals of ours)
    except Exception:  # noqa: BLE001 (too deep to be read back: it is described instead)
        return False


def _called(asked: Search, call: Call) -> str:
    if call.how == "property":
        return f"arguments[0].{asked.name.rpartition('.')[2]}"
    whole = asked.name if asked.driver else f"{asked.old.module}.{asked.name}"
    made = f"{whole}(*arguments, **named)"
    return f"asyncio.run({made})" if call.how == "coroutine" else made


def _raised(call: str, old: Outcome, differs: str) -> tuple[str, _Parts]:
    name = old.type if "." in old.type else f"builtins.{old.type}"
    module = name.rpartition(".")[0]
    told_by = (
        f", match={('^' + re.escape(old.message) + '$')!r}"
        if differs == "exception message"
        else ""
    )
    body = f"with pytest.raises({name}{told_by}) as caught:\n    describe({call})"
    body += f'\nassert caught.type.__qualname__ == "{old.type.rpartition(".")[2]}"'
    imports = ("pytest", *([module] if "<" not in name else []))
    return body, _Parts(imports, describes=True)


def _timed(call: str, old: Outcome) -> tuple[str, _Parts]:
    alarm = (
        "def stop(*_):\n    raise TimeoutError\n"
        "signal.signal(signal.SIGALRM, stop)\nsignal.alarm(3)\n"
    )
    if old.kind == "unfinished":
        body = f"with pytest.raises(TimeoutError):\n    describe({call})"
    else:
        body = f"try:\n    describe({call})\nfinally:\n    signal.alarm(0)"
    return alarm + body, _Parts(("pytest", "signal"), describes=True)


def _slug(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_").lower()


def _oneline(text: str) -> str:
    return " ".join(text.split())[:300]
