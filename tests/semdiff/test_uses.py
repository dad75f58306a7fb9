"""Uses: what becomes of a line or a text that was read, and who may see it after all."""

import ast

import pytest

from monocyte.semdiff.guard_words import CATCHERS
from monocyte.semdiff.normal.facts import ModuleFacts
from monocyte.semdiff.scopes import resolve_module
from monocyte.semdiff.uses import Fate, Shape, Uses

ANYBODY = None
NOBODY: Fate = frozenset()
STDERR = CATCHERS["stderr"]
LOGS = CATCHERS["logging"]
WARNINGS = CATCHERS["warnings"]


def fate(body: str, shape: Shape) -> Fate:
    """What becomes of `read()` in a function with this body."""
    lines = "\n ".join(body.split("\n"))
    text = (
        "import logging, sys, textwrap, warnings\n"
        f"log = logging.getLogger('x')\ndef f(a, given):\n {lines}\n"
    )
    facts = ModuleFacts(resolve_module(ast.parse(text)))
    facts.prepare()
    calls = (n for n in facts.nodes if isinstance(n, ast.Call) and ast.unparse(n.func) == "read")
    return Uses(facts).fate(next(calls), shape)


TEXTS: list[tuple[str, Fate]] = [
    ("read()", NOBODY),
    ("return read()", ANYBODY),
    ("print(read())", ANYBODY),
    ("print(read(), file=sys.stderr)", STDERR),
    ("print(read(), file=a)", ANYBODY),
    ("sys.stderr.write(f'{read()}!')", STDERR),
    ("sys.stdout.write(read())", ANYBODY),
    ("log.error('x: %s', read())", LOGS),
    ("logging.error(textwrap.indent(read(), ' '))", LOGS),
    ("a.error(read())", ANYBODY),
    ("warnings.warn('x' + read())", WARNINGS),
    ("warnings.warn_explicit('x', UserWarning, 'f', lineno=read())", WARNINGS),
    ("x = read()\nlog.info(x)", LOGS),
    ("x = read()\nlog.info(x)\nreturn x", ANYBODY),
    ("x = read()\nlog.info(x)\nsys.stderr.write(x)", LOGS | STDERR),
    ("x = 'a'\nx += f'{read()}'\nlog.info(x)", LOGS),
    ("x = a\nx += read()\nlog.info(x)", ANYBODY),
    ("for x in read(): log.info(x.strip())", LOGS),
    ("x = []\nx.append(read())\nlog.info(''.join(x))", LOGS),
    ("given.append(read())", ANYBODY),
    ("x = []\nx = given\nx.append(read())", ANYBODY),
    ("global x\nx = read()", ANYBODY),
    ("x = read()\nlog.info(x)\nreturn locals()", ANYBODY),
    ("x = read()\nyield x", ANYBODY),
    ("a.x = read()", ANYBODY),
    ("if read() > 3: return 1", ANYBODY),
    ("raise ValueError(read())", ANYBODY),
]


@pytest.mark.parametrize(("body", "expected"), TEXTS)
def test_a_text_is_followed(body: str, expected: Fate) -> None:
    """What goes to people only is seen by those who catch it, everything else by anybody."""
    assert fate(body, Shape.TEXT) == expected


FRAMES: list[tuple[str, Shape, Fate]] = [
    ("return len(read())", Shape.SUMMARIES, NOBODY),
    ("return [it.name for it in read()]", Shape.SUMMARIES, NOBODY),
    ("return [it.lineno for it in read()]", Shape.SUMMARIES, ANYBODY),
    ("for i, it in enumerate(reversed(read())): print(i, it.name)", Shape.SUMMARIES, NOBODY),
    ("x = read()[-1]\nreturn x.filename, x[2]", Shape.SUMMARIES, NOBODY),
    ("x = read()[-1]\nreturn x[1]", Shape.SUMMARIES, ANYBODY),
    ("x = read()[-1]\nreturn x[:2]", Shape.SUMMARIES, ANYBODY),
    ("file, line, *rest = read()[0]\nreturn file", Shape.SUMMARIES, ANYBODY),
    ("file, line, name, text = read()[0]\nlog.info(line)\nreturn name", Shape.SUMMARIES, LOGS),
    ("return sorted(read())[0].name", Shape.SUMMARIES, ANYBODY),
    ("return read() == a", Shape.SUMMARIES, ANYBODY),
    ("for frame, line in read(): print(frame)", Shape.PAIRS, NOBODY),
    ("for frame, line in read(): print(line)", Shape.PAIRS, ANYBODY),
    ("return read()[1].frame", Shape.INFOS, NOBODY),
    ("return read()[1].code_context", Shape.INFOS, ANYBODY),
    ("return str(read())", Shape.REPORT, NOBODY),
    ("return list(read().format())", Shape.REPORT, ANYBODY),
    ("return [it.name for it in read().stack]", Shape.REPORT, NOBODY),
]


@pytest.mark.parametrize(("body", "shape", "expected"), FRAMES)
def test_frames_are_followed(body: str, shape: Shape, expected: Fate) -> None:
    """Names and files of frames tell no line; lines, texts, and frames as a whole do."""
    assert fate(body, shape) == expected
