"""Every path through the table of an exchange, and what an exchange does with an event that the table does not have."""

from __future__ import annotations

import pytest

from trio_gate.exchange.states import TRANSITIONS, Event, Exchange, State

PASSED = [Event.AUTHENTICATED, Event.IDENTIFIED]
JUDGED = [[Event.ALLOWED], [Event.APPROVAL_NEEDED, Event.APPROVED]]
ENDS = [State.ANSWERED, State.REFUSED, State.ABORTED]
BEFORE_THE_ANSWER = [state for state in State if state not in (*ENDS, State.DONE)]


def paths(state: State, walked: tuple[Event, ...] = ()):
    """All ways on from a state to where nothing leaves. Every event is at most once on a way, or the walk would never end."""
    assert len(set(walked)) == len(walked)
    if not TRANSITIONS[state]:
        yield walked
    for event, after in TRANSITIONS[state].items():
        yield from paths(after, (*walked, event))


PATHS = list(paths(State.RECEIVED))


def test_what_is_signed_was_authenticated_identified_judged_and_armed_in_this_order():
    to_signed = {path[: path.index(Event.SIGNED) + 1] for path in PATHS if Event.SIGNED in path}
    assert to_signed == {(*PASSED, *judged, Event.CREDENTIALS_READY, Event.SIGNED) for judged in JUDGED}


def test_signed_is_entered_by_being_signed_alone():
    entries = [(event, after) for row in TRANSITIONS.values() for event, after in row.items() if State.SIGNED is after]
    assert entries == [(Event.SIGNED, State.SIGNED)]


def test_every_path_ends_recorded_once_and_in_one_way():
    assert {path[-1] for path in PATHS} == {Event.RECORDED}
    ends = [{Event.ANSWERED, Event.REFUSED, Event.ABORTED} & set(path) for path in PATHS]
    assert all(len(end) == 1 for end in ends)


def test_what_is_answered_was_signed_or_cleared_or_is_no_call():
    answered = {path[: path.index(Event.ANSWERED)] for path in PATHS if Event.ANSWERED in path}
    signed = (Event.CREDENTIALS_READY, Event.SIGNED)
    of_calls = {(*PASSED, *judged, *more) for judged in JUDGED for more in ((), signed)}
    assert answered == {(Event.AUTHENTICATED,), *of_calls}


def test_every_state_is_reached_and_nothing_leaves_the_last():
    assert TRANSITIONS.keys() == set(State)
    assert {after for row in TRANSITIONS.values() for after in row.values()} == set(State) - {State.RECEIVED}
    assert [state for state, row in TRANSITIONS.items() if not row] == [State.DONE]
    assert all(TRANSITIONS[state] == {Event.RECORDED: State.DONE} for state in ENDS)


@pytest.mark.parametrize("state", BEFORE_THE_ANSWER)
def test_a_refusal_and_a_break_are_possible_until_the_answer_is_out(state):
    assert TRANSITIONS[state][Event.REFUSED] is State.REFUSED
    assert TRANSITIONS[state][Event.ABORTED] is State.ABORTED


def at(state: State) -> Exchange:
    exchange = Exchange()
    exchange.state = state
    return exchange


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_an_event_moves_along_the_table_or_raises_and_does_not_move(state, event):
    exchange = at(state)
    after = TRANSITIONS[state].get(event)
    if after is None:
        with pytest.raises(RuntimeError, match=f"{event.name} cannot follow {state.name}"):
            exchange.apply(event)
        assert exchange.state is state
    else:
        exchange.apply(event)
        assert exchange.state is after


@pytest.mark.parametrize("state", State)
def test_what_needs_a_state_happens_in_it_alone(state):
    for wanted in State:
        if wanted is state:
            at(state).require(wanted)
        else:
            with pytest.raises(RuntimeError, match=f"{state.name}, not {wanted.name}"):
                at(state).require(wanted)


def test_an_exchange_begins_received():
    assert Exchange().state is State.RECEIVED
