"""How a difference is shown: text, JSON, SARIF, Markdown and HTML. Nothing here decides anything.

Each format is a function from a `Difference` to text. None of them knows files, terminals or
commands; what they share (words, rows, colours of code) is in files of its own.
"""

from monocyte.semdiff.report.html import as_html
from monocyte.semdiff.report.json import as_json, schema
from monocyte.semdiff.report.markdown import as_markdown
from monocyte.semdiff.report.sarif import as_sarif
from monocyte.semdiff.report.summary import headline
from monocyte.semdiff.report.text import as_text

__all__ = ["as_html", "as_json", "as_markdown", "as_sarif", "as_text", "headline", "schema"]
