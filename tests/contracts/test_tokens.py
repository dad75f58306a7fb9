"""The estimate beside a real tokenizer's counts, and what holds for every text."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.contracts.tokens import WEIGHTS, Features, estimate, features

COUNTED = {
    "English": ("A booking lasts at most eight hours, and not nothing. " * 8, 97),
    "German": ("Wer ein Gerät bucht, muss dafür geschult sein, und zwar am Tag selbst. " * 8, 145),
    "Russian": ("Кто бронирует прибор, должен быть обучен в этот день. " * 8, 122),
    "Greek": ("Κάθε όργανο εξυπηρετεί ένα άτομο κάθε φορά. " * 8, 153),
    "Chinese": ("预订仪器的人当天必须接受过培训。" * 8, 88),
    "Japanese": ("装置を予約する人は、その日に訓練を受けている必要があります。" * 8, 168),
    "Hindi": ("एक उपकरण एक समय में एक ही व्यक्ति की सेवा करता है। " * 8, 105),
    "Arabic": ("كل جهاز يخدم شخصًا واحدًا في كل مرة. " * 8, 97),
    "emoji": ("🔬🧪🧫🚨🎉" * 8, 96),
    "arrows": ("person → book → Booked → enter\n" * 8, 72),
    "numbers": ("2026-11-22 18:13:49 1234567 3.14159\n" * 8, 176),
    "code": (
        "@cell.handles\ndef add(it: AddInstrument, plan: Plan, caller: Caller) -> Added:\n"
        "    KNOWN.require(it.instrument.name not in plan.instruments, it.instrument.name)\n"
        "    return Added(it.instrument)\n\n\n" * 4,
        184,
    ),
    "JSON": ('{"instrument": "confocal", "slot": {"start": "2026-01-05T10:00:00Z"}}\n' * 8, 232),
    "Markdown": ("## Rules\n\n- **BOOK-1**: an *instrument* serves [one](#one) person.\n" * 8, 184),
}
"""Texts and the tokens that o200k_base makes of them."""

ROUGH = {"Russian": 0.4, "Hindi": 0.3, "Greek": 0.2}
"""Alphabets differ, and share one weight; the others are within a tenth."""


@pytest.mark.parametrize("name", COUNTED)
def test_near_what_a_tokenizer_counts(name: str) -> None:
    """The estimate is near what a real tokenizer counts, in every language and notation."""
    text, tokens = COUNTED[name]
    assert estimate(text) == pytest.approx(tokens, rel=ROUGH.get(name, 0.1))


def test_nothing_has_no_tokens() -> None:
    """Only the empty text has no tokens."""
    assert estimate("") == 0
    assert all(estimate(text) >= 1 for text in (" ", "\n", "a", "_", "\ud800", "\0", "²", "़"))


@given(st.text(), st.text())
def test_the_whole_is_at_most_its_parts(one: str, other: str) -> None:
    """A budget kept by parts is kept by the whole: joining them adds a line end at most."""
    joined = estimate(f"{one}\n\n{other}")
    assert joined <= estimate(one) + estimate(other) + math.ceil(WEIGHTS.lines)


@given(st.text(), st.text(min_size=1))
def test_more_text_hardly_has_fewer_tokens(text: str, more: str) -> None:
    """What is appended may take the last sign along, and so save that one token."""
    assert estimate(text + more) >= estimate(text) - 1


@given(st.text(max_size=40), st.integers(2, 5))
def test_what_is_counted_adds_up(line: str, times: int) -> None:
    """Lines repeated are counted as often as they stand there."""
    line = "".join(line.split()) + "x"
    once, often = features(line + "\n"), features(f"{line}\n" * times)
    assert often == Features(*(times * number for number in once))


@pytest.mark.parametrize("text", ["a" * 200_000, "A" * 200_000, " " * 200_000, "é" * 200_000])
def test_a_run_without_end_is_no_trap(text: str) -> None:
    """The pattern looks at each character a few times, however long a run is."""
    assert estimate(text + "!") > 0


def test_no_weight_is_below_zero() -> None:
    """Every feature weighs something."""
    assert min(WEIGHTS) > 0
