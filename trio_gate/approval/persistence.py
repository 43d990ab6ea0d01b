"""Prompts, grants and stops as JSON that is kept over a restart, and back.

Rule: what reads back is equal to what was kept, but that nobody waits: a prompt comes back detached. Masked values and those that
cannot be opened any more lose their part and their hash; a short secret's hash is the secret.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from trio_gate.approval.codec import as_json
from trio_gate.approval.grant import Grant
from trio_gate.approval.param_tree import Part
from trio_gate.approval.question import Group, Question
from trio_gate.approval.risks import Risk
from trio_gate.approval.state import Prompt, Vote
from trio_gate.approval.terms import Terms
from trio_gate.text.secret_detection import hidden_after, hidden_beside, hides, is_pair, is_secret, kept_text, looks_secret
from trio_gate.text.secret_tables import is_heading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.text.visible import Json

GONE = "not kept: the gateway was started anew"

MORE = "$more"
"""The member that counts what was left out of a tree; an agent's own names never begin so."""

_MODELLED = re.compile(r"[A-Za-z][A-Za-z0-9]*")
"""As members of a model are named; another name is one that an agent made up."""

_SHOWN = re.compile(r"\\u\{(10[0-9a-f]{4}|[0-9a-f]{1,5})\}")
"""A character by its number, as `visible` writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Calls that are refused until it is lifted: an agent's, or all where `agent` is None."""

    agent: str | None
    by: str
    reason: str
    at: datetime


def stop_json(stop: Stop) -> dict[str, Any]:
    """A stop."""
    return {**as_json(stop), "reason": kept_text(stop.reason)}


def prompt_json(prompt: Prompt, standing: str) -> dict[str, Any]:
    """A pending prompt, and the fingerprint of its rule."""
    question = as_json(prompt.question)
    masked = frozenset(_hashes(question["params"]))

    def gone(name: str, value: str) -> bool:
        return hides(name) or _tells(value) or _sha256(value) in masked

    pairs = parse_qsl(question["query"], keep_blank_values=True)
    question["headers"] = [[name, GONE if gone(name, value) else value] for name, value in question["headers"]]
    question["path"] = "/".join(GONE if gone("", unquote(part)) else part for part in question["path"].split("/"))
    question["query"] = GONE if any(gone(name, value) for name, value in pairs) else question["query"]
    question["params"] = _without_secrets(question["params"])
    question["not_shown"] = []
    return {
        "question": question,
        "votes": [{**as_json(vote), "reason": kept_text(vote.reason)} for vote in prompt.votes],
        "standing": standing,
    }


def prompt_from(kept: dict[str, Any]) -> tuple[Prompt, str]:
    """A prompt that was kept, detached, and the fingerprint. Raises ValueError, KeyError or TypeError on what is none."""
    given = dict(kept["question"])
    lists = {name: None if given[name] is None else tuple(given[name]) for name in ("iam_actions", "resources")}
    question = Question(
        **{
            **given,
            **lists,
            **{name: datetime.fromisoformat(given[name]) for name in ("asked_at", "expires_at", "hold_until")},
            "approvers": tuple(Group(**{**group, "people": tuple(group["people"])}) for group in given["approvers"]),
            "headers": tuple((name, value) for name, value in given["headers"]),
            "risks": tuple(Risk(**risk) for risk in given["risks"]),
            "may_differ": tuple(given["may_differ"]),
            "not_shown": (Part(part="params", name="", why="more"),) if _has_gone(given["params"]) else (),
        }
    )
    votes = tuple(_vote(vote) for vote in kept["votes"])
    return Prompt(question=question, votes=votes, detached=True), str(kept["standing"])


def grant_from(kept: dict[str, Any]) -> Grant:
    """A grant that was kept as `as_json` gives it. Raises ValueError, KeyError or TypeError on what is none."""
    times = {name: datetime.fromisoformat(kept[name]) for name in ("made_at", "expires_at")}
    grant = Grant(**{**kept, **times, "by": tuple(kept["by"]), "people": tuple(kept["people"])})
    if {field.name for field in fields(grant)} != kept.keys():
        message = "a grant of another version"
        raise ValueError(message)
    return grant


def stop_from(kept: dict[str, Any]) -> Stop:
    """A stop that was kept as `stop_json` gives it. Raises ValueError, KeyError or TypeError on what is none."""
    return replace(Stop(**kept), at=datetime.fromisoformat(kept["at"]))


def _vote(kept: dict[str, Any]) -> Vote:
    grant = None if kept["grant"] is None else Terms(**kept["grant"])
    return Vote(**{**kept, "at": datetime.fromisoformat(kept["at"]), "grant": grant})


def _without_secrets(node: Json, *, hide: bool = False, numbers: bool = False, own: bool = False) -> Json:
    """A tree without what tells a secret: `hide` all of it, `numbers` too; `own` is what an agent made up."""
    match node:
        case {"$masked": _} | {"$blob": _} | {"$cut": _}:
            return {"$unknown": GONE}
        case {"$unknown": str(), **more} if not more:  # ours, and perhaps of the start before
            return node
        case str() if hide or _tells(node):
            return {"$unknown": GONE}
        case dict():
            beside = hidden_beside(node)
            return {
                f"{GONE} {at}" if (told := _tells(name)) else name: item
                if name == MORE
                else _without_secrets(
                    item,
                    hide=hide or told or name in beside or hides(name, own=True),
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
                _without_secrets(item, hide=hide or told, numbers=numbers or told, own=own or isinstance(item, list))
                for item, told in zip(node, after, strict=True)
            ]
        case _:
            return node


def _hides_numbers(name: str) -> bool:
    """Whether a number of this name is a secret, as a PIN or code: `maxTokens` and `PasswordReusePrevention` are settings."""
    return hides(name, own=True) and (
        not is_secret(name) or name.lower().endswith(("password", "passwd", "passphrase", "passcode"))
    )


def _tells(shown: str) -> bool:
    """Whether a text that is shown tells a secret as it was: what is shown has no line ends or tabs."""
    return looks_secret(_SHOWN.sub(lambda found: chr(int(found[1], 16)), shown))


def _hashes(node: Json) -> Iterator[str]:
    """Those of the masked values: what is masked as a parameter is, elsewhere in the request, the same secret."""
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
            return why == GONE
        case dict():
            return any(map(_has_gone, node.values()))
        case list():
            return any(map(_has_gone, node))
        case _:
            return False
