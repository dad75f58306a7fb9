"""The docs page, drawn from the OpenAPI description; no script, nothing from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any

__all__ = ["page"]

STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8882}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
h1,h2,h3{line-height:1.2} h2{border-bottom:1px solid var(--line);padding-bottom:.3rem;margin-top:2.5rem}
code,pre{font:14px/1.45 ui-monospace,monospace;background:var(--soft);border-radius:4px}
code{padding:.1em .3em} pre{padding:.7rem;overflow-x:auto}
details{border:1px solid var(--line);border-radius:6px;margin:.6rem 0;padding:.4rem .8rem}
summary{cursor:pointer;font-weight:600;overflow-wrap:anywhere}
.verb{display:inline-block;min-width:3.2em;font:600 13px ui-monospace,monospace;color:#0a6}
.verb.post{color:#c50} table{border-collapse:collapse;width:100%} th,td{text-align:left;
padding:.25rem .5rem;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
nav a{margin-right:1rem} @media print{details{break-inside:avoid}}
"""


def page(described: dict[str, Any]) -> str:
    """The page, whole."""
    info = described["info"]
    groups: dict[str, list[str]] = {tag["name"]: [] for tag in described["tags"]}
    for path, item in described["paths"].items():
        for verb, operation in item.items():
            cell = operation.get("tags", ["events"])[0]
            groups.setdefault(cell, []).append(_operation(path, verb, operation, described))
    links = " ".join(f'<a href="#{escape(cell)}">{escape(cell)}</a>' for cell in groups)
    body = "".join(
        f'<h2 id="{escape(cell)}">{escape(cell)}</h2>{"".join(parts)}'
        for cell, parts in groups.items()
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(info["title"])}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style>'
        f"<h1>{escape(info['title'])}</h1><p>Send <code>Authorization: Bearer mono_…</code> with each "
        "request. The description for machines is <code>/openapi.json</code>.</p>"
        f"<nav>{links}</nav>{body}</html>"
    )


def _operation(path: str, verb: str, operation: dict[str, Any], described: dict[str, Any]) -> str:
    schemas = described["components"]["schemas"]
    rows = [
        _row(p["name"], p["schema"], required=p.get("required", False), note=p["in"])
        for p in operation.get("parameters", ())
        if p["in"] == "query"
    ]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    shape = _resolve(content.get("schema", {}), schemas)
    rows += [
        _row(name, part, required=name in shape.get("required", []), note="body")
        for name, part in shape.get("properties", {}).items()
    ]
    answers = next(iter(operation["responses"]["200"]["content"].values()))["schema"]
    table = (
        f"<table><tr><th>field<th>type<th>where</tr>{''.join(rows)}</table>"
        if rows
        else "<p>It takes no fields.</p>"
    )
    summary = operation.get("summary", "")
    return (
        f'<details id="{escape(operation["operationId"])}"><summary><span class="verb {verb}">'
        f"{verb.upper()}</span> {escape(path)}</summary><p>{escape(summary)}</p>{table}"
        f"<p>Answers <code>{escape(_spell(answers))}</code>.</p></details>"
    )


def _row(name: str, shape: dict[str, Any], *, required: bool, note: str) -> str:
    must = "" if required else " (optional)"
    return f"<tr><td><code>{escape(name)}</code>{must}<td>{escape(_spell(shape))}<td>{note}</tr>"


def _resolve(shape: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schemas.get(shape.get("$ref", "").rsplit("/", 1)[-1], shape)
    return found


_BOUNDS = {
    "minimum": "≥ ",
    "exclusiveMinimum": "> ",
    "maximum": "≤ ",
    "exclusiveMaximum": "< ",
    "minLength": "length ≥ ",
    "maxLength": "length ≤ ",
    "pattern": "like ",
    "format": "",
}


def _spell(shape: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in shape:
        return str(shape["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in shape:
        return " or ".join(_spell(part) for part in shape["anyOf"])
    if "enum" in shape:
        return " | ".join(repr(value) for value in shape["enum"])
    if "const" in shape:
        return repr(shape["const"])
    kind = str(shape.get("type", "anything"))
    if kind == "array":
        items = shape.get("items")
        kind = f"array of {_spell(items)}" if isinstance(items, dict) else "array"
    if kind == "object" and isinstance(shape.get("additionalProperties"), dict):
        kind = f"map to {_spell(shape['additionalProperties'])}"
    bounds = ", ".join(f"{sign}{shape[key]}" for key, sign in _BOUNDS.items() if key in shape)
    return f"{kind} ({bounds})" if bounds else kind
