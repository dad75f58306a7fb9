"""Examples for `shop`, as people write them: what proves that a mutant is another one.

By qualified name, the argument tuples as source. They were written from the text of `shop`, once,
before the search was run on it, and are not to be changed to please the search.
"""

__all__ = ["EXAMPLES"]

L1 = 'shop.Line("AB1", 2, 500)'
L2 = 'shop.Line("CD22", 10, 1999)'
L3 = 'shop.Line("EF333", 1, 0)'
L4 = 'shop.Line("AB1", 5, 100)'


def _slot(room: str, start: int, end: int, day: int = 5) -> str:
    return (
        f"shop.Slot({room!r}, datetime.datetime(2026, 1, {day}, {start}), "
        f"datetime.datetime(2026, 1, {day}, {end}))"
    )


ORDERS = [
    f"shop.Order(({L1},))",
    f"shop.Order(({L1}, {L2}), shop.Level.LOYAL)",
    f"shop.Order(({L1}, {L2}, {L3}), shop.Level.KNOWN)",
    f"shop.Order(({L1}, {L3}), shop.Level.KNOWN)",
    f"shop.Order(({L2},), shop.Level.NEW, 25)",
    f"shop.Order(({L4},), shop.Level.LOYAL, 3)",
    "shop.Order(())",
]

EXAMPLES: dict[str, list[str]] = {
    "subtotal": [f"({it},)" for it in ORDERS],
    "discount": [f"({it},)" for it in ORDERS],
    "shipping": [f"({it}, {flag})" for it in ORDERS for flag in (True, False)],
    "invoice": [f"({it},)" for it in ORDERS],
    "merge": [
        f"([{L1}, {L2}, {L4}],)",
        f"([{L3}, {L1}],)",
        "([],)",
        f"([{L4}, {L1}, {L3}, {L2}],)",
    ],
    "overlaps": [
        f"({_slot('red', 9, 11)}, {_slot(room, start, end)})"
        for room, start, end in [
            ("red", 10, 12),
            ("red", 11, 12),
            ("red", 8, 9),
            ("blue", 9, 11),
            ("red", 9, 11),
            ("red", 7, 13),
        ]
    ],
    "book": [
        f"({_slot('red', 9, 11)}, [])",
        f"({_slot('red', 9, 11)}, [{_slot('red', 10, 12)}])",
        f"({_slot('red', 9, 11)}, [{_slot('red', 11, 12)}, {_slot('blue', 8, 12)}])",
        f"({_slot('red', 11, 9)}, [])",
        f"({_slot('red', 9, 9)}, [])",
        f"({_slot('red', 9, 17)}, [])",
        f"({_slot('red', 9, 18)}, [])",
    ],
    "price_of": [
        "(shop.Stay(datetime.date(2026, 1, 5), 3), 2)",
        "(shop.Stay(datetime.date(2026, 1, 9), 2), 3)",
        "(shop.Stay(datetime.date(2026, 1, 5), 7), 1, True)",
        "(shop.Stay(datetime.date(2026, 1, 5), 6), 6)",
    ],
    "round_to": [
        f"(decimal.Decimal({a!r}), {s!r})"
        for a in ("1.02", "1.025", "3.5", "-0.5")
        for s in ("0.05", "0.01", "1")
    ],
    "check_digit": [f"({n!r},)" for n in ("7992739871", "0", "59", "123456")],
    "initials": [
        f"({n!r},)" for n in ("Ada Lovelace", "ada", "jean-luc picard", "", "4 you", "A B C")
    ],
    "parse_time": [
        f"({n!r},)"
        for n in ("9", "9:30", "12am", "12pm", "1pm", "13pm", "24", "23:59", "10:60", "0am")
    ],
    "label": [
        '({"street": " Main 1 ", "zip": "800", "country": "CH"},)',
        '({"street": "", "zip": "80331", "country": "DE"},)',
    ],
    "grade": [f"({p}, {a})" for p in (95, 90, 80, 75, 60, 50, 20) for a in (1, 2, 3)],
    "waiting": ["([3, 2, 4, 1], 2)", "([5], 1)", "([], 3)", "([1, 1, 1], 1)"],
    "pages": ["(95, 10, 10)", "(0, 10, 1)", "(95, 10, 3)", "(100, 10, 20)"],
    "retry_after": ["(0,)", "(1,)", "(4, 0.25)", "(20, 5.0)"],
    "diff_keys": ['({"a": 1, "b": 2}, {"b": 3, "c": 4})', '({"a": 1}, {"a": 1})', "({}, {})"],
    "Account.deposit": ['(shop.Account("ada", 100), 50)', '(shop.Account("ada"), 0)'],
    "Account.withdraw": [
        '(shop.Account("ada", 1000), 400, 20)',
        '(shop.Account("ada", 1000), 1000)',
        '(shop.Account("ada", 1000), 990, 20)',
        '(shop.Account("ada", 90000), 60000)',
        '(shop.Account("ada", 90000), 50000)',
    ],
    "Account.is_low": ['(shop.Account("ada", 10, 100),)', '(shop.Account("ada", 9, 100),)'],
    "Stock.reserve": [
        '(shop.Stock({"pen": 5}), "pen", 5)',
        '(shop.Stock({"pen": 5}), "pen", 6)',
        '(shop.Stock({}), "ink", 1)',
    ],
    "Stock.running_low": [
        '(shop.Stock({"pen": 5, "ink": 4, "pad": 0}),)',
        '(shop.Stock({"pen": 5}), 6)',
    ],
}
