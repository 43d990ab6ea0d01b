"""What an agent sends to ask for a task, read strictly: all of it is of its form, or it is refused in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trio_gate.approval.task import ACCESS, MAX_LINES, MAX_PURPOSE
from trio_gate.aws.params.readers.json_body import read_json
from trio_gate.errors import Malformed
from trio_gate.exchange.own_requests.members import whole_number
from trio_gate.exchange.tasks.needs import Need, check_condition
from trio_gate.text.secret_detection import looks_secret
from trio_gate.text.visible import visible
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.text.visible import Json

MAX_ACTIONS = 20
"""Operations of one line."""

MAX_MATCH = 500
"""Characters of a line's condition, which people read."""

MAX_MATCHES = 2000
"""Characters of all of them: what is read with care, and checked in some milliseconds."""

_SERVICE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_TASK = re.compile(r"t[0-9a-f]{16}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_ACTION = re.compile(r"[A-Z][A-Za-z0-9]{0,127}")
_MEMBERS = ("service", "actions", "access", "match", "danger", "account")
"""Of a line."""


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
    check_condition(where, match)
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
