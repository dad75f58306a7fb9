"""The docs page, drawn from the OpenAPI description; no script, nothing from elsewhere.

Every text that a cell's author wrote passes through `escape` on its way into the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from monocyte.dmz.openapi import resolve

__all__ = ["page"]

Json = dict[str, Any]

STYLE = """
:root{color-scheme:light dark;--line:#8885;--soft:#8881;--quiet:#666;--get:#06773f;--post:#a63a00}
@media (prefers-color-scheme:dark){:root{--quiet:#aaa;--get:#4cd58e;--post:#ff9d5c}}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:0 auto;padding:1rem 1rem 4rem}
h1{font-size:1.7rem;margin:.5rem 0} h2{font-size:1.25rem;margin:2.2rem 0 .6rem}
h3{font-size:.95rem;margin:1rem 0 .2rem} p{margin:.4rem 0}
code{font:.87em/1.45 ui-monospace,monospace;background:var(--soft);border-radius:4px;
padding:.1em .3em;overflow-wrap:anywhere}
details{border:1px solid var(--line);border-radius:8px;margin:.45rem 0}
details[open]>summary{border-bottom:1px solid var(--line)}
summary{cursor:pointer;padding:.5rem .8rem;display:flex;gap:.2rem .8rem;flex-wrap:wrap;
align-items:baseline}
summary::-webkit-details-marker{display:none}
summary:hover,summary:focus-visible{background:var(--soft)}
.inside{padding:.3rem .8rem .8rem}
.verb{font:600 .8rem ui-monospace,monospace;width:3em;color:var(--get)}
.verb.post{color:var(--post)}
.name{font-weight:600;overflow-wrap:anywhere} .quiet{color:var(--quiet);font-weight:400}
table{border-collapse:collapse;width:100%} th{font-weight:500;color:var(--quiet);font-size:.85rem}
th,td{text-align:left;padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--line);
vertical-align:top;overflow-wrap:anywhere}
th:first-child,td:first-child{width:34%}
nav{display:flex;flex-wrap:wrap;gap:.3rem 1rem;margin:1rem 0} a{color:LinkText}
@media print{details{break-inside:avoid}}
"""


def page(described: Json) -> str:
    """The page, whole."""
    title = escape(described["info"]["title"])
    groups = _grouped(described)
    links = "".join(f'<a href="#{escape(name)}">{escape(name)}</a>' for name in groups)
    parts = "".join(
        f'<h2 id="{escape(name)}">{escape(name)}</h2>{"".join(operations)}'
        for name, operations in groups.items()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style><h1>{title}</h1>"
        "<p>Every request carries a key: <code>Authorization: Bearer mono_…</code>. "
        "Programs read <code>/openapi.json</code>.</p>"
        f"<nav>{links}</nav>{parts}{_problems(described)}</html>"
    )


def _grouped(described: Json) -> dict[str, list[str]]:
    """The operations of each cell, and last what is no message."""
    groups: dict[str, list[str]] = {tag["name"]: [] for tag in described["tags"]}
    for path, item in described["paths"].items():
        for verb, operation in item.items():
            name = operation.get("tags", ["everything else"])[0]
            shown = _operation(path, verb, operation, described["components"]["schemas"])
            groups.setdefault(name, []).append(shown)
    return groups


def _operation(path: str, verb: str, operation: Json, schemas: Json) -> str:
    summary = escape(operation["summary"])
    answers = next(iter(operation["responses"]["200"]["content"].values()))["schema"]
    more = f"<p>{escape(operation['description'])}</p>" if "description" in operation else ""
    return (
        f'<details id="{escape(operation["operationId"])}"><summary>'
        f'<span class="verb {verb}">{verb.upper()}</span> '
        f'<span class="name">{escape(path.rpartition("/")[2] if "tags" in operation else path)}'
        f'</span> <span class="quiet">{summary}</span></summary><div class="inside">'
        f"<p><code>{verb.upper()} {escape(path)}</code></p>{more}"
        f"{_fields(operation, schemas)}{_answer(answers, schemas)}</div></details>"
    )


def _fields(operation: Json, schemas: Json) -> str:
    """What is to be sent: parameters of the URL, or the fields of the body."""
    rows = [
        _row(p["name"], _shape(p), p.get("description", ""), required=p.get("required", False))
        for p in operation.get("parameters", ())
        if p["in"] in ("query", "path")
    ]
    if body := operation.get("requestBody"):
        rows += _properties(resolve(_shape(body), schemas))
    where = "Body" if body else "Parameters"
    return _table(where, rows) if rows else f"<h3>{where}</h3><p>No fields.</p>" if body else ""


def _shape(part: Json) -> Json:
    """The schema of a parameter or a body."""
    found: Json = part["schema"] if "schema" in part else part["content"]["application/json"]
    return found if "schema" not in found else dict(found["schema"])


def _answer(schema: Json, schemas: Json) -> str:
    if not schema:
        return ""
    shape = resolve(schema, schemas)
    rows = list(_properties(shape)) if shape is not schema else []
    spelled = f"<h3>Answer</h3><p><code>{escape(_spell(schema))}</code></p>"
    return spelled + (_table("", rows) if rows else "")


def _properties(shape: Json) -> Iterator[str]:
    for name, part in shape.get("properties", {}).items():
        required = name in shape.get("required", [])
        yield _row(name, part, part.get("description", ""), required=required)


def _table(title: str, rows: list[str]) -> str:
    heading = f"<h3>{title}</h3>" if title else ""
    return f"{heading}<table><tr><th>field<th>type</tr>{''.join(rows)}</table>"


def _row(name: str, shape: Json, note: str, *, required: bool) -> str:
    must = "" if required else ' <span class="quiet">optional</span>'
    more = f'<br><span class="quiet">{escape(note)}</span>' if note else ""
    return f"<tr><td><code>{escape(name)}</code>{must}<td>{escape(_spell(shape))}{more}</tr>"


def _problems(described: Json) -> str:
    """What can go wrong, by status."""
    rows = "".join(
        f"<tr><td><code>{status}</code><td>{escape(response['description'])}</tr>"
        for status, response in described["components"]["responses"].items()
    )
    return f'<h2 id="problems">problems</h2><table><tr><th>status<th>means</tr>{rows}</table>'


_BOUNDS = {
    "minimum": "≥ ",
    "exclusiveMinimum": "> ",
    "maximum": "≤ ",
    "exclusiveMaximum": "< ",
    "multipleOf": "a multiple of ",
    "minLength": "length ≥ ",
    "maxLength": "length ≤ ",
    "minItems": "items ≥ ",
    "maxItems": "items ≤ ",
    "pattern": "like ",
    "format": "",
    "default": "default ",
}


def _spell(shape: Json) -> str:
    """A schema in a few words."""
    kind = _kind(shape)
    bounds = ", ".join(f"{sign}{shape[key]}" for key, sign in _BOUNDS.items() if key in shape)
    return f"{kind} ({bounds})" if bounds else kind


def _kind(shape: Json) -> str:
    if "$ref" in shape:
        return str(shape["$ref"]).rpartition("/")[2]
    if "anyOf" in shape:
        return " or ".join(_spell(part) for part in shape["anyOf"])
    if "enum" in shape:
        return " | ".join(repr(value) for value in shape["enum"])
    if "prefixItems" in shape:
        return f"[{', '.join(_spell(part) for part in shape['prefixItems'])}]"
    if isinstance(items := shape.get("items"), dict):
        return f"array of {_spell(items)}"
    if isinstance(items := shape.get("additionalProperties"), dict):
        return f"map to {_spell(items)}"
    return str(shape.get("type", "anything"))
