"""Both ends of a wire, driven by hand: no loop, no socket, no time."""

from collections import Counter
from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monocyte.bus import Account, Delivery, Service, frames
from monocyte.bus.frames import Cancel, Events, Frame, Pull, Reply, pack, unpack
from monocyte.bus.peer import (
    BARRED,
    TABLE,
    Answered,
    Answering,
    Asking,
    Begin,
    Input,
    Send,
    Served,
    State,
    Stop,
    Tell,
)
from monocyte.contracts import Envelope, Message, to_error
from monocyte.contracts.codec import encode
from monocyte.errors import (
    BusError,
    Busy,
    Cancelled,
    Crashed,
    DeadlineExceeded,
    Invalid,
    MonocyteError,
    NoSuchCell,
    Refused,
    Unavailable,
)
from tests.bus.stage import Echo, Everything, Look, Misspelled, Struck, Wait, route, struck

NOW = 100.0


class Table:
    """An asking and an answering end, side by side, and what the frames between them say."""

    def __init__(self, in_flight: int = 4) -> None:
        self.served = Served()
        routes = (
            route(Wait, lambda envelope, ask: None),
            route(Look, lambda envelope, ask: None, immediate=True),
            route(Echo, lambda envelope, ask: None),
        )
        self.account = Account()
        self.served.serve(Service("probe", routes, (), lambda _: iter(()), self.account, in_flight))
        self.asking = Asking(lambda: NOW, {"probe.Struck": Struck})
        self.answering = Answering(self.served, lambda: NOW)

    @property
    def in_flight(self) -> int:
        """How many requests the gate of the cell counts."""
        return self.served.find("probe.Wait").gate.in_flight

    def begin(self, message: Message, **envelope: Any) -> Any:
        """Ask, and give the effect at the other end."""
        _, data = self.asking.request(Envelope(**{"id": 1, **envelope}), message)
        return self.answering.receive(data)

    def answered(self, data: bytes | None) -> Any:
        """What a frame of the answering end means to the asking end."""
        assert data is not None
        answered = self.asking.receive(data)
        return answered and answered.outcome


def sent(effect: object) -> bytes:
    """The bytes of an effect that is to send some."""
    assert isinstance(effect, Send)
    return effect.data


# -- the table -------------------------------------------------------------------------------------


def test_every_pair_is_in_the_table_but_the_mistakes() -> None:
    """Only what was never begun, or is finished, cannot be finished."""
    assert set(product(State, Input)) - set(TABLE) == {
        (State.UNKNOWN, Input.FINISH),
        (State.BARRED, Input.FINISH),
    }


STEPS = st.lists(st.tuples(st.sampled_from("rcf"), st.integers(1, 3)), max_size=40)


@given(STEPS)
def test_whatever_comes_in_whatever_order_nothing_leaks(steps: list[tuple[str, int]]) -> None:
    """The gate counts exactly what was begun and is not finished; who cancelled hears nothing."""
    table = Table(in_flight=2)
    requests = {key: table.asking.request(Envelope(key), Wait(key))[1] for key in (1, 2, 3)}
    running: set[int] = set()
    stopping: set[int] = set()
    for what, key in steps:
        if what == "r":
            effect = table.answering.receive(requests[key])
            if isinstance(effect, Begin):
                assert key not in running | stopping
                running.add(effect.key)
        elif what == "c":
            effect = table.answering.receive(pack(Cancel(key)))
            assert (effect == Stop(key)) is (key in running)
            if key in running:
                running.remove(key)
                stopping.add(key)
        elif key in running | stopping:
            data = table.answering.finish(key, key)
            assert (data is not None) is (key in running)
            running.discard(key)
            stopping.discard(key)
        assert table.in_flight == len(running | stopping) <= 2


# -- the end that answers --------------------------------------------------------------------------


def test_a_request_is_begun_and_its_answer_comes_back() -> None:
    """Request, begin, finish, answer."""
    table = Table()
    begin = table.begin(Wait(7), id="c", deadline=NOW + 5)
    assert isinstance(begin, Begin)
    assert (begin.message, begin.envelope.id, begin.envelope.deadline) == (Wait(7), "c", NOW + 5)
    assert table.in_flight == 1
    assert table.asking.receive(table.answering.finish(begin.key, 8) or b"") == Answered(1, 8)
    assert table.in_flight == 0


def test_an_error_comes_back_as_what_it_was() -> None:
    """A refusal keeps its rule."""
    table = Table()
    begin = table.begin(Wait(7))
    why = table.answered(table.answering.finish(begin.key, Refused("no", rule="P-1")))
    assert isinstance(why, Refused)
    assert why.rule == "P-1"


def test_an_immediate_answer_needs_no_room() -> None:
    """What never waits is never in flight."""
    table = Table(in_flight=0)
    begin = table.begin(Look())
    assert isinstance(begin, Begin)
    assert table.in_flight == 0
    assert table.answered(table.answering.finish(begin.key, None)) is None
    assert isinstance(table.answered(sent(table.begin(Wait(1)))), Busy)


def test_a_frame_that_comes_twice_is_begun_once() -> None:
    """While the first is running, the second is ignored."""
    table = Table()
    _, data = table.asking.request(Envelope(1), Wait(1))
    assert isinstance(table.answering.receive(data), Begin)
    assert table.answering.receive(data) is None
    assert table.in_flight == 1


def test_a_frame_that_comes_again_after_its_end_is_begun_again() -> None:
    """Whoever decides commands knows them by their id; the second answer is late."""
    table = Table()
    _, data = table.asking.request(Envelope(1), Wait(1))
    answers = []
    for _ in range(2):
        assert isinstance(table.answering.receive(data), Begin)
        answers.append(table.answering.finish(1, 1))
    assert table.answered(answers[0]) == 1
    assert table.answered(answers[1]) is None


def test_a_cancel_stops_what_was_begun_and_nobody_hears_of_its_end() -> None:
    """The gate is free when the handler is gone, not before."""
    table = Table()
    begin = table.begin(Wait(1))
    cancel = table.asking.cancel(begin.key)
    assert table.answering.receive(cancel) == Stop(begin.key)
    assert table.answering.receive(cancel) is None
    assert table.in_flight == 1
    assert table.answering.finish(begin.key, Cancelled("it was")) is None
    assert table.in_flight == 0


def test_a_cancel_that_overtakes_its_request_keeps_it_from_beginning() -> None:
    """Frames may arrive in another order than they were sent."""
    table = Table()
    key, data = table.asking.request(Envelope(1), Wait(1))
    assert table.answering.receive(table.asking.cancel(key)) is None
    assert table.answering.receive(data) is None
    assert table.in_flight == 0


def test_cancelled_keys_are_forgotten_in_the_end() -> None:
    """A host that runs for years does not remember each cancel."""
    table = Table()
    for key in range(2 * BARRED):
        table.answering.receive(pack(Cancel(key)))
    assert len(table.answering._states) == BARRED


def test_nothing_is_finished_twice_or_without_having_begun() -> None:
    """That is a mistake of the shell, and said so."""
    table = Table()
    begin = table.begin(Wait(1))
    table.answering.finish(begin.key, 1)
    for key in (begin.key, 77):
        with pytest.raises(MonocyteError, match="nothing is begun"):
            table.answering.finish(key, 1)


def test_a_request_that_is_not_admitted_is_answered_at_once() -> None:
    """The first no is sent, and nothing was begun."""
    table = Table()
    for message, envelope, error in (
        (Misspelled(), {}, NoSuchCell),
        (Wait(1), {"deadline": NOW}, DeadlineExceeded),
        (Echo(Everything(few=10)), {}, Invalid),
    ):
        assert isinstance(table.answered(sent(table.begin(message, **envelope))), error)
    assert table.in_flight == 0
    table.served.closed = True
    assert isinstance(table.answered(sent(table.begin(Misspelled()))), Unavailable)


FOREIGN: dict[str, dict[str, Any]] = {
    "another version": {"version": 2},
    "a body that is no message": {"body": b"\xc1"},
    "a body of the wrong type": {"body": encode({"number": "7"})},
    "a body with an unknown field": {"body": encode({"number": 7, "more": 1})},
    "a malformed trace": {"traceparent": "nonsense"},
}


@pytest.mark.parametrize("wrong", FOREIGN.values(), ids=FOREIGN)
def test_what_another_client_sends_wrongly_is_invalid(wrong: dict[str, Any]) -> None:
    """The end that answers trusts no frame, and its answer says whom to blame."""
    table = Table()
    _, data = table.asking.request(Envelope(1), Wait(7))
    frame = msgspec.structs.replace(unpack(data), **wrong)
    why = table.answered(sent(table.answering.receive(pack(frame))))
    assert type(why) is Invalid
    assert table.in_flight == 0


def test_not_a_number_is_invalid_even_if_a_client_did_not_look() -> None:
    """A foreign client may put into bytes what ours would not."""
    table = Table()
    _, data = table.asking.request(Envelope(1), Echo(Everything()))
    body = encode({"it": {"real": 0.5}}).replace(encode(0.5), encode(float("nan")))
    frame = msgspec.structs.replace(unpack(data), body=body)
    why = table.answered(sent(table.answering.receive(pack(frame))))
    assert type(why) is Invalid


@pytest.mark.parametrize("text", ["\ud800", "x" * (2 << 20)], ids=["surrogate", "long"])
def test_an_error_always_finds_its_way(text: str) -> None:
    """Whatever an author writes into a refusal, it arrives as one."""
    table = Table()
    begin = table.begin(Wait(1))
    why = table.answered(table.answering.finish(begin.key, Refused(text, rule="P-1")))
    assert isinstance(why, Refused)
    assert why.rule == "P-1"


def test_an_answer_that_cannot_be_sent_is_a_crash() -> None:
    """A handler that answers with something else than it says is its author's fault."""
    table = Table()
    begin = table.begin(Wait(1))
    why = table.answered(table.answering.finish(begin.key, "seven"))
    assert type(why) is Crashed
    assert table.in_flight == 0


def test_replies_do_not_belong_here() -> None:
    """An answering end that gets an answer says so."""
    for frame in (Reply(1, b"\xc0"), Events(1, "probe", ())):
        with pytest.raises(Invalid, match="does not ask"):
            Table().answering.receive(pack(frame))


# -- the end that asks -----------------------------------------------------------------------------


def test_a_late_answer_is_ignored() -> None:
    """After a cancel, and after the first answer."""
    table = Table()
    begin = table.begin(Wait(1))
    data = table.answering.finish(begin.key, 1)
    table.asking.cancel(begin.key)
    assert table.asking.receive(data or b"") is None


def test_an_answer_to_what_was_never_asked_is_said() -> None:
    """A key that was never given out cannot come back."""
    table = Table()
    table.begin(Wait(1))
    for key in (0, 2, -1):
        with pytest.raises(Invalid, match="never asked"):
            table.asking.receive(pack(Reply(key, b"\xc0")))


def test_requests_do_not_belong_there() -> None:
    """An asking end that is asked says so."""
    other: tuple[Frame, ...] = (Cancel(1), Pull(1, "probe", 0))
    for frame in other:
        with pytest.raises(Invalid, match="does not answer"):
            Table().asking.receive(pack(frame))


def test_an_answer_of_the_wrong_type_is_an_error() -> None:
    """Neither end trusts the other."""
    table = Table()
    table.begin(Wait(1))
    assert isinstance(table.answered(pack(Reply(1, encode("seven")))), Invalid)


# -- events ----------------------------------------------------------------------------------------


def pulled(table: Table, deliveries: list[Delivery], after: int = 0) -> Any:
    """Pull, and give what comes back of that."""
    key, data = table.asking.pull("probe", after)
    assert table.answering.receive(data) == Tell(key, "probe", after)
    return table.answered(table.answering.finish(key, deliveries))


def test_events_are_pulled() -> None:
    """A pull is answered with events, in order; with none when the stream has ended."""
    deliveries = [struck(1), struck(4, "ä")]
    assert pulled(Table(), deliveries) == tuple(deliveries)
    assert pulled(Table(), []) == ()


def test_a_frame_takes_as_many_events_as_it_holds() -> None:
    """The others come with the next pull."""
    large = [struck(position, "x" * (400 << 10)) for position in range(1, 6)]
    assert pulled(Table(), large) == tuple(large[:2])


def test_an_event_that_cannot_be_sent_fails_when_it_is_the_first() -> None:
    """Until then, those before it are told."""
    deliveries = [struck(1), struck(2, "\ud800")]
    table = Table()
    assert pulled(table, deliveries) == (deliveries[0],)
    assert isinstance(pulled(table, deliveries[1:]), Invalid)


def test_a_pull_that_is_cancelled_is_told_nothing() -> None:
    """Like any other request."""
    table = Table()
    key, data = table.asking.pull("probe", 0)
    table.answering.receive(data)
    assert table.answering.receive(table.asking.cancel(key)) == Stop(key)
    assert table.answering.finish(key, [struck(1)]) is None


@pytest.mark.parametrize("change", [{"name": "Stroke"}, {"version": 2}], ids=["name", "version"])
def test_an_event_that_is_not_known_here_is_invalid(change: dict[str, Any]) -> None:
    """Nothing is guessed about an event of another release."""
    table = Table()
    key, _ = table.asking.pull("probe", 0)
    it = msgspec.structs.replace(frames.happened(struck(1)), **change)
    why = table.answered(pack(Events(key, "probe", (it,))))
    assert isinstance(why, Invalid)
    assert "same release" in why.mend


def test_events_do_not_answer_a_request_nor_an_answer_a_pull() -> None:
    """What was asked for decides what may come."""
    table = Table()
    key, _ = table.asking.pull("probe", 0)
    assert isinstance(table.answered(pack(Reply(key, b"\xc0"))), Invalid)
    table.begin(Look())
    assert isinstance(table.answered(pack(Events(key + 1, "probe", ()))), Invalid)


def test_keys_are_spent_once() -> None:
    """Requests and pulls never share a key."""
    asking = Asking(lambda: NOW)
    keys = Counter(
        key
        for _ in range(3)
        for key in (asking.request(Envelope(1), Look())[0], asking.pull("probe", 0)[0])
    )
    assert set(keys.values()) == {1}


def test_an_error_on_the_wire_is_a_value() -> None:
    """What comes back is not raised by the peer: the shell decides."""
    table = Table()
    begin = table.begin(Wait(1))
    data = table.answering.finish(begin.key, Busy("full"))
    frame = unpack(data or b"")
    assert isinstance(frame, Reply)
    assert not isinstance(frame.outcome, bytes)
    assert isinstance(to_error(frame.outcome), BusError)
