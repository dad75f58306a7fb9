"""The words of tests: what asserts, expects an error, skips, replaces, or compares loosely.

Of pytest, unittest and numpy. A new word of a library belongs here, and nowhere else.
"""

from __future__ import annotations

import ast

__all__ = [
    "EQUAL",
    "ERRORS",
    "FAKES",
    "OPPOSITE",
    "PATCHES",
    "SIGNS",
    "STOPS",
    "SWALLOWED",
    "TOLERANCES",
]

EQUAL = {
    "assertEqual": "==",
    "assertEquals": "==",
    "assertListEqual": "==",
    "assertTupleEqual": "==",
    "assertDictEqual": "==",
    "assertSetEqual": "==",
    "assertMultiLineEqual": "==",
    "assertSequenceEqual": "==",
    "assertNotEqual": "!=",
    "assertIs": "is",
    "assertIsNot": "is not",
    "assertIn": "in",
    "assertNotIn": "not in",
    "assertLess": "<",
    "assertLessEqual": "<=",
    "assertGreater": ">",
    "assertGreaterEqual": ">=",
    "assertIsInstance": "isinstance",
    "assertAlmostEqual": "approx",
    "assert_equal": "==",
    "assert_array_equal": "==",
    "assert_allclose": "approx",
    "assert_almost_equal": "approx",
}
ERRORS = (
    "raises",
    "warns",
    "assertRaises",
    "assertRaisesRegex",
    "assertWarns",
    "assertRaisesRegexp",
)
SIGNS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
OPPOSITE: dict[type[ast.cmpop], str] = {
    ast.NotEq: "==",
    ast.Eq: "!=",
    ast.IsNot: "is",
    ast.Is: "is not",
    ast.NotIn: "in",
    ast.In: "not in",
}
STOPS = {
    "pytest.skip": "skip",
    "pytest.xfail": "xfail",
    "pytest.exit": "exit",
    "pytest.importorskip": "skip",
    "unittest.SkipTest": "skip",
    "unittest.case.SkipTest": "skip",
    "_pytest.outcomes.skip": "skip",
    "_pytest.outcomes.Skipped": "skip",
    "_pytest.outcomes.xfail": "xfail",
    "pytest.skip.Exception": "skip",
    "pytest.xfail.Exception": "xfail",
    "self.skipTest": "skip",
    "cls.skipTest": "skip",
    "os._exit": "exit",
    "sys.exit": "exit",
}
SWALLOWED = frozenset({"AssertionError", "Exception", "BaseException"})
PATCHES = (
    "patch",
    "patch.object",
    "patch.dict",
    "patch.multiple",
    "setattr",
    "setitem",
    "delattr",
)
FAKES = frozenset(
    {
        "Mock",
        "MagicMock",
        "AsyncMock",
        "NonCallableMock",
        "create_autospec",
        "PropertyMock",
    }
)
TOLERANCES: dict[str, dict[str, tuple[int | None, float | None]]] = {
    "approx": {"rel": (1, 1e-6), "abs": (2, 1e-12)},
    "isclose": {"rel_tol": (None, 1e-9), "abs_tol": (None, 0.0)},
    "assert_allclose": {"rtol": (2, 1e-7), "atol": (3, 0.0)},
    "assertAlmostEqual": {"places": (2, 7), "delta": (4, None)},
    "assertNotAlmostEqual": {"places": (2, 7), "delta": (4, None)},
    "round": {"ndigits": (1, 0)},
}
"""Ways to be less than exact: keyword to its position, and what it is if it is not given."""
