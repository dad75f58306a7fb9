"""Draw docs/cli.md from the commands themselves, so that the page cannot drift from the program.

Works on any click group; `python docs/generate_cli.py` writes the page, a test compares it.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

PAGE = Path(__file__).with_name("cli.md")
PREAMBLE = """\
# Commands

<!-- Generated from the commands by `make docs`: do not edit. -->
"""
WIDTH = 90


def page(root: click.Command, name: str) -> str:
    """Return the whole Markdown page for `root` and everything below it."""
    sections = [_section(context) for context in _walk(_context(root, name, parent=None))]
    return "\n".join([PREAMBLE, *sections])


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    return click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH
    )


def _walk(context: click.Context) -> Iterator[click.Context]:
    """Yield the context of every visible command, parents before children, sorted by name."""
    yield context
    group = context.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            yield from _walk(_context(command, name, context))


def _section(context: click.Context) -> str:
    heading = "#" * (2 + _depth(context))
    help_text = context.command.get_help(context).rstrip()
    return f"{heading} {context.command_path}\n\n```text\n{help_text}\n```\n"


def _depth(context: click.Context) -> int:
    return 0 if context.parent is None else 1 + _depth(context.parent)


def main() -> None:
    """Write docs/cli.md for the `monocyte` command."""
    from monocyte import cli  # noqa: PLC0415 - only here: the generator works for any group

    PAGE.write_text(page(cli.main, "monocyte"), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}: drawn\n")


if __name__ == "__main__":
    main()
