"""The way of a request, as a table.

Rule: the shell may forward only from SIGNED. A call that the gateway answers itself goes from CLEARED to ANSWERED, but a signature
that it hands out is made as any other, by ARMED and SIGNED. What is no call (an agent asks about itself, asks for a task or ends
one) is answered from AUTHENTICATED. Every path to SIGNED passes AUTHENTICATED, IDENTIFIED and then ALLOWED or APPROVED, in this
order: who asks is proven before anyone looks at what is asked. `tests/exchange/test_states.py` walks all paths. An event for which
a state has no entry cannot happen there. Until AWS's answer has been sent on whole, an exchange may be refused or aborted; either
way it is recorded once.
"""

from __future__ import annotations

from enum import StrEnum, auto


class State(StrEnum):
    """How far an exchange has come."""

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


class Event(StrEnum):
    """What moves an exchange from one state to the next."""

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
    State.AUTHENTICATED: {Event.IDENTIFIED: State.IDENTIFIED, Event.ANSWERED: State.ANSWERED, **_ENDS},
    State.IDENTIFIED: {Event.ALLOWED: State.CLEARED, Event.APPROVAL_NEEDED: State.PENDING, **_ENDS},
    State.PENDING: {Event.APPROVED: State.CLEARED, **_ENDS},
    State.CLEARED: {Event.CREDENTIALS_READY: State.ARMED, Event.ANSWERED: State.ANSWERED, **_ENDS},
    State.ARMED: {Event.SIGNED: State.SIGNED, **_ENDS},
    State.SIGNED: {Event.ANSWERED: State.ANSWERED, **_ENDS},
    State.ANSWERED: {Event.RECORDED: State.DONE},
    State.REFUSED: {Event.RECORDED: State.DONE},
    State.ABORTED: {Event.RECORDED: State.DONE},
    State.DONE: {},
}


class Exchange:
    """The state of one request. `apply` moves it along the table or raises.

    `sent`: whether AWS has got any of it, and so may have executed it.
    """

    __slots__ = ("sent", "state")

    def __init__(self) -> None:
        self.state = State.RECEIVED
        self.sent = False

    def apply(self, event: Event) -> None:
        """Move along the table. Raises RuntimeError for an event that cannot happen here, which is an internal error."""
        try:
            self.state = TRANSITIONS[self.state][event]
        except KeyError:
            message = f"{event.name} cannot follow {self.state.name}"
            raise RuntimeError(message) from None

    def require(self, state: State) -> None:
        """Raise RuntimeError unless the exchange is in `state`. Called before anything irreversible."""
        if self.state is not state:
            message = f"exchange is {self.state.name}, not {state.name}"
            raise RuntimeError(message)
