"""Converts prompts, grants and stops to JSON that survives a restart, and back.

Rule: what is read back equals what was stored, except that prompts come back detached, as no agent waits any more. Masked values
and those that can no longer be opened lose their part and their hash: the hash of a short secret gives it away.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from trio_gate.approval.channel.codec import as_json
from trio_gate.approval.grant import Grant
from trio_gate.approval.param_tree import WHOLE, Part, ToRead
from trio_gate.approval.question import Group, Question
from trio_gate.approval.state import Prompt, Vote
from trio_gate.approval.task import Task
from trio_gate.approval.terms import Terms
from trio_gate.effect.reasons import Reason
from trio_gate.text.secret_detection import hidden_after, hidden_beside, hides, is_pair, is_secret, kept_text, looks_secret
from trio_gate.text.secret_tables import is_heading
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trio_gate.approval.task import Standings
    from trio_gate.text.visible import Json

NOT_KEPT = "not kept: "
"""How the mark begins that stands for what is not stored; what follows is for people, and differs between versions."""

GONE = NOT_KEPT + "the gateway was restarted"

MORE = "$more"
"""The member that counts what was left out of a tree. In a tree no name from an agent begins with `$`."""

ALL = ToRead(part=WHOLE, name="", what="parameters", whole=False)
"""What is to be read, too, where a tree is not kept whole."""

LATER = frozenset(
    (
        *("suggestion", "organization_name", "session", "session_policy", "sentence", "names", "level", "account_color"),
        *("to_read", "agent_reason", "compared_by", "task"),
    )
)
"""Members of a question that older gateways do not write; they are left out where there is nothing to say."""

OF_TASKS = frozenset({"purpose", "others", "accounts"})
"""Members of a grant that only those of tasks have."""

_NOT_KEPT_WHOLE = ("headers", "path", "query", "params", "not_shown", "to_read", "compared_by")
"""The members of a question that are stored without their secrets, or not at all."""

_MODELLED = re.compile(r"[A-Za-z][A-Za-z0-9]*")
"""The form of a model's member names. An agent made up any other name."""

_SHOWN = re.compile(r"\\u\{(10[0-9a-f]{4}|[0-9a-f]{1,5})\}")
"""An escaped character, as `text.visible` writes it."""


@value_class
class Stop:
    """A stop: calls of `agent`, or all calls where that is None, are refused until it is lifted. `by` is the person."""

    agent: str | None
    by: str
    reason: str
    at: datetime


def stop_json(stop: Stop) -> dict[str, Any]:
    """A stop as JSON, for `stop_from`."""
    return {**as_json(stop), "reason": kept_text(stop.reason)}


def prompt_json(prompt: Prompt, standing: str) -> dict[str, Any]:
    """A pending prompt and the fingerprint of its rule as JSON without secrets, for `prompt_from`."""
    question = as_json(prompt.question)
    masked = frozenset(_hashes(question["params"]))

    def gone(name: str, value: str) -> bool:
        return hides(name) or _reveals(value) or _sha256(value) in masked

    pairs = parse_qsl(question["query"], keep_blank_values=True)
    question["headers"] = [[name, GONE if gone(name, value) else value] for name, value in question["headers"]]
    question["path"] = "/".join(GONE if gone("", unquote(part)) else part for part in question["path"].split("/"))
    question["query"] = GONE if any(gone(name, value) for name, value in pairs) else question["query"]
    question["params"] = _without_secrets(question["params"])
    question["not_shown"] = question["compared_by"] = []
    question["to_read"] = _to_read(prompt.question, gone=_has_gone(question["params"]))
    question["agent_reason"] = prompt.question.agent_reason and kept_text(prompt.question.agent_reason)
    if prompt.question.level is None:
        question["risks"] = [{name: risk[name] for name in ("code", "text")} for risk in question["risks"]]
    return {
        "question": {name: value for name, value in question.items() if value not in (None, []) or name not in LATER},
        "votes": [_vote_json(vote) for vote in prompt.votes],
        "standing": standing,
    }


def _to_read(question: Question, *, gone: bool) -> list[dict[str, Any]]:
    """What is to be read after a restart, by name alone, as nothing of it is kept; without ALL, which a tree with gaps implies."""
    named = [replace(one, name="" if _reveals(one.name) else one.name, whole=False) for one in question.to_read]
    return [as_json(one) for one in named if not (gone and one == ALL)]


def _vote_json(vote: Vote) -> dict[str, Any]:
    """A vote without what its person had read, which only the record keeps."""
    given = {**as_json(vote), "reason": kept_text(vote.reason)}
    del given["reading"]
    return given


def prompt_from(kept: dict[str, Any]) -> tuple[Prompt, str]:
    """A stored prompt, now detached, and the fingerprint. Raises ValueError, KeyError or TypeError for anything else."""
    given = dict(kept["question"])
    gone = _has_gone(given["params"])
    to_read = [ToRead(**one) for one in given.get("to_read", ())]
    lists = {name: None if given[name] is None else tuple(given[name]) for name in ("iam_actions", "resources")}
    question = Question(
        **{
            **given,
            **lists,
            **{name: datetime.fromisoformat(given[name]) for name in ("asked_at", "expires_at", "hold_until")},
            "approvers": tuple(Group(**{**group, "people": tuple(group["people"])}) for group in given["approvers"]),
            "headers": tuple((name, value) for name, value in given["headers"]),
            "risks": tuple(Reason(**{"level": "caution", **risk}) for risk in given["risks"]),
            "names": tuple(given.get("names", ())),
            "task": _task(given.get("task")),
            "may_differ": tuple(given["may_differ"]),
            "not_shown": (Part(part=WHOLE, name="", why="more"),) if gone else (),
            "to_read": (*to_read, *((ALL,) if gone and ALL not in to_read else ())),
        }
    )
    votes = tuple(_vote(vote) for vote in kept["votes"])
    return Prompt(question=question, votes=votes, detached=True), str(kept["standing"])


def completed(stored: Question, asked: Question) -> Question:
    """A stored question with what was not kept of it, from the same call that its agent makes again."""
    return replace(stored, **{name: getattr(asked, name) for name in _NOT_KEPT_WHOLE})


def grant_json(grant: Grant) -> dict[str, Any]:
    """A grant as JSON, for `grant_from`: only a task has the members that older gateways do not write."""
    shown: dict[str, Any] = as_json(grant)
    return shown if grant.kind == "task" else {name: value for name, value in shown.items() if name not in OF_TASKS}


def grant_from(kept: dict[str, Any]) -> Grant:
    """A grant that `grant_json` stored. Raises ValueError, KeyError or TypeError for anything else."""
    times = {name: datetime.fromisoformat(kept[name]) for name in ("made_at", "expires_at")}
    lists = {"by": tuple(kept["by"]), "people": tuple(kept["people"]), "others": _pairs(kept.get("others", ()))}
    grant = Grant(**{**kept, **times, **lists})
    if {field.name for field in fields(grant)} != kept.keys() | (OF_TASKS if grant.kind != "task" else {"accounts"}):
        message = "a grant of another version"
        raise ValueError(message)
    return grant


def stop_from(kept: dict[str, Any]) -> Stop:
    """A stop that `stop_json` stored. Raises ValueError, KeyError or TypeError for anything else."""
    return replace(Stop(**kept), at=datetime.fromisoformat(kept["at"]))


def _task(kept: dict[str, Any] | None) -> Task | None:
    if kept is None:
        return None
    lists = {"lines": tuple(kept["lines"]), "rules": _pairs(kept["rules"]), "dangers": tuple(kept.get("dangers", ()))}
    return Task(**{**kept, **lists})


def _pairs(kept: Iterable[Sequence[str]]) -> Standings:
    return tuple((name, standing) for name, standing in kept)


def _vote(kept: dict[str, Any]) -> Vote:
    grant = None if kept["grant"] is None else Terms(**kept["grant"])
    return Vote(**{**kept, "at": datetime.fromisoformat(kept["at"]), "grant": grant})


def _without_secrets(node: Json, *, hide: bool = False, numbers: bool = False, own: bool = False) -> Json:
    """A tree with its secrets replaced: all texts with `hide`, all numbers with `numbers`; `own`: an agent chose the names."""
    match node:
        case {"$masked": _} | {"$blob": _} | {"$cut": _} | {"$code": _}:
            return {"$unknown": GONE}
        case {"$unknown": str(), **more} if not more:  # our own mark, perhaps from an earlier start
            return node
        case str() if hide or _reveals(node):
            return {"$unknown": GONE}
        case dict():
            beside = hidden_beside(node)
            return {
                f"{GONE} {at}" if (secret_name := _reveals(name)) else name: item
                if name == MORE
                else _without_secrets(
                    item,
                    hide=hide or secret_name or name in beside or hides(name, own=True),
                    numbers=numbers or name in beside or _hides_numbers(name),
                    own=own or _MODELLED.fullmatch(name) is None,
                )
                for at, (name, item) in enumerate(node.items())
            }
        case int() | float() if numbers and not isinstance(node, bool):
            return {"$unknown": GONE}
        case list():
            pair = own and is_pair(node) and not (isinstance(node[1], str) and is_heading(node[1]))
            after = [number > 0 and (pair or hidden_after(node[number - 1], item)) for number, item in enumerate(node)]
            return [
                _without_secrets(item, hide=hide or secret, numbers=numbers or secret, own=own or isinstance(item, list))
                for item, secret in zip(node, after, strict=True)
            ]
        case _:
            return node


def _hides_numbers(name: str) -> bool:
    """Whether a number with this name is a secret, such as a PIN. `maxTokens` and `PasswordReusePrevention` are settings."""
    return hides(name, own=True) and (
        not is_secret(name) or name.lower().endswith(("password", "passwd", "passphrase", "passcode"))
    )


def _reveals(shown: str) -> bool:
    """Whether a shown text holds a secret once its escapes, such as those for line breaks, are undone."""
    return looks_secret(_SHOWN.sub(lambda found: chr(int(found[1], 16)), shown))


def _hashes(node: Json) -> Iterator[str]:
    """The hashes of masked values. A value that is masked as a parameter is the same secret elsewhere in the request."""
    match node:
        case {"$masked": {"sha256": str() as digest}}:
            yield digest
        case dict():
            for item in node.values():
                yield from _hashes(item)
        case list():
            for item in node:
                yield from _hashes(item)
        case _:
            pass


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _has_gone(node: Json) -> bool:
    match node:
        case {"$unknown": str() as why}:
            return why.startswith(NOT_KEPT)
        case dict():
            return any(map(_has_gone, node.values()))
        case list():
            return any(map(_has_gone, node))
        case _:
            return False
