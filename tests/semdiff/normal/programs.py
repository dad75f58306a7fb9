"""Small random programs, near misses of them, and what they do: for laws about normal forms.

A program is a function `f` that asks an oracle for every truth and notes everything that happens:
calls, entered and left managers, handlers, what an iterator still gives. Two programs of equal form
must leave equal notes, whatever the oracle says.
"""

import ast
import copy
import random
from collections.abc import Iterator
from functools import partial
from typing import Any

NAMES = ("t", "u", "x")
MOST_NOTES = 60
MOST_TURNS = 200


class Enough(BaseException):
    """The program has run for long enough."""


class World:
    """What a program can touch: each use is noted, each truth is taken from the oracle."""

    def __init__(self, seed: int) -> None:
        self.truths = random.Random(seed)
        self.notes: list[object] = []
        self.ticks = 0

    def note(self, *what: object) -> None:
        """Write down that something happened."""
        if len(self.notes) > MOST_NOTES:
            raise Enough
        self.notes.append(what)

    def tick(self) -> None:
        """Count a turn of a loop, which may note nothing and never end."""
        self.ticks += 1
        if self.ticks > MOST_TURNS:
            raise Enough

    def call(self, name: str) -> object:
        """`a()`: noted; now and then it raises."""
        self.note("call", name)
        if self.truths.random() < 0.1:
            raise ValueError(name)
        return Thing(self, name, 0)

    def each(self, name: str) -> Iterator[object]:
        """An iterable whose end is noted."""
        self.note("iter", name)
        for number in range(self.truths.randrange(3)):
            yield Thing(self, name, number)
        self.note("exhausted", name)

    def manager(self, name: str) -> "Manager":
        """A manager that swallows what the oracle wants swallowed."""
        return Manager(self, name)


class Thing:
    """A value whose truth is asked of the oracle, and noted."""

    def __init__(self, world: World, name: str, number: int) -> None:
        self.world, self.name, self.number = world, name, number

    def __bool__(self) -> bool:
        self.world.note("truth", self.name)
        return self.world.truths.random() < 0.5

    def __repr__(self) -> str:
        return f"<{self.name} {self.number}>"

    def __lt__(self, other: object) -> object:
        self.world.note("less", repr(self), repr(other))
        return Thing(self.world, "less", 0)

    def __gt__(self, other: object) -> object:
        self.world.note("more", repr(self), repr(other))
        return Thing(self.world, "more", 0)

    def __eq__(self, other: object) -> Any:
        self.world.note("equal", repr(self), repr(other))
        return self.world.truths.random() < 0.5

    __hash__ = None  # type: ignore[assignment]

    @property
    def p(self) -> object:
        """An attribute that is computed."""
        self.world.note("look", repr(self))
        return Thing(self.world, "p", self.number)


class Manager:
    """Notes how it is entered and left."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name

    def __enter__(self) -> object:
        self.world.note("enter", self.name)
        return Thing(self.world, self.name, 9)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        self.world.note("exit", self.name, kind and kind.__name__)
        return kind is ValueError and self.world.truths.random() < 0.5


def behaviour(code: str, seeds: int = 12) -> list[object]:
    """What a program does, under several oracles."""
    compiled = compile(_ticking(code), "<program>", "exec", dont_inherit=True)
    told: list[object] = []
    for seed in range(seeds):
        world = World(seed)
        names: dict[str, object] = {n: partial(world.call, n) for n in "abcd"}
        names |= {"it": world.each, "m": world.manager, "tick": world.tick}
        exec(compiled, names)  # noqa: S102
        try:
            result: object = repr(names["f"](Thing(world, "x", 0)))  # type: ignore[operator]
        except Enough:
            result = "enough"
        except Exception as error:  # noqa: BLE001
            result = type(error).__name__, str(error)
        told.append((world.notes, result))
    return told


def _ticking(code: str) -> ast.Module:
    """The program, counting the turns of its loops."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.While):
            node.body.insert(0, ast.parse("tick()").body[0])
    return ast.fix_missing_locations(tree)


class Writer:
    """Writes random functions."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.loops = 0
        self.size = 0

    def program(self) -> str:
        """A function of one parameter."""
        body = "\n".join(self.block(1, self.random.randint(2, 4)))
        return f"def f(x):\n{body}\n"

    def block(self, depth: int, length: int) -> list[str]:
        lines = [line for _ in range(length) for line in self.statement(depth)]
        return lines or [" " * depth + "pass"]

    def inner(self, depth: int) -> list[str]:
        return self.block(depth + 1, self.random.randint(1, 2))

    def statement(self, depth: int) -> list[str]:
        self.size += 1
        pick = self.random.random()
        space = " " * depth
        if depth > 3 or self.size > 14 or pick < 0.45:
            return [space + self.simple()]
        if pick < 0.75:
            lines = [f"{space}if {self.test()}:", *self.inner(depth)]
            return lines + ([f"{space}else:", *self.inner(depth)] if pick < 0.62 else [])
        if pick < 0.83:
            return self.loop(depth, space)
        if pick < 0.88:
            name = self.random.choice(["", " as t"])
            return [f"{space}with m('{self.random.choice('mn')}'){name}:", *self.inner(depth)]
        lines = [f"{space}try:", *self.inner(depth)]
        if pick < 0.96:
            name = self.random.choice(["", " as e"])
            lines += [f"{space}except ValueError{name}:", *self.inner(depth)]
        if pick < 0.9:
            lines += [f"{space}else:", *self.inner(depth)]
        return lines + ([f"{space}finally:", *self.inner(depth)] if pick > 0.94 else [])

    def loop(self, depth: int, space: str) -> list[str]:
        self.loops += 1
        head = self.random.choice([f"while {self.test()}:", "for u in it('i'):", "while True:"])
        lines = [space + head, *self.inner(depth)]
        self.loops -= 1
        return lines + ([f"{space}else:", *self.inner(depth)] if self.random.random() < 0.2 else [])

    def simple(self) -> str:
        jumps = ["break", "continue"] if self.loops else []
        return self.random.choice(
            [
                *jumps,
                *jumps,
                "return",
                "return 1",
                f"return {self.value()}",
                f"t = {self.value()}",
                f"u = {self.value()}",
                f"t = {self.value()}",
                f"{self.value()}",
                "pass",
                "raise ValueError('r')",
                f"t = {self.value()} if {self.test()} else {self.value()}",
                f"return not {self.value()}",
            ]
        )

    def value(self) -> str:
        return self.random.choice(
            [
                "a()",
                "b()",
                "t",
                "u",
                "x",
                "1",
                "x.p",
                "t < 3",
                "(x, t)",
                "x is None",
                "not u",
                "c()",
            ]
        )

    def test(self) -> str:
        one, two = (self.random.choice(["a()", "b()", "t", "x", "x.p"]) for _ in "12")
        return self.random.choice(
            [
                *(one, one, f"not {one}", f"{one} and {two}", f"{one} or {two}"),
                *(f"not {one} or {two}", f"{one} is not None", f"not ({one} and {two})"),
                *(f"0 < {one} < 2", "True", "0"),
            ]
        )


class Miss(ast.NodeTransformer):
    """Changes one thing: what a hand that rewrites code might do, rightly or wrongly."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def missed(self, code: str) -> str | None:
        """The program with one change; None if that is no program."""
        tree = ast.parse(code)
        blocks = [
            (node, name)
            for node in ast.walk(tree)
            for name in ("body", "orelse", "finalbody")
            if isinstance(getattr(node, name, None), list) and not isinstance(node, ast.Module)
        ]
        for _ in range(self.random.choice([1, 1, 1, 2])):
            owner, name = self.random.choice(blocks)
            self.change(owner, name)
        try:
            made = ast.unparse(ast.fix_missing_locations(tree))
            compile(made, "<miss>", "exec", dont_inherit=True)
        except (SyntaxError, IndexError, ValueError):
            return None
        return made

    def change(self, owner: ast.AST, name: str) -> None:
        block: list[ast.stmt] = getattr(owner, name)
        change = self.random.choice(CHANGES)
        place = self.random.randrange(len(block) + 1)
        change(owner, block, place)
        if not block and name == "body":
            block.append(ast.Pass())


def _into_else(_owner: ast.AST, block: list[ast.stmt], at: int) -> None:
    """`if c: A` then B becomes `if c: A else: B`."""
    if at < len(block) - 1 and isinstance(block[at], ast.If):
        block[at].orelse += block[at + 1 :]  # type: ignore[attr-defined]
        del block[at + 1 :]


def _out_of_else(_owner: ast.AST, block: list[ast.stmt], at: int) -> None:
    """`if c: A else: B` becomes `if c: A` then B; of loops and `try`, too."""
    if at < len(block) and getattr(block[at], "orelse", None):
        block[at + 1 : at + 1] = block[at].orelse  # type: ignore[attr-defined]
        block[at].orelse = []  # type: ignore[attr-defined]


def _swap(_owner: ast.AST, block: list[ast.stmt], at: int) -> None:
    """`if c: A else: B` becomes `if not c: B else: A`."""
    if at < len(block) and isinstance(block[at], ast.If):
        node: Any = block[at]
        node.test = ast.UnaryOp(ast.Not(), node.test)
        node.body, node.orelse = node.orelse or [ast.Pass()], node.body


def _drop(_owner: ast.AST, block: list[ast.stmt], at: int) -> None:
    """A statement goes."""
    del block[at : at + 1]


def _jump(_owner: ast.AST, block: list[ast.stmt], at: int) -> None:
    """A jump comes."""
    jumps = ("return", "continue", "break", "return 1", "pass")
    block.insert(at, ast.parse(jumps[len(block) % len(jumps)]).body[0])


def _unwrap(_owner: ast.AST, block: list[ast.stmt], at: int) -> None:
    """A block's statements come out of the statement that holds them."""
    if at < len(block) and isinstance(getattr(block[at], "body", None), list):
        block[at : at + 1] = block[at].body  # type: ignore[attr-defined]


def _split(_owner: ast.AST, block: list[ast.stmt], at: int) -> None:
    """`if a and b: X` becomes `if a: if b: X`, whatever stands in `else`."""
    if at < len(block) and isinstance(block[at], ast.If):
        node: Any = block[at]
        if isinstance(node.test, ast.BoolOp):
            first, *rest = node.test.values
            inner = ast.If(rest[0], node.body, [])
            block[at] = ast.If(first, [inner], node.orelse)


def _carry(_owner: ast.AST, block: list[ast.stmt], at: int) -> None:
    """A value goes by way of a variable."""
    if at < len(block):
        for name in ("value", "test", "iter"):
            value = getattr(block[at], name, None)
            if isinstance(value, ast.expr) and not isinstance(block[at], ast.While):
                setattr(block[at], name, ast.Name("w", ast.Load()))
                block.insert(at, ast.Assign([ast.Name("w", ast.Store())], value))
                return


def _inline(_owner: ast.AST, block: list[ast.stmt], at: int) -> None:
    """A variable's value goes where it is read next, and the variable with it."""
    match block[at : at + 2]:
        case [ast.Assign(targets=[ast.Name(id=name)], value=value), after]:

            class Put(ast.NodeTransformer):
                def visit_Name(self, node: ast.Name) -> ast.expr:
                    loaded = node.id == name and isinstance(node.ctx, ast.Load)
                    return copy.deepcopy(value) if loaded else node

            block[at : at + 2] = [Put().visit(after)]


def _again(_owner: ast.AST, block: list[ast.stmt], at: int) -> None:
    """`while c: X` becomes `while True: if c: X else: break`."""
    if at < len(block) and isinstance(block[at], ast.While):
        node: Any = block[at]
        node.body = [ast.If(node.test, node.body, [ast.Break()])]
        node.test = ast.Constant(True)


def _spread(_owner: ast.AST, block: list[ast.stmt], at: int) -> None:
    """What follows an `if` is written into both of its branches."""
    if at < len(block) - 1 and isinstance(block[at], ast.If):
        node: Any = block[at]
        rest = block[at + 1 :]
        node.body += copy.deepcopy(rest)
        node.orelse += rest
        del block[at + 1 :]


def _conditional(_owner: ast.AST, block: list[ast.stmt], at: int) -> None:
    """`if c: t = A else: t = B` becomes a conditional expression, and back."""
    match block[at : at + 1]:
        case [ast.If(test, [ast.Assign(targets, one)], [ast.Assign(_, two)])]:
            block[at] = ast.Assign(targets, ast.IfExp(test, one, two))
        case [ast.Assign(targets, ast.IfExp(test, one, two))]:
            block[at] = ast.If(test, [ast.Assign(targets, one)], [ast.Assign(targets, two)])


CHANGES = (
    *(_into_else, _out_of_else, _swap, _drop, _jump, _unwrap, _split, _carry, _inline, _again),
    *(_spread, _conditional),
)
