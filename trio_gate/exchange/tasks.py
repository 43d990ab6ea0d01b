"""What an agent sends to ask for a task: read, put into one condition, and turned into the question that people are asked.

Rule: each line is a condition of the gateway's own making around what the agent wrote, and both are checked as a rule is. A task is asked
of the approvers of every rule that may ask about any of its calls; which they are is found without guessing, so rather one too many.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from trio_gate.approval.grant import standing
from trio_gate.approval.question import Question, group_of
from trio_gate.approval.task import ACCESS, MAX_LINES, MAX_PURPOSE, OPERATION, SERVICE, Task, digest_of
from trio_gate.aws.params.readers.json_body import read_json
from trio_gate.effect.possible import always_vends, may_do
from trio_gate.effect.reasons import Reason
from trio_gate.effect.sentence import Names, told
from trio_gate.errors import Denied, Malformed
from trio_gate.exchange.own_requests.members import whole_number
from trio_gate.policy import cel
from trio_gate.policy.condition_words import condition_words
from trio_gate.policy.prospects import Prospects
from trio_gate.text.secret_detection import looks_secret
from trio_gate.text.visible import visible
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from trio_gate.approval.grant import Grant
    from trio_gate.aws.call import Access
    from trio_gate.aws.iam.tables import Tables
    from trio_gate.config.model import Approver, Rule
    from trio_gate.exchange.results import Proven
    from trio_gate.exchange.snapshot import Admitted, Snapshot
    from trio_gate.facet.values import Plain
    from trio_gate.policy.prospects import Prospect
    from trio_gate.text.visible import Json

MAX_ACTIONS = 20
"""Operations of one line."""

MAX_MATCH = 500
"""Characters of a line's condition, which people read."""

MAX_MATCHES = 2000
"""Characters of all of them: what is read with care, and checked in some milliseconds."""

_GAP = re.compile(r"\s{9,}")
"""More blanks in a row than an indentation needs: what comes after them could be overlooked."""

_PATTERNS = "matches"
"""CEL's function that takes a regular expression. No task has it: to compile one takes long, and few people read one right."""

_OF_ALL: Mapping[str, Plain] = {
    "aws.presigned": False,
    "aws.session_chain": [],
    "aws.session_role": None,
    "aws.vends_credentials": False,
}
"""What is known of all calls that a task covers."""

_SERVICE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_TASK = re.compile(r"t[0-9a-f]{16}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_ACTION = re.compile(r"[A-Z][A-Za-z0-9]{0,127}")
_NO_DANGER = 'aws.level != "danger"'
"""What a line has besides that names no operations, or does not ask for their dangers: those are asked about one by one."""

_OWN_ROLE = "!has(aws.session_role)"
"""What every line has besides: other roles may do other things."""

_NO_CALL: Mapping[str, Any] = {
    "service": SERVICE,
    "operation": OPERATION,
    "words": "ask for task",
    "iam_action": None,
    "iam_actions": None,
    "access": "write",
    "vends_credentials": False,
    "reads_secret": False,
    "cross_account": False,
    "resources": None,
    "resources_total": None,
    "address": None,
    "query": "",
    "headers": (),
    "role": "",
    "payload_length": 0,
    "grantable": False,
    "not_shown": (),
    "may_differ": (),
}
"""What a question says that is about no call of AWS."""

_MEMBERS = ("service", "actions", "access", "match", "danger", "account")
"""Of a line."""

_EVERY = "all operations, "
"""How the words of a condition begin that names no operation; a line has named its own."""

_RISK = "calls that change things go through unread and without being asked about; dangers do only where a line says so"
_DANGERS = "dangerous calls through, unread and without being asked about"


@value_class
class Need:
    """A line: these operations of a service, or its calls of one access level, where `match` is true, in an account.

    `account` is None for that of the agent's key; `danger`: the dangerous calls, too.
    """

    service: str | None
    actions: tuple[str, ...]
    access: Access | None
    match: str | None
    danger: bool = False
    account: str | None = None

    def condition(self, account: str | None) -> str:
        """The line in CEL; an `account` is named where the task has several."""
        parts = [] if account is None else [f'aws.account == "{account}"']
        parts += [] if self.service is None else [f'aws.service == "{self.service}"']
        if self.actions:
            parts.append(f"aws.action in {json.dumps(self.actions)}")
        if self.access is not None:
            parts.append(f'aws.access == "{self.access}"')
        if self.match is not None:
            end = "\n" if "//" in self.match else ""  # a comment in it ends with its line
            parts.append(f"({self.match}{end})")
        return " && ".join([*parts, *(() if self.danger else (_NO_DANGER,)), _OWN_ROLE])

    def words(self, tables: Tables) -> str:
        """The line for people; of dangers it names those that the review knows."""
        calls = ", ".join(self.actions) if self.actions else f"{self.access} calls"
        dangers = f", dangers included{self._known_dangers(tables)}" if self.danger else ""
        said = f"{self.service or 'any service'}: {calls}{dangers}"
        return said if self.match is None else f"{said}, {visible(condition_words(self.match).removeprefix(_EVERY))}"

    def _known_dangers(self, tables: Tables) -> str:
        said = [f"{name} may {danger}" for name in self.actions if (danger := may_do(tables.row_of_any(self.service, name)))]
        return f" ({'; '.join(said)})" if said else ""

    def known(self) -> Iterator[dict[str, str | None]]:
        """What is known of its calls, for each operation."""
        said: dict[str, str | None] = {} if self.service is None else {"aws.service": self.service}
        if self.access is not None:
            said["aws.access"] = self.access
        yield from ({**said, "aws.action": name} for name in self.actions) if self.actions else (said,)


@value_class
class TaskRequest:
    """What an agent asks for, as it was read; `extends` is the id of a task that it adds to, `body` all of it."""

    purpose: str
    needs: tuple[Need, ...]
    uses: int
    minutes: int
    body: Mapping[str, Json]
    extends: str | None = None


def read_task(data: bytes, *, most_uses: int, most_minutes: int) -> TaskRequest:
    """Read the body of a request for a task. Raises Malformed."""
    read = read_json(data)
    if not isinstance(read, dict) or not read.keys() <= {"purpose", "needs", "uses", "minutes", "extends"}:
        raise Malformed("a task is a JSON object with `purpose`, `needs`, `uses` and `minutes`, and perhaps `extends`")
    purpose, needs, extends = read.get("purpose"), read.get("needs"), read.get("extends")
    if extends is not None and not (isinstance(extends, str) and _TASK.fullmatch(extends)):
        raise Malformed("`extends` is the id of a task, as its answer said it")
    if not isinstance(purpose, str) or not 0 < len(purpose.strip()) <= MAX_PURPOSE:
        raise Malformed(f"`purpose` says in at most {MAX_PURPOSE} characters what the task is for")
    if looks_secret(purpose):
        raise Malformed("`purpose` looks as if it held a secret: leave that out")
    if not isinstance(needs, list) or not 0 < len(needs) <= MAX_LINES:
        raise Malformed(f"`needs` is a list of 1 to {MAX_LINES} lines")
    said = sum(len(match) for line in needs if isinstance(line, dict) and isinstance(match := line.get("match"), str))
    if said > MAX_MATCHES:
        raise Malformed(f"all `match` together have at most {MAX_MATCHES} characters")
    return TaskRequest(
        purpose=visible(purpose.strip()),
        needs=tuple(_need(at, line) for at, line in enumerate(needs, 1)),
        uses=whole_number(read.get("uses"), "uses", most_uses),
        minutes=whole_number(read.get("minutes"), "minutes", most_minutes),
        body=read,
        extends=extends,
    )


def _need(at: int, line: object) -> Need:
    """One line. Raises Malformed."""
    where = f"line {at} of `needs`"
    if not isinstance(line, dict) or not line.keys() <= set(_MEMBERS):
        raise Malformed(
            f"{where} is an object with `service` and `actions`, or `access`, and perhaps `match`, `danger` and `account`"
        )
    service, actions, access, match, danger, account = (line.get(name) for name in _MEMBERS)
    if service is not None and (not isinstance(service, str) or not _SERVICE.fullmatch(service)):
        raise Malformed(f"{where}: `service` is the name of a service as in `aws.service`, such as s3")
    if (actions is None) == (access is None) or (actions is not None and service is None):
        raise Malformed(f"{where} needs either `service` and `actions`, or `access`")
    level = next((one for one in ACCESS if one == access), None)
    if access is not None and level is None:
        raise Malformed(f"{where}: `access` is one of {', '.join(ACCESS)}: nothing else is let through by a task")
    if not (danger is None or isinstance(danger, bool)) or (danger and actions is None):
        raise Malformed(f"{where}: `danger` is true or false, and goes with `actions`: dangers are let through by name alone")
    if account is not None and not (isinstance(account, str) and _ACCOUNT.fullmatch(account)):
        raise Malformed(f"{where}: `account` is an account's number, of 12 digits")
    names = _names(where, actions)
    if match is not None and (not isinstance(match, str) or not match.strip() or len(match) > MAX_MATCH):
        raise Malformed(f"{where}: `match` is a condition in CEL of at most {MAX_MATCH} characters")
    _check(where, match)
    return Need(service=service, actions=names, access=level, match=match, danger=danger is True, account=account)


def _names(where: str, actions: object) -> tuple[str, ...]:
    if actions is None:
        return ()
    if not isinstance(actions, list) or not 0 < len(actions) <= MAX_ACTIONS:
        raise Malformed(f"{where}: `actions` is a list of 1 to {MAX_ACTIONS} operations")
    names = tuple(name for name in actions if isinstance(name, str) and _ACTION.fullmatch(name))
    if len(names) < len(actions):
        raise Malformed(f"{where}: `actions` are names of operations as in `aws.action`, such as GetObject")
    return names


def _check(where: str, source: str | None) -> None:
    """Raise Malformed for a condition that no rule could have, or that no task has."""
    if source is None:
        return
    if _PATTERNS in source:
        raise Malformed(f"{where}: `match` has no `{_PATTERNS}`: compare with ==, in, startsWith, endsWith or contains")
    if _GAP.search(source):
        raise Malformed(f"{where}: `match` has many blanks in a row: leave them out")
    if looks_secret(source):
        raise Malformed(f"{where}: `match` looks as if it held a secret: leave that out")
    for fault in cel.check_once(source):
        if fault.fatal:
            raise Malformed(f"{where}: `match`, at character {fault.offset + 1}: {visible(fault.message)}")


def task_of(asked: TaskRequest, proven: Proven, snapshot: Snapshot, tables: Tables) -> Task:
    """The task, for the account of the agent's key where a line names no other; `tables` has the review, which may be read from files.

    Raises Denied where no rule asks about its calls, or a line names an operation that no task covers, Malformed.
    """
    _check_vends(asked, tables)
    own = proven.claimed.claim.account
    where = [need.account or own for need in asked.needs]
    accounts = _accounts(own, where, proven.admitted, snapshot)
    touched = _touched(asked, where, proven.admitted, snapshot)
    if not touched:
        raise Denied(
            "no rule asks about these calls, so there is no task to ask for: make them, and they are let through or refused"
        )
    _check_grantors(touched, snapshot)
    several = len(accounts) > 1
    pairs = list(zip(asked.needs, where, strict=True))
    predicate = " || ".join(f"({need.condition(account if several else None)})" for need, account in pairs)
    _check("the task", predicate)
    return Task(
        purpose=asked.purpose,
        lines=tuple(
            f"in {_label(account, accounts)}: {need.words(tables)}" if several else need.words(tables) for need, account in pairs
        ),
        predicate=predicate,
        uses=asked.uses,
        minutes=asked.minutes,
        rules=tuple((rule.name, standing(rule, _asked_by(rule, snapshot))) for rule in touched),
        dangers=tuple(at for at, need in enumerate(asked.needs, 1) if need.danger),
        accounts=accounts if several else {},
    )


def _check_vends(asked: TaskRequest, tables: Tables) -> None:
    """Raise Denied for a line with an operation that always returns credentials: people would approve what lets nothing through."""
    named = ((at, need.service, name) for at, need in enumerate(asked.needs, 1) for name in need.actions)
    for at, service, name in named:
        if always_vends(tables.row_of_any(service, name)):
            raise Denied(f"line {at} of `needs`: {service}:{name} returns credentials, which no task covers: leave it out")


def _accounts(own: str, where: Sequence[str], admitted: Admitted, snapshot: Snapshot) -> Mapping[str, str | None]:
    """The accounts of the lines with their labels, the key's first. Raises Denied for one that the agent may not use."""
    for at, account in enumerate(where, 1):
        if account != own and (admitted.session is not None or not snapshot.may_use(admitted.agent, account)):
            raise Denied(f"line {at} of `needs`: account {account} is not one that you may use with this key")
    return {account: snapshot.endpoints[account].accounts[account] for account in (own, *where)}


def _label(account: str, accounts: Mapping[str, str | None]) -> str:
    return account if (name := accounts[account]) is None else f"{visible(name)} ({account})"


def _touched(asked: TaskRequest, where: Sequence[str], admitted: Admitted, snapshot: Snapshot) -> list[Rule]:
    """The rules that may ask about a call of some line; `where` has the account of each."""
    prospects = Prospects(snapshot.rules, [rule.condition for rule in snapshot.config.rules])
    found: list[Prospect] = []
    for need, account in zip(asked.needs, where, strict=True):
        endpoint = snapshot.endpoints[account]
        about = {"aws.account": account, "aws.account_name": endpoint.accounts[account], "agent.name": admitted.agent_name}
        found += [prospects.of({**_OF_ALL, **about, **said}, endpoint=endpoint.name) for said in need.known()]
    names = {step.rule for prospect in found for step in prospect.steps if step.action == "approve"}
    return [rule for rule in snapshot.config.rules if rule.name in names]


def _check_grantors(rules: Sequence[Rule], snapshot: Snapshot) -> None:
    """Raise Denied where so few approvers may grant that nobody could approve the task."""
    may = {person.name for person in snapshot.config.people if person.may_grant}
    for approver in (one for rule in rules for one in _asked_by(rule, snapshot)):
        if len(may.intersection(approver.people)) < approver.quorum:
            raise Denied(
                "the people who are asked about these calls may not grant, so there is no task to ask for: make the calls"
            )


def _asked_by(rule: Rule, snapshot: Snapshot) -> list[Approver]:
    return [snapshot.approvers[name] for name in rule.approvers]


def task_question(
    task: Task,
    asked: TaskRequest,
    proven: Proven,
    snapshot: Snapshot,
    *,
    question_id: str,
    asked_at: datetime,
    grants: Iterable[Grant] = (),
) -> Question:
    """The question that people are asked: the sentence says what for, the lines stand below it. `grants` are those that the agent has."""
    claim, admitted = proven.claimed.claim, proven.admitted
    named = {name for name, _ in task.rules}
    approvers = {one.id: one for rule in snapshot.config.rules if rule.name in named for one in _asked_by(rule, snapshot)}
    life, hold = (timedelta(seconds=min(getattr(one, name) for one in approvers.values())) for name in ("timeout", "hold"))
    risks = (*_risks(task, asked), *_extended(asked, grants))
    said = told([f"Let up to {task.uses} calls through in {task.minutes} min: ", Names(names=(task.purpose,))])
    digest = digest_of(admitted.agent_name, claim.account, asked.body)
    return Question(
        id=question_id,
        digest=digest,
        repeat_key=digest,
        asked_at=asked_at,
        expires_at=asked_at + life,
        hold_until=asked_at + min(hold, life),
        rule=", ".join(name for name, _ in task.rules),
        reason=None,
        approvers=tuple(map(group_of, approvers.values())),
        params={"purpose": task.purpose, "needs": list(task.lines), "condition": visible(task.predicate)},
        payload_sha256=digest,
        risks=risks,
        sentence=said.sentence,
        names=(*said.names, *task.lines),
        level=risks[0].level if risks else "fact",
        account_color=None if task.accounts else admitted.endpoint.colors.get(claim.account),
        task=task,
        **_asker(proven),
        **_NO_CALL,
    )


def _asker(proven: Proven) -> Mapping[str, Any]:
    """What a question says of who asks, and by which request."""
    claim, admitted, arrived = proven.claimed.claim, proven.admitted, proven.arrived
    return {
        "account": claim.account,
        "account_name": admitted.account_name,
        "agent": admitted.agent_name,
        "agent_address": proven.claimed.agent_address,
        "user_agent": visible((arrived.one("user-agent") or "")[:MAX_PURPOSE]) or None,
        "region": claim.region,
        "host": visible(arrived.one("host") or ""),
        "method": arrived.method,
        "path": arrived.target.path,
    }


def _risks(task: Task, asked: TaskRequest) -> Iterator[Reason]:
    """What a person should know before saying yes, the most serious first."""
    if task.dangers:
        *some, last = (f"line {at}" for at in task.dangers)
        who = f"{', '.join(some)} and {last} let" if some else f"{last} lets"
        yield Reason(level="danger", code="task", text=f"{who} {_DANGERS}: {'each' if some else 'it'} is confirmed by itself")
    if any(need.access not in ("list", "read") for need in asked.needs):
        yield Reason(level="caution", code="task", text=_RISK)


def _extended(asked: TaskRequest, grants: Iterable[Grant]) -> Iterator[Reason]:
    """What is left of the task that this one adds to; nothing where that is over, as then it adds to none."""
    for grant in grants:
        if (grant.kind, grant.id) == ("task", asked.extends):
            until = f"{grant.expires_at.astimezone(UTC):%H:%M} UTC"
            text = f"it adds to task {grant.id}, of which {grant.uses - grant.used} of {grant.uses} uses are left until {until}"
            yield Reason(level="fact", code="task", text=text)
