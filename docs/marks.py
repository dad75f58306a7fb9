"""Where in a page of docs something is drawn from the code: between two marks, and nowhere else."""

__all__ = ["drawn_between"]


def drawn_between(page: str, start: str, end: str, what: str) -> str:
    """Return `page` with `what` between its marks; ValueError if it has none."""
    before, _, rest = page.partition(start)
    _, mark, after = rest.partition(end)
    if not mark:
        raise ValueError("the marks around the table are missing")
    return f"{before}{start}\n{what.rstrip()}\n\n{end}{after}"
