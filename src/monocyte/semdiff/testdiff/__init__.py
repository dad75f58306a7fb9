"""What became of the tests: weakened, gone, strengthened, moved, and how that is known.

`judging` joins two ways to tell. Reading both versions (`rules` for a test, `project` for what
sways all of them); and running both on the mutants of the old code (`matrix`, and in the worker
`station`): a test is weaker if something broken that it noticed goes unnoticed now.
"""

from monocyte.semdiff.testdiff.judging import test_diff

__all__ = ["test_diff"]
