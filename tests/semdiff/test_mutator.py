"""The mutator breaks one place of one function, in the order of the text, and mends it again."""

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest

from monocyte.semdiff.mutator import Mutator, fingerprint, functions_of, swapped
from monocyte.semdiff.operators import OPERATORS

F = "def f(x, y=1):\n    "
# operator: (body of f, the bodies that it makes of it)
MUTANTS: dict[str, tuple[str, list[str]]] = {
    "comparison": ("return x == y", ["return x != y"]),
    "boundary": ("return x < y", ["return x <= y"]),
    "arithmetic": ("return x + y", ["return x - y"]),
    "bits": ("return x & y", ["return x | y"]),
    "number": ("return x[1]", ["return x[2]"]),
    "truth": ("return x(True)", ["return x(False)"]),
    "text": ("return x('a')", ["return x('')", "return x('a!')"]),
    "logic": ("return x and y", ["return x or y"]),
    "operand": ("return x and y", ["return y", "return x"]),
    "unary": ("return -x", ["return x"]),
    "swapped arguments": (
        "return g(x, y, x.z)",
        ["return g(y, x, x.z)", "return g(x, x.z, y)"],
    ),
    "keyword": ("return g(x, key=y)", ["return g(x)"]),
    "twin": ("return min(x, y)", ["return max(x, y)"]),
    "forgotten call": ("return sorted(x)", ["return x"]),
    "off by one": ("return range(x)", ["return range(x + 1)", "return range(x - 1)"]),
    "slice": ("return x[1:y]", ["return x[:y]", "return x[1:]"]),
    "choice": ("return x if y else 0", ["return x", "return 0"]),
    "collection": ("return [x, y]", ["return [x]"]),
    "filter": ("return [i for i in x if i]", ["return [i for i in x]"]),
    "negated condition": ("if x:\n        return y", ["if not x:\n        return y"]),
    "decided condition": (
        "if x:\n        return y",
        ["if False:\n        return y", "if True:\n        return y"],
    ),
    "loop": ("for i in x:\n        y(i)", ["for i in ():\n        y(i)"]),
    "else": ("if x:\n        y()\n    else:\n        x()", ["if x:\n        y()"]),
    "statement": ("x.append(y)", ["pass"]),
    "check": ("RULE.require(x)", ["pass"]),
    "assigned value": ("z = x.y", ["z = None"]),
    "return value": ("return x < y", ["return None", "return not x < y"]),
    "event": ("return (x, y)", ["return (x,)"]),
    "raise": ("raise ValueError(x)", ["pass", "raise RuntimeError()"]),
    "except": (
        "try:\n        x()\n    except OSError:\n        y()",
        ["try:\n        x()\n    except OSError:\n        raise"],
    ),
    "augmented assignment": ("x += y", ["x = y"]),
    "augmented sign": ("x += y", ["x -= y"]),
    "jump": ("while x:\n        break", ["while x:\n        continue"]),
    "missing jump": ("while x:\n        break", ["while x:\n        pass"]),
}


@pytest.mark.parametrize(("operator", "row"), MUTANTS.items(), ids=MUTANTS)
def test_an_operator_makes_its_mutants(operator: str, row: tuple[str, list[str]]) -> None:
    """Each row of the table: what stands there, and all that the operator makes of it."""
    body, wanted = row
    mutator = Mutator(F + body, operators=[operator])
    made = [mutator.source(it) for it in mutator.mutants]
    assert [ast.unparse(ast.parse(it)) for it in made] == [
        ast.unparse(ast.parse(F + it)) for it in wanted
    ]


def test_every_operator_has_a_row() -> None:
    """The table of tests is complete, and an operator has one name."""
    names = [it.name for it in OPERATORS]
    assert len(names) == len(set(names)) >= 20
    assert set(names) - set(MUTANTS) == {"default", "decorator"}  # below: they are no bodies


def test_a_default_is_mutated_in_the_signature() -> None:
    """The mutant of a default tells which parameter gets which value."""
    mutator = Mutator("def f(x, y=1, *, z='a'):\n    return x", operators=["default"])
    assert [mutator.defaults(it) for it in mutator.mutants] == [
        {"y": 2, "z": "a"},
        {"y": 1, "z": "a!"},
    ]


def test_a_removed_decorator_acts_at_import() -> None:
    """It has no function to be put into; its module is written instead."""
    mutator = Mutator("@cell.handles\ndef f(x):\n    return x", operators=["decorator"])
    (mutant,) = mutator.mutants
    assert (mutant.function, mutant.what) == ("", "`@cell.handles` is missing")
    assert mutator.source(mutant) == "def f(x):\n    return x"
    with pytest.raises(ValueError, match="no function holds"):
        mutator.code(mutant)


INERT = {
    "docstring": 'def f():\n    """Text."""',
    "module docstring": '"""Text."""',
    "annotation": "def f(x: Literal[1, 2]) -> Literal['a']: ...",
    "import": "from a import b",
    "all": "__all__ = ['a', 'b']",
    "type checking": "if TYPE_CHECKING:\n    x = 1",
    "main": "if __name__ == '__main__':\n    main(1)",
}


@pytest.mark.parametrize("text", INERT.values(), ids=INERT)
def test_what_does_not_run_is_left_alone(text: str) -> None:
    """No mutant comes of what only readers and checkers see."""
    assert Mutator(text).mutants == []


SAMPLE = textwrap.dedent('''
    """A module."""
    from __future__ import annotations
    LIMIT = 3


    class Shop:
        rate = 2

        def price(self, count: int, *, gift: bool = False) -> int:
            """What it costs."""
            total = count * self.rate   # a comment that stays
            if count > LIMIT and not gift:
                total -= 1
            return max(0, total)

        def later(self):
            def inner(n=1):
                return [i + n for i in range(n) if i]
            return inner
''')


def test_the_order_and_the_numbers_never_vary() -> None:
    """Two lists of one text are equal, numbered from 0."""
    first, second = Mutator(SAMPLE).mutants, Mutator(SAMPLE).mutants
    assert first == second
    assert [it.number for it in first] == list(range(len(first)))


def test_every_mutant_is_another_program_that_compiles() -> None:
    """Its text differs from the original as a tree; its function has a code object."""
    mutator = Mutator(SAMPLE)
    original = ast.dump(ast.parse(SAMPLE))
    for mutant in mutator.mutants:
        assert ast.dump(ast.parse(mutator.source(mutant))) != original, mutant
        if mutant.function:
            assert mutator.code(mutant).co_qualname == mutant.function


def test_the_rest_of_the_text_stays_as_it_is() -> None:
    """Comments, layout and the numbers of other lines survive a mutant on one line."""
    mutator = Mutator(SAMPLE, lines=[13], operators=["boundary"])
    (mutant,) = mutator.mutants
    before, after = SAMPLE.splitlines(), mutator.source(mutant).splitlines()
    assert [i for i in range(len(before)) if before[i] != after[i]] == [12]
    assert after[12].strip() == "if (count >= LIMIT) and not gift:"


def test_a_mutant_says_where_and_what() -> None:
    """Operator, definition, place and words are those of the change."""
    mutator = Mutator(SAMPLE, "shop.py", operators=["boundary"])
    (mutant,) = mutator.mutants
    assert str(mutant) == "shop.py:13: `>` becomes `>=`: count > LIMIT → count >= LIMIT"
    assert (mutant.definition, mutant.function) == ("Shop.price", "Shop.price")


def test_what_is_inside_a_function_is_swapped_with_it() -> None:
    """A mutant of a local function names it, and the outer one that holds its code."""
    mutant = Mutator(SAMPLE, operators=["filter"]).mutants[0]
    assert mutant.definition == "Shop.later.<locals>.inner"
    assert mutant.function == "Shop.later"


def test_only_what_is_asked_for_is_listed() -> None:
    """By definition, everything in it included; by line."""
    assert {it.definition for it in Mutator(SAMPLE, only=["Shop.price"]).mutants} == {"Shop.price"}
    assert {it.line for it in Mutator(SAMPLE, lines=[14]).mutants} == {14}


registry: list[FunctionType] = []


def registered(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that keeps the function and gives out another."""
    assert isinstance(function, FunctionType)
    registry.append(function)

    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return ("wrapped", function(*args))

    return wrapper


@registered
def doubled(count: int, most: int = 10) -> int:
    """Twice as many, up to a bound."""
    return min(count * 2, most)


def test_a_swapped_function_is_swapped_for_whoever_holds_it() -> None:
    """Through the decorator and the registry the mutant runs, and afterwards the original."""
    source = textwrap.dedent(inspect.getsource(doubled))
    mutator = Mutator(source, __file__, operators=["arithmetic", "default"])
    sum_, default = mutator.mutants[1], mutator.mutants[0]
    (function,) = functions_of(registry[0].__code__)
    with mutator.swap(sum_, [function]):
        assert (doubled(4), registry[0](4)) == (("wrapped", 6), 6)
    with mutator.swap(default, [function]):
        assert registry[0](9) == 11
    assert (doubled(4), registry[0](9)) == (("wrapped", 8), 10)


def test_a_swap_is_undone_when_the_mutant_raises() -> None:
    """Code and defaults come back whatever happens inside."""
    before = (registry[0].__code__, registry[0].__defaults__)
    mutator = Mutator("def doubled(count, most=10):\n    return 1", operators=["number"])
    with pytest.raises(ZeroDivisionError), mutator.swap(mutator.mutants[0], registry[:1]):
        _ = 1 // 0
    assert (registry[0].__code__, registry[0].__defaults__) == before


def test_a_closure_that_does_not_fit_is_refused_and_undone() -> None:
    """Code that closes over other variables cannot be put in; what was put in before comes out."""

    def outer(held: int) -> FunctionType:
        def inner() -> int:
            return held

        assert isinstance(inner, FunctionType)
        return inner

    before = registry[0].__code__
    with pytest.raises(ValueError, match="free vars"), swapped([registry[0], outer(1)], before):
        pass
    assert registry[0].__code__ is before


def test_super_and_private_names_keep_their_meaning() -> None:
    """A method is compiled inside of its class: `super()` and `__names` need it."""
    text = "class A(B):\n    def f(self):\n        return super().f() + self.__x"
    mutator = Mutator(text, operators=["arithmetic"])
    code = mutator.code(mutator.mutants[0])
    assert "__class__" in code.co_freevars
    assert "_A__x" in code.co_names


def test_a_computed_default_acts_at_import() -> None:
    """What a default is computed from has run before the function exists."""
    mutator = Mutator("def f(x=g(1)):\n    return x", operators=["number"])
    assert [it.function for it in mutator.mutants] == [""]


def test_the_default_of_a_local_function_is_in_the_outer_code() -> None:
    """It is swapped with the outer function, whose own defaults of that name stay."""
    text = "def f(n=1):\n    def g(n=5):\n        return n\n    return g"
    mutator = Mutator(text, operators=["default"])
    inner = mutator.mutants[1]
    assert (inner.definition, inner.function) == ("f.<locals>.g", "f")
    assert mutator.defaults(inner) == {}
    assert (6,) in mutator.code(inner).co_consts


AROUND = {
    "a constant, by the call": ("return f(hours=8)", "number", ("f(hours=8)", "f(hours=9)")),
    "a sign, by the call": ("return f(-8)", "number", ("f(-8)", "f(-9)")),
    "an index, by what it is of": ("return x[1]", "number", ("x[1]", "x[2]")),
    "an end, by what it is of": ("return x[:5]", "number", ("x[:5]", "x[:6]")),
    "a comparison, by itself": ("return g(x < y)", "boundary", ("x < y", "x <= y")),
    "a constant, by its statement": ("return 8", "number", ("return 8", "return 9")),
    "a statement, by itself": ("x.append(y)", "statement", ("x.append(y)", "")),
}


@pytest.mark.parametrize(("body", "operator", "wanted"), AROUND.values(), ids=AROUND)
def test_a_constant_is_shown_with_what_is_around_it(
    body: str, operator: str, wanted: tuple[str, str]
) -> None:
    """`8` says little to a reader; what is large enough to be read stands for itself."""
    mutator = Mutator(F + body, operators=[operator])
    assert mutator.around(mutator.mutants[0]) == wanted


SAME = {
    "another place": ("return x\n", "\n    return x", True),
    "another constant": ("return 1", "return 2", False),
    "a constant of another type": ("return 1", "return True", False),
    "another sign": ("return x + y", "return x - y", False),
    "another name": ("return x.a", "return x.b", False),
    "inside of a lambda": ("return lambda: 1", "return lambda: 2", False),
    "another handler": ("try:\n        x()\n    except E: y()", "x()\n    y()", False),
    "what is never run": ("return 1\n    return 2", "return 1", True),
}


@pytest.mark.parametrize(("one", "other", "same"), SAME.values(), ids=SAME)
def test_two_codes_that_do_the_same_steps_are_known(one: str, other: str, same: bool) -> None:
    """Place does not matter; names, constants, their types and inner code do."""
    prints = [fingerprint(Mutator(F + text).original("f")) for text in (one, other)]
    assert (prints[0] == prints[1]) is same


def test_what_an_f_string_computes_is_mutated_and_its_text_is_not() -> None:
    """Names are made in f-strings, too; the words in them are for people."""
    text = "def f(x):\n    return f'page {x + 1:>8} of 9'"
    mutator = Mutator(text, operators=["arithmetic", "number", "text"])
    assert [it.what for it in mutator.mutants] == ["`+` becomes `-`", "1 becomes 2"]
    assert ast.unparse(ast.parse(mutator.source(mutator.mutants[0]))).endswith(
        "return f'page {x - 1:>8} of 9'"
    )


def test_what_the_caller_calls_inert_is_left_alone() -> None:
    """Neither the node nor anything in it has mutants."""
    text = "def f(x):\n    log(x + 1)\n    return x + 2"

    def logs(node: ast.AST) -> bool:
        return isinstance(node, ast.Call) and ast.unparse(node.func) == "log"

    mutator = Mutator(text, operators=["arithmetic"], inert=logs)
    assert [it.old for it in mutator.mutants] == ["x + 2"]
