"""`debt`: what the cells cost whoever reads them next, now and with each release."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monocyte.cli.places import app_option
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, say, table

if TYPE_CHECKING:
    from monocyte.genops.debt.measures import Debt, Measured
    from monocyte.genops.debt.releases import Release

__all__ = ["debt"]

COMFORTABLE, TOO_LARGE = 500_000, 2_000_000
"""Bytes of code: up to the first it is comfortable, beyond the second an app is to be parted."""

CELL = 4_000
"""Tokens that a cell should fit in."""

SHOWN = 10


@click.command(short_help="Show what the code costs its next reader.")
@app_option
@json_option
@failing
def debt(app_path: Path | None, as_json: bool) -> None:
    """Show size, complexity, clones, dead code and what could be simpler: now, and by release.

    A change by a model is refused if it makes any of it worse than what was asked for explains; see
    [gates] in monocyte.toml.
    """
    import msgspec

    from monocyte.genops.debt.measures import measure

    root, texts = _texts(app_path)
    measured = measure(texts)
    past = _releases(root)
    if as_json:
        said = [{"plan": it.plan, "at": it.at, "debt": msgspec.to_builtins(it.debt)} for it in past]
        clones = [str(it) for it in measured.clones]
        print_json({"now": msgspec.to_builtins(measured.debt), "clones": clones, "releases": said})
        return
    _show_cells(measured.debt)
    _show_rest(measured)
    if past:
        say("")
        rows = [(f"{it.at:%Y-%m-%d}", it.plan, *_totals(it.debt)) for it in past[-SHOWN:]]
        table(("released", "plan", "tokens", "complexity", "twice", "dead", "wordy"), rows)


def _texts(app_path: Path | None) -> tuple[Path, Mapping[str, str]]:
    """The files of the cells, by path within the app; raises ConfigError if there are none."""
    from monocyte.errors import ConfigError
    from monocyte.runtime import find_root, read_settings

    root = find_root(app_path or Path.cwd())
    package = root / read_settings(root).app.cells.replace(".", "/")
    files = sorted(package.rglob("*.py"))
    if not files:
        mend = "[app] cells in monocyte.toml names the package with the cells"
        raise ConfigError("there are no cells", where=str(package), mend=mend)
    return root, {str(it.relative_to(root)): _text(it) for it in files}


def _text(file: Path) -> str:
    from monocyte.errors import ConfigError

    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as why:
        raise ConfigError(f"it cannot be read: {why}", where=str(file)) from why


def _releases(root: Path) -> list[Release]:
    """What is known of releases; nothing where nothing was ever planned."""
    from monocyte.errors import LedgerUnavailable
    from monocyte.genops.debt.releases import releases
    from monocyte.genops.ledger.gitledger import GitLedger

    try:
        ledger = GitLedger(root)
    except LedgerUnavailable:
        return []  # an app without a repository has no releases
    return list(releases(ledger, ledger.read()))


def _show_cells(debt: Debt) -> None:
    rows = [
        (
            *(file, f"{it.tokens:,}{' !' if it.tokens > CELL else ''}", it.functions),
            *(it.complexity, f"{it.worst} {it.where}".strip()),
        )
        for file, it in debt.cells.items()
        if it.functions
    ]
    table(("cell", "tokens", "functions", "complexity", "the worst"), rows)


def _show_rest(measured: Measured) -> None:
    debt = measured.debt
    size = f"{debt.bytes / 1000:,.0f} kB of code"
    if debt.bytes > TOO_LARGE:
        size += ": beyond 2 MB, part the app"
    elif debt.bytes > COMFORTABLE:
        size += ": beyond 500 kB it gets uncomfortable"
    twice, dead, wordy = debt.duplicated, len(debt.dead), len(debt.simpler)
    say(f"\n{size}; {twice} lines stand twice, {dead} unused, {wordy} could be simpler")
    told = [str(it) for it in measured.clones]
    told += [f"{it.place}: {it.said}" for it in (*debt.dead, *debt.simpler)]
    for it in told[:SHOWN]:
        say(f"  {it}")
    if len(told) > SHOWN:
        say(f"  and {len(told) - SHOWN} more: --json")


def _totals(debt: Debt) -> tuple[str, int, int, int, int]:
    tokens = f"{debt.tokens:,}"
    return tokens, debt.complexity, debt.duplicated, len(debt.dead), len(debt.simpler)
