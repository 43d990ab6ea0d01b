"""What people and the gateway itself did, as rows of the record.

People's votes, grants with their terms, revocations, stops and lifts; the gateway's starts and ends, reloads, ends of grants, and
calls of operations that its lists do not know.

Rule: an act's row has the form of a call's, so readers of the record need only one form; `act` says what was done. What
people wrote is masked like parameters.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from trio_gate import __version__
from trio_gate.audit.record import Intent, Outcome
from trio_gate.audit.redact import encode, params_text
from trio_gate.audit.rows import act_row

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trio_gate.approval.grant import Grant
    from trio_gate.approval.persistence import Stop
    from trio_gate.approval.question import Question
    from trio_gate.approval.state import Vote
    from trio_gate.approval.terms import Terms
    from trio_gate.audit.rows import Row
    from trio_gate.aws.call import Call, Value
    from trio_gate.config.model import Config
    from trio_gate.sessions.session import VirtualSession

Kind = Literal[
    "vote",
    "void",
    "compare",
    "grant",
    "revoke",
    "stop",
    "lift",
    "end_session",
    "link",
    "linked",
    "ended",
    "started",
    "stopped",
    "reload",
    "voided",
    "unreviewed",
]
"""The kinds of acts.

By people: a vote; that a recorded vote did not count after all (`void`); that a call was read to compare another with; a grant; its revocation; a stop; its end (`lift`);
the end of a virtual session; a link to sign in with on another device; that it was used (`linked`).

By the gateway: the end of a grant by use, by time or because it is void; its own start and end; another configuration,
accepted or not; what it drops from an earlier version (`voided`); an operation that its lists do not know."""

HERE = "-"
"""The address in an act's row, as no agent did it."""


def vote_row(question: Question, vote: Vote, *, kind: str, status: str) -> Row:
    """The row of a vote. `kind` is the person's ("human" or "bot"), `status` the question's after the vote."""
    facts: dict[str, Value] = {"answer": vote.answer, "reason": vote.reason, "grant": _terms(vote.grant), "status": status}
    if (had := vote.reading) is not None:
        facts |= {"read": [*had.read] or None, "unread": [*had.unread] or None, "knowing": had.knowing or None}
        facts["confirmed"] = [*had.confirmed] or None
    return _row("vote", _about(question, vote.at), facts, (vote.person, kind))


def void_row(question: Question, person: str, kind: str, *, why: str, now: datetime) -> Row:
    """The row which says that a recorded vote did not count, and `why`."""
    return _row("void", _about(question, now), {"reason": why}, (person, kind))


def compare_row(question: Question, person: str, kind: str, read: str, now: datetime) -> Row:
    """The row of a read that a person has made to compare a waiting call with what is there now, such as "iam.GetRole"."""
    return _row("compare", replace(_about(question, now), outcome="compare"), {"read": read}, (person, kind))


def grant_row(grant: Grant, question: str, reason: str) -> Row:
    """The row of a new grant. `question` is the id of the question that it came from, `reason` what the approvers wrote."""
    facts: dict[str, Value] = {
        "kind": grant.kind,
        "question": question,
        "reason": reason,
        "predicate": grant.predicate,
        "uses": grant.uses,
        "minutes": round((grant.expires_at - grant.made_at).total_seconds() / 60, 2),
        "about": grant.about,
        "repeat_key": grant.repeat_key,
    }
    return _row("grant", _granted(grant, grant.made_at), facts, *((name, "") for name in grant.by))


def revoke_row(grant: Grant, person: str, kind: str, now: datetime) -> Row:
    """The row of a grant that a person revoked; `kind` is the person's."""
    facts: dict[str, Value] = {"kind": grant.kind, "predicate": grant.predicate, "used": grant.used, "about": grant.about}
    return _row("revoke", _granted(grant, now), facts, (person, kind))


def stop_row(stop: Stop, kind: str) -> Row:
    """The row of a stop of one agent's calls, or of all; `kind` is that of the person who ordered it."""
    return _row("stop", _stopped(stop.agent, stop.at), {"agent": stop.agent, "reason": stop.reason}, (stop.by, kind))


def lift_row(agent: str | None, person: str, kind: str, now: datetime) -> Row:
    """The row of a stop that a person lifted. `agent` is whose calls were stopped, None for all; `kind` is the person's."""
    return _row("lift", _stopped(agent, now), {"agent": agent}, (person, kind))


def end_session_row(session: VirtualSession, person: str, kind: str, now: datetime) -> Row:
    """The row of a virtual session that a person ended; `kind` is the person's."""
    intent = Intent(
        id=f"session {session.key_id}",
        time=now,
        agent=session.agent,
        agent_address=HERE,
        account=session.account,
        outcome="end_session",
    )
    return _row("end_session", intent, {"role": session.role, "session": session.key_id}, (person, kind))


def link_row(act: Literal["link", "linked"], person: str, kind: str, *, now: datetime, address: str = HERE) -> Row:
    """The row of a sign-in link that a person made, or that was used from an `address`; `kind` is the person's."""
    return _row(act, Intent(id=f"link {person}", time=now, agent_address=address, outcome="link"), {}, (person, kind))


def ended_row(grant: Grant, why: str, now: datetime) -> Row:
    """The row of a grant that ended without being revoked; `why` is a `GrantEnd`."""
    facts: dict[str, Value] = {"kind": grant.kind, "why": why, "used": grant.used, "about": grant.about}
    return _row("ended", _granted(grant, now), facts)


def gateway_row(kind: Literal["started", "stopped"], config: Config, generation: int, now: datetime) -> Row:
    """The row of the gateway's start or end, with the generation of the configuration then in force."""
    facts: dict[str, Value] = {"config_sha256": config.sha256, "version": __version__}
    return _row(kind, replace(_gateway(kind, now), generation=generation), facts)


def reload_row(
    config: Config | None,
    why_not: str | None,
    generation: int,
    now: datetime,
    *,
    in_part: bool = False,
    earlier: str | None = None,
) -> Row:
    """The row of a reload.

    Args:
        config: what was read, None if it had errors.
        why_not: why it was not taken, or only `in_part`.
        generation: of the one now in force.
        now: the time.
        in_part: only a part is in force.
        earlier: what an earlier reload left undone.
    """
    facts: dict[str, Value] = {
        "config_sha256": config.sha256 if config is not None else None,
        "taken": why_not is None,
        "in_part": in_part or None,
        "reason": "; ".join(filter(None, (why_not, earlier))) or None,
    }
    return _row("reload", replace(_gateway("reload", now), generation=generation), facts)


def voided_row(why: str, now: datetime) -> Row:
    """The row which says that questions and grants stored by an earlier version were dropped, and `why`."""
    return _row("voided", _gateway("voided", now), {"reason": why})


_UNKNOWN = "what it may do is unknown"
_OWN = "the operator reviewed it"


def unreviewed_row(call: Call, agent: str | None, now: datetime) -> Row:
    """The row of the first call since the start of an operation that the gateway's lists do not know."""
    intent = replace(
        _gateway(f"unreviewed {call.service}:{call.operation}", now),
        agent=agent,
        account=call.account,
        region=call.region,
        service=call.service,
        operation=call.operation,
        access=call.access,
    )
    return _row(
        "unreviewed",
        intent,
        {"reason": "the operation or one of its members is newer than the review: " + (_OWN if call.own_review else _UNKNOWN)},
    )


def _gateway(about: str, now: datetime) -> Intent:
    return Intent(id=f"gateway {about}", time=now, agent_address=HERE, outcome="gateway")


def _terms(terms: Terms | None) -> dict[str, Value] | None:
    return None if terms is None else {"uses": terms.uses, "minutes": terms.minutes, "predicate": terms.predicate}


def _about(question: Question, now: datetime) -> Intent:
    return Intent(
        id=question.id,
        time=now,
        agent=question.agent,
        agent_address=question.agent_address,
        account=question.account,
        account_name=question.account_name,
        region=question.region,
        service=question.service,
        operation=question.operation,
        iam_action=question.iam_action,
        access=question.access,
        resources=None if question.resources is None else encode(list(question.resources)),
        outcome="vote",
        rule=question.rule,
        digest=question.digest,
        sentence=question.sentence,
        level=question.level,
    )


def _granted(grant: Grant, now: datetime) -> Intent:
    return Intent(
        id=grant.id,
        time=now,
        agent=grant.agent,
        agent_address=HERE,
        account=grant.account,
        account_name=grant.account_name,
        outcome="grant",
        rule=grant.rule,
        digest=grant.digest,
        grant=grant.id,
    )


def _stopped(agent: str | None, now: datetime) -> Intent:
    return Intent(id="stop *" if agent is None else f"stop {agent}", time=now, agent=agent, agent_address=HERE, outcome="stop")


def _row(kind: Kind, intent: Intent, facts: Mapping[str, Value], *people: tuple[str, str]) -> Row:
    act = json.loads(params_text({name: value for name, value in facts.items() if value is not None}))
    said = act.get("reason", "")
    reason = said if isinstance(said, str) else json.dumps(said)
    return act_row(kind, intent, Outcome(id=intent.id, time=intent.time, status=None, end="answered"), act, reason, people)
