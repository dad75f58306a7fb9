"""`keys`: the pair with which a person approves."""

from __future__ import annotations

import sys

import click

from monocyte.cli.places import whoami
from monocyte.cli.show import as_json as print_json
from monocyte.cli.show import failing, json_option, note, say

__all__ = ["keys"]


@click.group()
def keys() -> None:
    """Make and show the keys with which you approve."""


@keys.command(short_help="Make a key pair; prints the public half.")
@click.option("--name", metavar="NAME", help="Whose it is.  [default: who is logged in]")
@json_option
@failing
def init(name: str | None, as_json: bool) -> None:
    """Make an Ed25519 pair. The private half is written into your own folder, readable by you only.

    The line that is printed is the public half: have it merged under [approval.keys] of
    monocyte.toml. It counts from then on, and not before.
    """
    from monocyte.genops.plans.keys import make_key, public_line

    name = name or whoami()
    file = make_key(name)
    if as_json:
        return print_json({"name": name, "private": str(file), "public": public_line(name)})
    say(public_line(name))
    note(f"the private key is {file}: never copy it into a repository")
    note("have the line above merged under [approval.keys] of monocyte.toml")
    return None


@keys.command("import", short_help="Keep a private key that was made elsewhere.")
@click.argument("name")
@json_option
@failing
def import_key(name: str, as_json: bool) -> None:
    """Read a private key from standard input and keep it as that of NAME, as on a CI runner.

    It is the file that `monocyte keys init` has written, and belongs into the secrets of a
    protected environment, nowhere else.
    """
    from monocyte.genops.plans.keys import public_line, take_key

    file = take_key(name, sys.stdin.buffer.read())
    if as_json:
        return print_json({"name": name, "private": str(file), "public": public_line(name)})
    say(public_line(name))
    return None


@keys.command("show", short_help="Print the public half of your keys.")
@click.argument("name", required=False)
@json_option
@failing
def show_keys(name: str | None, as_json: bool) -> None:
    """Print the lines for [approval.keys] of the key NAME, or of all that you have."""
    from monocyte.genops.plans.keys import own_names, public_line

    lines = [public_line(it) for it in ([name] if name else own_names())]
    if as_json:
        return print_json(lines)
    for line in lines:
        say(line)
    return None
