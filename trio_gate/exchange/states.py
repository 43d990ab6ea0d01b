"""The way of a request, as a table.

Rule: the shell may forward only from SIGNED. Every path to SIGNED passes `Authenticated`, `Identified` and then `Allowed` or
`Approved`, in this order: who asks is
proven before it is looked at what; `tests/exchange/test_states.py` walks all of them. Where a state has no entry for an event, the event cannot happen.
Until AWS's answer has gone out whole, an exchange may end by our refusal or half-way; either way it is recorded, once.
"""

from __future__ import annotations

from enum import Enum, auto


class State(Enum):
    """Where an exchange is."""

    RECEIVED = auto()
    AUTHENTICATED = auto()
    IDENTIFIED = auto()
    PENDING = auto()
    CLEARED = auto()
    ARMED = auto()
    SIGNED = auto()
    ANSWERED = auto()
    REFUSED = auto()
    ABORTED = auto()
    DONE = auto()


class Event(Enum):
    """What happened to it."""

    AUTHENTICATED = auto()
    IDENTIFIED = auto()
    ALLOWED = auto()
    APPROVAL_NEEDED = auto()
    APPROVED = auto()
    CREDENTIALS_READY = auto()
    SIGNED = auto()
    ANSWERED = auto()
    REFUSED = auto()
    ABORTED = auto()
    RECORDED = auto()


_ENDS = {Event.REFUSED: State.REFUSED, Event.ABORTED: State.ABORTED}

TRANSITIONS: dict[State, dict[Event, State]] = {
    State.RECEIVED: {Event.AUTHENTICATED: State.AUTHENTICATED, **_ENDS},
    State.AUTHENTICATED: {Event.IDENTIFIED: State.IDENTIFIED, **_ENDS},
    State.IDENTIFIED: {Event.ALLOWED: State.CLEARED, Event.APPROVAL_NEEDED: State.PENDING, **_ENDS},
    State.PENDING: {Event.APPROVED: State.CLEARED, **_ENDS},
    State.CLEARED: {Event.CREDENTIALS_READY: State.ARMED, **_ENDS},
    State.ARMED: {Event.SIGNED: State.SIGNED, **_ENDS},
    State.SIGNED: {Event.ANSWERED: State.ANSWERED, **_ENDS},
    State.ANSWERED: {Event.RECORDED: State.DONE},
    State.REFUSED: {Event.RECORDED: State.DONE},
    State.ABORTED: {Event.RECORDED: State.DONE},
    State.DONE: {},
}


class Exchange:
    """One request on its way. `apply` moves it or raises; `state` is all it knows."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state = State.RECEIVED

    def apply(self, event: Event) -> None:
        """Move along the table. An event the table does not have here is an internal error, never the agent's."""
        try:
            self.state = TRANSITIONS[self.state][event]
        except KeyError:
            message = f"{event.name} cannot follow {self.state.name}"
            raise RuntimeError(message) from None

    def require(self, state: State) -> None:
        """Raise unless the exchange stands at `state`: the check before anything irreversible."""
        if self.state is not state:
            message = f"exchange is {self.state.name}, not {state.name}"
            raise RuntimeError(message)
