"""What people may do at the approval hub: each frame of a client is checked, carried out and answered.

Rule: a person may do only what the configuration allows; each frame is answered by one frame, before the news that it causes.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import trio

from trio_gate.approval.channel.codec import MAX_SERVER_FRAME, encode, timestamp
from trio_gate.approval.channel.frames import (
    Accepted,
    AgentShown,
    Compare,
    Decide,
    Detail,
    EndSession,
    Found,
    Lift,
    Link,
    MakeLink,
    Observe,
    Open,
    Preview,
    Read,
    Rejected,
    Revoke,
    Search,
    SessionList,
    Sessions,
    ShowAgent,
    Stop,
    Token,
)
from trio_gate.approval.state import GONE, OTHER_DIGEST, Prompt, Refused, decide
from trio_gate.approval.terms import Terms
from trio_gate.audit.acts import end_session_row, lift_row, revoke_row, stop_row, void_row, vote_row
from trio_gate.errors import AuditUnavailable, Overloaded, StorageUnavailable, TooMuchAtOnce
from trio_gate.sessions.persistence import shown
from trio_gate.shell.approval.grants import grant_flaw
from trio_gate.shell.approval.preview import preview
from trio_gate.shell.audit.acts import WRITE_TIMEOUT
from trio_gate.shell.comparison.answers import Comparisons
from trio_gate.shell.worker_threads import in_thread
from trio_gate.text.visible import visible, visible_tree

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import TypeVar, TypeVarTuple, Unpack

    from trio_gate.approval.channel.frames import ClientFrame, ServerFrame
    from trio_gate.config.model import Person
    from trio_gate.ports import Clock
    from trio_gate.shell.approval.hub import ApprovalHub
    from trio_gate.shell.approval.preview import Recorded
    from trio_gate.shell.approval.subscription import Subscription
    from trio_gate.shell.approval.waiting import Entry

    T = TypeVar("T")
    Ts = TypeVarTuple("Ts")
    View = Callable[[str | None], Awaitable[tuple[Mapping[str, object], str]]]
    Find = Callable[[Mapping[str, str], int | None, int], tuple[list[dict[str, Any]], int | None]]

log = logging.getLogger(__name__)

_MAY_NOT = {
    "may_observe": "you may not observe: `may_observe` in your person block allows it",
    "may_stop": "you may not stop calls: `may_stop` in your person block allows it",
}

MAX_LISTED = 1000
"""Sessions in a list, the newest of them: so many fit into a frame where their chains are short."""

_NO_AGENT = Refused(code="gone", message="there is no agent of this name")
_NOT_STOPPED = Refused(code="gone", message="this is not stopped")


class CommandHandler:
    """Carries out and answers clients' frames.

    `find` and `recorded` read the record, see `audit.database`; they may block. `view` returns what an agent reads about itself, as values
    and as text.
    """

    def __init__(
        self, hub: ApprovalHub, clock: Clock, find: Find | None = None, recorded: Recorded | None = None, view: View | None = None
    ) -> None:
        self._hub = hub
        self._clock = clock
        self._find = find
        self._recorded = recorded
        self._view = view
        self._searching: dict[str, trio.CapacityLimiter] = {}
        self._comparisons = Comparisons(hub.entry, hub.acts.write, clock)

    async def receive(self, subscription: Subscription, frame: ClientFrame) -> None:
        """Carry out a client's frame and queue its answer; a frame of a closed subscription is ignored."""
        if subscription.closed:
            return
        if isinstance(frame, Decide):
            async with self._hub.voting:
                await self._decide(subscription, frame)
            return
        answer = await self._answer(subscription, frame)
        if isinstance(answer, Refused):
            answer = Rejected(ref=_ref(frame), id=getattr(frame, "id", None), code=answer.code, message=answer.message)
        if isinstance(answer, str):
            subscription.send_encoded(answer)
        else:
            subscription.send(answer)

    async def _decide(self, subscription: Subscription, frame: Decide) -> None:
        """Record a vote, then count it; it is checked again, because the question may have ended while the record was written."""
        person = subscription.person
        entry = self._hub.entry(frame.id, person.name)
        after = self._voted(entry, person, frame) if entry is not None else GONE
        if entry is None or isinstance(after, Refused):
            self.decide(subscription, frame)
            return
        question, fault = entry.prompt.question, None
        try:
            await self._hub.acts.write(vote_row(question, after.votes[-1], kind=person.kind, status=after.status.value))
        except AuditUnavailable as error:
            fault = Refused(code="unavailable", message=f"your answer does not count, and the call waits on: {error.reason}")
        if fault is None and not subscription.closed and self.decide(subscription, frame):
            return
        if fault is not None:
            subscription.send(Rejected(ref=frame.ref, id=frame.id, code=fault.code, message=fault.message))
        why = (
            "it could not be recorded in time"
            if fault
            else "the question had ended, or the person's rights had, when it was recorded"
        )
        self._hub.acts.note(void_row(question, person.name, person.kind, why=why, now=self._clock.now()))

    def decide(self, subscription: Subscription, frame: Decide) -> bool:
        """Check a vote and count it. Returns whether it counted; the person is sent the answer either way."""
        person = subscription.person
        entry = self._hub.entry(frame.id, person.name)
        after = self._voted(entry, person, frame) if entry is not None else GONE
        if entry is None or isinstance(after, Refused):
            refused = after if isinstance(after, Refused) else GONE
            subscription.send(Rejected(ref=frame.ref, id=frame.id, code=refused.code, message=refused.message))
            return False
        reading = after.votes[-1].reading
        unread = (
            f", {len(reading.unread)} parts unread"
            if reading is not None and frame.verdict == "approve" and reading.unread
            else ""
        )
        log.info("approver %s: %s %s%s", person.name, frame.verdict, frame.id, unread)
        subscription.send(Accepted(ref=frame.ref, id=frame.id, status=after.status.value))
        self._hub.settle(entry, after)
        return True

    def _voted(self, entry: Entry, person: Person, frame: Decide) -> Prompt | Refused:
        gives = frame.grant is not None or (frame.verdict == "approve" and entry.prompt.question.task is not None)
        flaw = self._flaw(entry, person, frame.grant) if gives else None
        if flaw is not None:
            return flaw
        confirmed = frame.confirmed or ()
        reading = entry.readings.of(person.name, entry.prompt.question, knowing=frame.unread is True, confirmed=confirmed)
        if frame.verdict == "approve" and frame.unread is False and reading.unread:
            return Refused(code="unread", message=f"read first: {', '.join(reading.unread)}")
        return decide(
            entry.prompt,
            person=person.name,
            digest=frame.digest,
            verdict=frame.verdict,
            reason=visible(frame.reason),
            now=self._clock.now(),
            grant=frame.grant if frame.verdict == "approve" else None,
            reading=reading,
        )

    def _flaw(self, entry: Entry, person: Person, terms: Terms | None) -> Refused | None:
        """Why this person cannot give a grant, see `grant_flaw`."""
        return grant_flaw(self._hub.limits, self._hub.grants.table, entry.prompt, entry.asked, person, terms)

    async def _answer(self, subscription: Subscription, frame: ClientFrame) -> ServerFrame | Refused | str:
        """The answer to a frame; a large one is encoded already, in a thread, to keep the event loop free."""
        match frame:
            case Open():
                return await self._opened(subscription.person, frame)
            case Read():
                return self._read(subscription.person, frame)
            case Preview():
                return await self._previewed(subscription.person, frame)
            case Compare():
                return await self._comparisons.answer(subscription.person, frame)
            case Revoke():
                return await self._revoked(subscription.person, frame)
            case Stop() | Lift():
                return await self._stopped(subscription, frame)
            case Sessions() | EndSession():
                person = subscription.person
                return self._sessions(person, frame) if isinstance(frame, Sessions) else await self._session_ended(person, frame)
            case MakeLink():
                return await self._linked(subscription, frame)
            case Observe() | Search() | ShowAgent():
                return await self._observed(subscription, frame)
            case Token() | Decide():
                return Refused(code="malformed", message="hello comes first, and once")

    async def _opened(self, person: Person, frame: Open) -> ServerFrame | Refused:
        entry = self._hub.entry(frame.id, person.name)
        if entry is None:
            return GONE
        try:
            opened = await entry.asked.open(frame.part, frame.offset, bool(frame.colors)) if entry.asked is not None else None
        except (Overloaded, TooMuchAtOnce):
            return Refused(code="not_kept", message="too much of this agent is being opened already: try again")
        except StorageUnavailable as fault:
            log.error("%s", fault.detail)  # noqa: TRY400 - the fault is the disk's
            return Refused(code="not_kept", message="this part cannot be read: the gateway's log says why")
        if self._hub.entry(frame.id, person.name) is not entry:
            return GONE
        if opened is None:
            return Refused(code="not_kept", message="this part is not here: the gateway does not hold it, or no longer")
        files = opened.files or None if frame.shows else None
        entry.readings.fetched(person.name, frame.part, frame.offset, opened.next, shows=bool(frame.shows), files=files)
        given = {**asdict(opened), "colors": opened.colors if frame.colors else None, "files": files}
        return Detail(ref=frame.ref, id=frame.id, part=frame.part, offset=frame.offset, **given)

    def _read(self, person: Person, frame: Read) -> ServerFrame | Refused:
        entry = self._hub.entry(frame.id, person.name)
        if entry is None:
            return GONE
        if frame.digest != entry.prompt.question.digest:
            return OTHER_DIGEST
        entry.readings.shown(person.name, frame.parts, entry.prompt.question)
        return Accepted(ref=frame.ref, id=frame.id, status="done")

    async def _previewed(self, person: Person, frame: Preview) -> ServerFrame | Refused:
        entry = self._hub.entry(frame.id, person.name)
        task = entry is not None and entry.prompt.question.task is not None
        terms = None if task else Terms(uses=1, minutes=1, predicate=frame.predicate)
        flaw = self._flaw(entry, person, terms) if entry is not None else GONE
        if entry is None or flaw is not None:
            return flaw or GONE
        others = self._hub.alike(entry, person.name)
        return await self._beside(person, preview, frame, entry.prompt.question, others, self._recorded, self._clock.now())

    async def _revoked(self, person: Person, frame: Revoke) -> ServerFrame | Refused:
        grant = self._hub.grants.table.get(frame.id)
        if grant is None or not grant.is_for(person.name):
            return Refused(code="gone", message="there is no such grant any more")
        self._hub.grants.end(grant, "revoked", person.name)
        self._hub.acts.note(revoke_row(grant, person.name, person.kind, self._clock.now()))
        unwritten = await self._unwritten("the grant is revoked", "bring it back")
        return unwritten or Accepted(ref=frame.ref, id=frame.id, status="done")

    async def _unwritten(self, done: str, restart: str) -> Refused | None:
        """The answer where an act is in force and not on disk yet: it says what a restart would do. None once it is on disk."""
        lost, sessions = f"a restart would {restart}", self._hub.sessions
        wanted = [(self._hub.flush, lost), (self._hub.acts.flush, "this is not in the record yet")]
        if sessions is not None:
            wanted.insert(1, (sessions.flush, lost))
        for write, but in wanted:
            try:
                with trio.fail_after(WRITE_TIMEOUT):
                    await write()
            except (StorageUnavailable, trio.TooSlowError) as error:
                why = error.reason if isinstance(error, StorageUnavailable) else "the disk is slow"
                return Refused(code="unavailable", message=f"{done}, but {but}: {why}")
        return None

    async def _stopped(self, subscription: Subscription, frame: Stop | Lift) -> ServerFrame | Refused:
        person = subscription.person
        if not person.may_stop:
            return Refused(code="not_allowed", message=_MAY_NOT["may_stop"])
        if frame.agent is not None and isinstance(frame, Stop) and frame.agent not in self._hub.config.agents:
            return _NO_AGENT
        if isinstance(frame, Stop):
            stop = self._hub.stop(frame.agent, person.name, visible(frame.reason))
            self._hub.acts.note(stop_row(stop, person.kind))
            unwritten = await self._unwritten("it is stopped", "forget it")
        else:
            flaw = await self._lifted(subscription, frame)
            unwritten = flaw or await self._unwritten("it is lifted", "stop it again")
        return unwritten or Accepted(ref=frame.ref, id=None, status="done")

    async def _lifted(self, subscription: Subscription, frame: Lift) -> Refused | None:
        """Lift the stop in force, once that is in the record. Returns why it stays, if it does: a stop made meanwhile is another one."""
        person, stops, flaw = subscription.person, self._hub.stops, None
        meant = stops.get(frame.agent)
        if meant is None:
            return _NOT_STOPPED
        try:
            await self._hub.acts.write(lift_row(frame.agent, person.name, person.kind, self._clock.now()))
        except AuditUnavailable as error:
            flaw = Refused(code="unavailable", message=f"it is still stopped: {error.reason}")
        found = stops.get(frame.agent)
        if found is None:
            return _NOT_STOPPED
        if found is not meant:
            flaw = Refused(code="gone", message=f"it is still stopped: {found.by} stopped it again while you lifted it")
        if flaw is None and not subscription.closed:
            stops.lift(frame.agent, person.name)
            return None
        self._hub.acts.note(stop_row(found, ""))  # so that the record does not end with a lift that did not happen
        return flaw or _NOT_STOPPED

    def _sessions(self, person: Person, frame: Sessions) -> ServerFrame | Refused:
        if not person.may_stop:
            return Refused(code="not_allowed", message=_MAY_NOT["may_stop"])
        found, now = self._hub.sessions.table.all() if self._hub.sessions is not None else [], self._clock.now()
        live = [session for session in found if session.expires > now]
        newest = _fitting([shown(session) for session in live[: -MAX_LISTED - 1 : -1]])
        return SessionList(ref=frame.ref, sessions=newest[::-1])

    async def _session_ended(self, person: Person, frame: EndSession) -> ServerFrame | Refused:
        if not person.may_stop:
            return Refused(code="not_allowed", message=_MAY_NOT["may_stop"])
        sessions = self._hub.sessions
        ended = sessions.end(lambda session: session.key_id == frame.id) if sessions is not None else ()
        if not ended:
            return Refused(code="gone", message="there is no such session any more")
        for session in ended:
            self._hub.acts.note(end_session_row(session, person.name, person.kind, self._clock.now()))
        unwritten = await self._unwritten("the session has ended", "bring it back")
        return unwritten or Accepted(ref=frame.ref, id=frame.id, status="done")

    async def _linked(self, subscription: Subscription, frame: MakeLink) -> ServerFrame | Refused:
        if subscription.by_session:
            return Refused(code="not_allowed", message="a link is made with your token: run `trio-gate person link`")
        try:
            code, until = await self._hub.links.make(subscription.person)
        except AuditUnavailable as error:
            return Refused(code="unavailable", message=f"no link was made: {error.reason}")
        log.info("approver %s made a sign-in link", subscription.person.name)
        return Link(ref=frame.ref, code=code, page=self._hub.page, expires_at=timestamp(until))

    async def _observed(self, subscription: Subscription, frame: Observe | Search | ShowAgent) -> ServerFrame | Refused | str:
        """What a person may do who may observe."""
        person = subscription.person
        if not person.may_observe:
            return Refused(code="not_allowed", message=_MAY_NOT["may_observe"])
        if isinstance(frame, ShowAgent):
            return await self._shown(frame)
        if isinstance(frame, Search):
            return await self._found(person, frame)
        subscription.observes = frame.on
        return Accepted(ref=frame.ref, id=None, status="done")

    async def _shown(self, frame: ShowAgent) -> ServerFrame | Refused:
        if frame.agent not in (self._hub.config.agents or (None,)):
            return _NO_AGENT
        if self._view is None:
            return Refused(code="unavailable", message="there is no view of agents here")
        try:
            view, text = await self._view(frame.agent)
        except (AuditUnavailable, Overloaded) as fault:
            return Refused(code="unavailable", message=fault.reason)
        return AgentShown(ref=frame.ref, agent=frame.agent, view={**view}, text=text)

    async def _found(self, person: Person, frame: Search) -> str | Refused:
        if self._find is None:
            return Refused(code="unavailable", message="there is no record here to search")
        return await self._beside(person, _page, self._find, frame)

    async def _beside(self, person: Person, work: Callable[[Unpack[Ts]], T], *given: *Ts) -> T | Refused:
        """Do what reads the record in a thread. Each person has one of their own: nobody waits for another's, and no file access for any."""
        own = self._searching.setdefault(person.name, trio.CapacityLimiter(1))
        try:
            return await in_thread(work, *given, limiter=own, abandon_on_cancel=True)
        except (AuditUnavailable, Overloaded) as fault:
            why = fault.detail
        log.error("%s", why)
        return Refused(code="unavailable", message="the record cannot be read")


def _page(find: Find, frame: Search) -> str:
    """The page of results that a search asks for, encoded. Raises AuditUnavailable."""
    calls, more = find(frame.filters, frame.before, frame.limit)
    shown = _fitting(calls)
    return encode(Found(ref=frame.ref, calls=shown, next=shown[-1]["seq"] if len(shown) < len(calls) else more))


def _fitting(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many of the calls or sessions, made safe to show, as fit into one frame; at least one."""
    shown: list[dict[str, Any]] = []
    room = MAX_SERVER_FRAME // 2
    for call in calls:
        safe = visible_tree(call)
        room -= len(json.dumps(safe))
        if room < 0 and shown:
            break
        shown.append(safe)
    return shown


def _ref(frame: ClientFrame) -> str:
    return "" if isinstance(frame, Token) else frame.ref
