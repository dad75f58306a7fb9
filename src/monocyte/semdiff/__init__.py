"""What changed in meaning between two versions of Python code, on any tree, not only cells.

Four verdicts, never merged: SAME, CHANGED (with a witness), NO DIFFERENCE FOUND (with its budget and
coverage), UNKNOWN (with its reason). Code that is judged is parsed here and never imported, except
inside a locked worker (`semdiff.workers`).
"""

from monocyte.semdiff.verdicts import Finding, Place, Severity, Verdict, Witness

__all__ = ["Finding", "Place", "Severity", "Verdict", "Witness"]
