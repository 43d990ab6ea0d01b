"""The explanation of one request as text for people.

Rule: what an agent wrote is shown as JSON in ASCII, or in a sentence that marks and escapes it, so nothing in it can act on the terminal
or pass for the gateway's own words.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WIDTH = 12


def page(number: int, answer: Mapping[str, Any]) -> str:
    """The text, without a final line feed. `answer` is one of `Explainer.connection`."""
    lines = [f"request {number}"]
    if answer["outcome"] == "refused":
        lines.append(_line("refused", f"{answer['status']} {answer['code']}: {answer['reason']}"))
    if "call" in answer:
        lines.extend(_call(answer["call"]))
    if answer.get("decision"):
        decision = answer["decision"]
        lines.append(_line("decision", f"{decision['outcome']}: {decision['reason']}"))
        if "role" in decision:
            lines.append(_line("role", decision["role"]))
        if "session_policy" in decision:
            lines.append(_line("narrowed to", decision["session_policy"]))
    if "forward" in answer:
        lines.extend(_forward(answer["forward"]))
    return "\n".join(lines)


def _call(call: Mapping[str, Any]) -> Iterable[str]:
    yield _line("does", _ascii(call["sentence"]))
    for name in call["names"]:
        yield _line("", _ascii(name))
    yield _line("level", call["level"])
    for reason in call["reasons"]:
        yield _line("", f"{reason['level']}: {_ascii(reason['text'])}")
    yield _line("call", f"{call['service']} {call['action']} ({call['protocol']})")
    yield _line("account", f"{call['account']} in {call['region']}, {call['partition']}")
    yield _line("access", f"{call['access']}, as {_list(call['iam_actions'])}")
    if call["newer_than_review"]:
        yield _line("", "the operation or one of its members is newer than the review: what is not shown here is unknown")
    yield _line("resources", _list(call["resources"]))
    yield _line("main", _known(call["resource"]))
    yield _line("accounts", f"{_list(call['resource_accounts'])}; cross-account: {_known(call['cross_account'])}")
    if "presigned" in call:
        yield _line("", f"signed and not sent: works for {call['presigned']} seconds")
    for name in ("reads_secret", "vends_credentials", "may_expose_secrets", "runs_code", "spends", "shares_with", "makes_public"):
        if call[name]:
            yield _line("", name.replace("_", " ") + ("" if call[name] is True else f": {_list(call[name])}"))
    for name, value in call["params"].items():
        yield _line("parameter", f"{json.dumps(name)[1:-1]} = {json.dumps(value)}")


def _forward(forward: Mapping[str, Any]) -> Iterable[str]:
    yield _line("forwarded", f"{forward['method']} https://{forward['host']}{forward['target']}")
    for name, value in forward["headers"]:
        yield _line("", f"{name}: {json.dumps(value)[1:-1]}")
    for name, digest in forward.items():
        if name.endswith("_sha256"):
            yield _line("", f"{name.replace('_', ' ')} {digest}")


def _line(label: str, text: str) -> str:
    return f"  {label:{_WIDTH}}{text}".rstrip()


def _ascii(text: str) -> str:
    """A text that is safe to show, on any terminal."""
    return text.replace("…", "...").encode("ascii", "backslashreplace").decode("ascii")


def _list(value: Any) -> str:
    return (", ".join(map(_known, value)) or "none") if isinstance(value, list) else _known(value)


def _known(value: Any) -> str:
    if value == {"$unknown": True}:
        return "unknown"
    return json.dumps(value)[1:-1] if isinstance(value, str) else {None: "none", True: "yes", False: "no"}[value]
