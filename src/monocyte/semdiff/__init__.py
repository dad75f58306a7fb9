"""What changed in meaning between two trees of Python code. Works on any tree, and runs none of it."""

from monocyte.semdiff.diff import diff_trees
from monocyte.semdiff.sources import (
    Source,
    from_archive,
    from_directory,
    from_file,
    from_git,
    from_texts,
    open_pair,
    open_tree,
)
from monocyte.semdiff.verdicts import Finding, Place, Severity, Verdict, Witness

__all__ = [
    "Finding",
    "Place",
    "Severity",
    "Source",
    "Verdict",
    "Witness",
    "diff_trees",
    "from_archive",
    "from_directory",
    "from_file",
    "from_git",
    "from_texts",
    "open_pair",
    "open_tree",
]
