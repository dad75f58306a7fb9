"""What people type. `main` is the program; each command imports what it needs when it runs."""

from monocyte.cli.main import main

__all__ = ["main"]
