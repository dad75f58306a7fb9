"""The docs page, drawn from the OpenAPI description; no script, nothing from elsewhere.

Every text that a cell's author wrote passes through `escape` on its way into the page.
"""

from __future__ import annotations

import json
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
div.type{margin:1.2rem 0} div.type:target h3{text-decoration:underline}
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
    links = "".join(
        f'<a href="#{escape(name)}">{escape(name)}</a>' for name in (*groups, "types", "problems")
    )
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
        f"<nav>{links}</nav>{parts}{_types(described)}{_problems(described)}</html>"
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
    name = path.rpartition("/")[2] if "tags" in operation else path
    answers = next(iter(operation["responses"]["200"]["content"].values()))["schema"]
    more = f"<p>{escape(operation['description'])}</p>" if "description" in operation else ""
    answer = f"<h3>Answer</h3><p>{_spell(answers, schemas)}</p>" if answers else ""
    return (
        f'<details id="{escape(operation["operationId"])}"><summary>'
        f'<span class="verb {verb}">{verb.upper()}</span><span class="name">{escape(name)}</span>'
        f'<span class="quiet">{escape(operation["summary"])}</span></summary><div class="inside">'
        f"<p><code>{verb.upper()} {escape(path)}</code></p>{more}"
        f"{_fields(operation, schemas)}{answer}</div></details>"
    )


def _fields(operation: Json, schemas: Json) -> str:
    """What is to be sent: parameters of the URL, or the fields of the body."""
    rows = [
        _row(p["name"], _shape(p), schemas, p.get("description", ""), p.get("required", False))
        for p in operation.get("parameters", ())
        if p["in"] in ("query", "path")
    ]
    if body := operation.get("requestBody"):
        rows += _properties(resolve(_shape(body), schemas), schemas)
    if not rows:
        return "<p>It takes no fields.</p>" if "tags" in operation else ""
    return f"<h3>{'Body' if body else 'Parameters'}</h3>{_table(rows)}"


def _shape(part: Json) -> Json:
    """The schema of a parameter or a body."""
    found: Json = (
        part["schema"] if "schema" in part else part["content"]["application/json"]["schema"]
    )
    return found


def _types(described: Json) -> str:
    """What the messages are made of."""
    schemas = described["components"]["schemas"]
    shown = "".join(_type(name, shape, schemas) for name, shape in schemas.items())
    return f'<h2 id="types">types</h2>{shown}'


def _type(name: str, shape: Json, schemas: Json) -> str:
    rows = list(_properties(shape, schemas))
    inside = _table(rows) if rows else f"<p>{_kind(shape, schemas)}</p>"
    note = escape(shape.get("description", "").partition("\n")[0])
    return (
        f'<div class="type" id="{_anchor(name)}"><h3>{escape(_title(name, schemas))} '
        f'<span class="quiet">{note}</span></h3>{inside}</div>'
    )


def _properties(shape: Json, schemas: Json) -> Iterator[str]:
    required = shape.get("required", [])
    for name, part in shape.get("properties", {}).items():
        yield _row(name, part, schemas, part.get("description", ""), name in required)


def _table(rows: list[str]) -> str:
    return f"<table><tr><th>field<th>type</tr>{''.join(rows)}</table>"


def _row(name: str, shape: Json, schemas: Json, note: str, required: bool) -> str:
    must = "" if required else ' <span class="quiet">optional</span>'
    more = f'<br><span class="quiet">{escape(note)}</span>' if note else ""
    spelled = _spell(shape, schemas)
    return f"<tr><td><code>{escape(name)}</code>{must}<td>{spelled}{more}</tr>"


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
}


def _spell(shape: Json, schemas: Json) -> str:
    """A schema in a few words, with links to the types that it names; escaped."""
    kind = _kind(shape, schemas)
    if "prefixItems" in shape:
        return kind
    bounds = [f"{sign}{shape[key]}" for key, sign in _BOUNDS.items() if key in shape]
    if "default" in shape:
        bounds.append(f"default {json.dumps(shape['default'], ensure_ascii=False)}")
    return f"{kind} ({escape(', '.join(bounds))})" if bounds else kind


def _kind(shape: Json, schemas: Json) -> str:
    if "$ref" in shape:
        name = str(shape["$ref"]).rpartition("/")[2]
        return f'<a href="#{_anchor(name)}">{escape(_title(name, schemas))}</a>'
    if "anyOf" in shape:
        return " or ".join(_spell(part, schemas) for part in shape["anyOf"])
    if "enum" in shape:
        return escape(" | ".join(repr(value) for value in shape["enum"]))
    if "prefixItems" in shape:
        return f"[{', '.join(_spell(part, schemas) for part in shape['prefixItems'])}]"
    if isinstance(items := shape.get("items"), dict):
        return f"array of {_spell(items, schemas)}"
    if isinstance(items := shape.get("additionalProperties"), dict):
        return f"map to {_spell(items, schemas)}"
    return escape(str(shape.get("type", "anything")))


def _anchor(name: str) -> str:
    return escape(f"type-{name}")


def _title(name: str, schemas: Json) -> str:
    """What a type is called by its author; in the whole app two may be called the same."""
    return str(schemas.get(name, {}).get("title", name.removeprefix("monocyte.")))
