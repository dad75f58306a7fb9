"""`completion`: let the shell complete commands, options, cells and messages."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from monocyte.cli.show import say

__all__ = ["completion"]


@click.command(short_help="Print what makes your shell complete.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that completes commands, options and messages in SHELL.

    For bash, put `eval "$(monocyte completion bash)"` into ~/.bashrc.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell} is not supported by this version of click")
    program = context.find_root().command
    say(kind(program, {}, "monocyte", "_MONOCYTE_COMPLETE").source())
