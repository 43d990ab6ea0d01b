"""The question that people are asked: who wants what, under which rule, and the digest that an answer is bound to.

Rule: all text in a question is safe to show (see `text.visible`). None means unknown, never "no".
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from trio_gate.approval.digest import digest, repeat_key
from trio_gate.approval.param_tree import Part, Shown, ToRead
from trio_gate.approval.suggestion import suggestion
from trio_gate.aws.call import Unknown
from trio_gate.effect.general import words
from trio_gate.text.secret_detection import is_secret
from trio_gate.text.visible import visible
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from trio_gate.approval.digest import DigestInput
    from trio_gate.approval.param_tree import Why
    from trio_gate.approval.task import Task
    from trio_gate.aws.call import Access, Call
    from trio_gate.config.model import Approver
    from trio_gate.effect.effect import Effect
    from trio_gate.effect.reasons import Level, Reason
    from trio_gate.text.visible import Json

MAX_RESOURCES = 100
"""The most ARNs that a prompt lists; DeleteObjects names up to 1,000, and its parameters are shown as well."""

MAX_HEADERS = 100
"""The most header fields that a prompt lists."""

FOLDED = "(hidden: it opens with the whole request)"
"""Replaces a sensitive header or query."""

MAX_LINE = 2048
"""Characters of one line of a prompt; an S3 key has at most 1,024 bytes."""


@value_class
class Group:
    """An approver block in a question: `quorum` different people out of `people` must approve within `timeout` seconds."""

    id: str
    people: tuple[str, ...]
    quorum: int
    timeout: float


@value_class
class Circumstances:
    """The circumstances of a call that people are asked about.

    Attributes:
        reason: the rule's reason, if it gives one.
        approvers: the rule's approvers, at least one.
        account_name: the label of the call's account; None without one.
        agent_address: the IP address that the agent connects from.
        user_agent: the agent's User-Agent field; None without one.
        streamed: whether the payload is an upload, which is not among the parameters.
        patience: seconds that the agent's program waits for an answer.
        effect: what the call does, and how serious that is.
        account_color: the color of its account on the page; None without one.
        organization_name: what its organization calls the account; None where that is not known.
        agent_reason: why the agent says that it makes the call; None if it does not say.
        session: key id of the virtual session that the call is made with; None for the agent's own key.
        session_chain: the roles on the way to that session.
        compared_by: who may have the call compared with what is there now; nobody where that cannot be.
    """

    reason: str | None
    approvers: Sequence[Approver]
    account_name: str | None
    agent_address: str
    user_agent: str | None
    streamed: bool
    patience: float = math.inf
    effect: Effect
    account_color: str | None = None
    session: str | None = None
    session_chain: tuple[str, ...] = ()
    organization_name: str | None = None
    agent_reason: str | None = None
    compared_by: tuple[str, ...] = ()


@value_class
class Question:
    """One call that waits for people.

    Attributes:
        id: unique; never used twice.
        digest, repeat_key: see the module `digest`.
        expires_at: when the shortest timeout of `approvers` ends.
        hold_until: when the agent stops being kept waiting and must retry.
        rule, reason: the rule that asks, and its reason if it gives one.
        approvers: every one of these groups must approve.
        account_name: the configured label; None without one.
        agent: the agent's name; None while no agent is configured.
        user_agent: its User-Agent field; None without one.
        words: the operation's name in words.
        vends_credentials, reads_secret, cross_account: None if unknown.
        resources: the first MAX_RESOURCES ARNs; None if unknown.
        resources_total: how many ARNs there are; None if unknown.
        address: where connections for the host go instead; None for the host itself.
        headers: the first MAX_HEADERS fields that will be sent.
        role: ARN of the role whose credentials sign; that of a virtual session with the roles on the way to it.
        session: key id of the virtual session that the call is made with; None for the agent's own key.
        session_policy: the policy that narrows the role's session; None for all that the role may do.
        params: the tree from `param_tree.shown`.
        payload_length: bytes of content.
        risks: the reasons for its level, the most serious first, and facts about this question before them.
        not_shown: everything that is hidden or cut; opened with `readable`.
        may_differ: the members in which another call with the same repeat key may differ.
        grantable: whether a grant for calls like this is allowed.
        suggestion: a condition for such a grant, in CEL; None where none can be proposed.
        organization_name: what AWS Organizations calls the account, which is text of those who may rename it; None if unknown.
        sentence: what the call does; None if an older gateway asked.
        names: those that the sentence shortens or counts, whole.
        level: how serious it is; None if an older gateway asked.
        account_color: the account's color in the configuration; None without one.
        compared_by: who may have it compared with what is there now.
        to_read: what a person should read before approving, code first.
        agent_reason: why the agent says that it makes the call, which nothing proves; None if it does not say.
        task: what is asked for, where it is no call but a task; None for a call.
    """

    id: str
    digest: str
    repeat_key: str
    asked_at: datetime
    expires_at: datetime
    hold_until: datetime
    rule: str
    reason: str | None
    approvers: tuple[Group, ...]
    account: str
    account_name: str | None
    agent: str | None
    agent_address: str
    user_agent: str | None
    service: str
    operation: str
    words: str
    region: str
    iam_action: str | None
    iam_actions: tuple[str, ...] | None
    access: Access
    vends_credentials: bool | None
    reads_secret: bool | None
    cross_account: bool | None
    resources: tuple[str, ...] | None
    resources_total: int | None
    host: str
    address: str | None
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    role: str
    params: dict[str, Json]
    payload_length: int
    payload_sha256: str
    risks: tuple[Reason, ...]
    grantable: bool
    not_shown: tuple[Part, ...]
    may_differ: tuple[str, ...]
    suggestion: str | None = None
    organization_name: str | None = None
    session: str | None = None
    session_policy: str | None = None
    sentence: str | None = None
    names: tuple[str, ...] = ()
    level: Level | None = None
    account_color: str | None = None
    compared_by: tuple[str, ...] = ()
    to_read: tuple[ToRead, ...] = ()
    agent_reason: str | None = None
    task: Task | None = None

    @property
    def accounts(self) -> Collection[str]:
        """The accounts that it is about: several only of a task."""
        return (self.task and self.task.accounts) or (self.account,)

    @property
    def hold(self) -> float:
        """Seconds that the agent is kept waiting."""
        return (self.hold_until - self.asked_at).total_seconds()

    @property
    def life(self) -> float:
        """Seconds from when it was asked until it expires."""
        return (self.expires_at - self.asked_at).total_seconds()

    def is_for(self, person: str) -> bool:
        """Whether this person may see and answer it."""
        return any(person in group.people for group in self.approvers)


def question_from(
    call: Call, parts: DigestInput, tree: Shown, around: Circumstances, *, question_id: str, asked_at: datetime
) -> Question:
    """Make the question for a call that a rule wants approved.

    Args:
        call: the call to show.
        parts: what the answer is bound to; agent, rule and payload hash are shown from here.
        tree: the call's parameters, from `param_tree.shown`.
        around: everything else that is shown.
        question_id: fresh random text, at most 128 of `A-Za-z0-9_-`.
        asked_at: the current time, aware.
    """
    known = None if isinstance(call.resources, Unknown) else call.resources
    not_shown = (*tree.not_shown, *_cut(call, parts, streamed=around.streamed))
    life = timedelta(seconds=min(approver.timeout for approver in around.approvers))
    hold = timedelta(seconds=min(around.patience, *(approver.hold for approver in around.approvers)))
    return Question(
        id=question_id,
        digest=digest(parts),
        repeat_key=repeat_key(parts),
        asked_at=asked_at,
        expires_at=asked_at + life,
        hold_until=asked_at + min(hold, life),
        rule=_line(parts.rule),
        reason=_line_or_none(around.reason),
        approvers=tuple(map(group_of, around.approvers)),
        account=_line(call.account),
        account_name=_line_or_none(around.account_name),
        agent=_line_or_none(parts.agent),
        agent_address=_line(around.agent_address),
        user_agent=_line_or_none(around.user_agent),
        service=_line(call.service),
        operation=_line(call.operation),
        words=_line(words(call.operation)),
        region=_line(call.region),
        iam_action=_line_or_none(call.iam_action),
        iam_actions=_lines(call.iam_actions),
        access=call.access,
        vends_credentials=_said(call.vends_credentials),
        reads_secret=_said(call.reads_secret),
        cross_account=_said(call.cross_account),
        resources=_lines(call.resources),
        resources_total=None if known is None else len(known),
        host=_line(call.host),
        address=_line_or_none(parts.address),
        method=_line(call.method),
        path=_line(call.path),
        query=FOLDED if _folds_query(parts.query) else _line(parts.query),
        headers=tuple((_line(name), _value(name, value)) for name, value in parts.headers[:MAX_HEADERS]),
        role=_line(_role(parts, around)),
        params=tree.tree,
        payload_length=parts.payload_length,
        payload_sha256=parts.payload_sha256,
        risks=around.effect.reasons,
        grantable=grantable(call),
        not_shown=not_shown,
        may_differ=parts.repeat.tokens if parts.repeat else (),
        suggestion=_suggested(call, around),
        organization_name=_line_or_none(around.organization_name),
        session=around.session,
        session_policy=_session_policy(parts),
        sentence=around.effect.sentence,
        names=around.effect.names,
        level=around.effect.level,
        account_color=around.account_color,
        compared_by=around.compared_by,
        to_read=(*tree.code, *_to_read(not_shown, {one.part for one in tree.code})),
        agent_reason=_line_or_none(around.agent_reason),
    )


_WORDS: Mapping[Why, str] = {
    "cut": "text",
    "blob": "data",
    "more": "parameters",
    "name": "parameters",
    "deep": "parameters",
    "streamed": "upload",
}
_OWN_WORDS = {"request": "request", "resources": "resources"}


def _to_read(not_shown: Sequence[Part], listed: AbstractSet[str]) -> Iterator[ToRead]:
    """What else is to be read: all that is not shown, except secrets and what is listed already."""
    for one in not_shown:
        if one.why != "masked" and one.part not in listed:
            what = _OWN_WORDS.get(one.part) or _WORDS[one.why]
            yield ToRead(part=one.part, name=one.name, what=what, whole=False)


def _suggested(call: Call, around: Circumstances) -> str | None:
    role = around.session_chain[-1] if around.session_chain else None
    return suggestion(call, around.effect.level, role) if grantable(call) else None


def _role(parts: DigestInput, around: Circumstances) -> str:
    if around.session_chain:
        return " via ".join(reversed(around.session_chain))
    return parts.assume_role.get("role_arn") or ""


def _session_policy(parts: DigestInput) -> str | None:
    """What narrows the role's session, whole: STS takes 2,048 characters at most."""
    policy = None if "session" in parts.assume_role else parts.assume_role.get("session_policy")
    return None if policy is None else visible(policy)


def grantable(call: Call) -> bool:
    """Whether a grant for calls like this is allowed: they are known to return no credentials, and are sent.

    What else is unknown of them does no harm: a condition that reads it is not decided, and equal calls are equal in it, too.
    """
    return call.vends_credentials is False and call.presigned is None


def request_text(parts: DigestInput) -> str:
    """The whole head as text, for people: the part "request"."""
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    fields = (f"{name}: {value}" for name, value in parts.headers)
    return "\n".join([f"{parts.method} {target}", *fields])


def _value(name: str, value: str) -> str:
    return FOLDED if _folds(name) else _line(value)


def _folds(name: str) -> bool:
    return is_secret(name) or name.endswith("customer-key")


def _folds_query(query: str) -> bool:
    return any(_folds(unquote_plus(pair.partition("=")[0])) for pair in query.split("&"))


def _cut(call: Call, parts: DigestInput, *, streamed: bool) -> Iterator[Part]:
    """The parts that lines and lists of the question cut."""
    lines = (parts.path, parts.query, *(text for field in parts.headers for text in field))
    if len(parts.headers) > MAX_HEADERS or any(_is_cut(line) for line in lines):
        yield Part(part="request", name="request", why="cut")
    elif _folds_query(parts.query) or any(_folds(name) for name, _ in parts.headers):
        yield Part(part="request", name="request", why="masked")
    if not isinstance(call.resources, Unknown) and (len(call.resources) > MAX_RESOURCES or any(map(_is_cut, call.resources))):
        yield Part(part="resources", name="resources", why="more")
    if streamed and parts.payload_length:
        yield Part(part="body", name="body", why="streamed")


def group_of(approver: Approver) -> Group:
    """An approver block in a question."""
    return Group(id=approver.id, people=approver.people, quorum=approver.quorum, timeout=approver.timeout)


def _said(fact: bool | Unknown) -> bool | None:
    return None if isinstance(fact, Unknown) else fact


def _lines(texts: tuple[str, ...] | Unknown) -> tuple[str, ...] | None:
    if isinstance(texts, Unknown):
        return None
    return tuple(map(_line, texts[:MAX_RESOURCES]))


def _line_or_none(text: str | None) -> str | None:
    return None if text is None else _line(text)


def _is_cut(text: str) -> bool:
    return len(visible(text[: MAX_LINE + 1])) > MAX_LINE


def _line(text: str) -> str:
    line = visible(text[: MAX_LINE + 1])
    return line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}… (cut, {len(text)} characters)"
