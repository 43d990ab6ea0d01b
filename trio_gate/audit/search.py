"""Searching the record: which rows fit filters that match parts of texts, and times.

Rule: letters' case makes no difference. `PARTS` names what can be filtered by; the page's view of live calls reads them alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Call = Mapping[str, Any]


def fits(call: Call, filters: Mapping[str, str]) -> bool:
    """Whether a row, joined with its outcome, fits all of these filters, by names of PARTS."""
    return all(PARTS[name](call, wanted) for name, wanted in filters.items())


def _text(call: Call, wanted: str) -> bool:
    """Whether each word occurs in one of the row's texts that people read."""
    named = [call.get(name) for name in ("agent", "account", "account_name", "region", "sentence", "level", "id", "kind")]
    action = f"{call.get('service') or ''}:{call.get('action') or ''}"
    rule = call["decision"].get("rule")
    texts = [*filter(None, named), action, rule or "", *_resources(call), *_people(call), *_reasons(call), *_codes(call)]
    found = "\n".join(map(str, texts)).lower()
    return all(word in found for word in wanted.lower().split())


def _part(of: Callable[[Call], Iterator[str]]) -> Callable[[Call, str], bool]:
    """A filter for a part of any of a row's texts of one kind."""

    def test(call: Call, wanted: str) -> bool:
        return any(wanted.lower() in text.lower() for text in of(call))

    return test


def _resources(call: Call) -> Iterator[str]:
    found = call.get("resources")
    return (arn for arn in (found if isinstance(found, list) else ()) if isinstance(arn, str))


def _people(call: Call) -> Iterator[str]:
    return (one["person"] for one in call["approvers"])


def _reasons(call: Call) -> Iterator[str]:
    """Why it was decided so, by the rule and by people, and why it ended so."""
    yield call["decision"].get("reason") or ""
    yield from (one["reason"] for one in call["approvers"])
    yield (call.get("outcome") or {}).get("reason") or ""


def _codes(call: Call) -> Iterator[str]:
    """AWS's error code and status."""
    outcome = call.get("outcome") or {}
    return (str(outcome[name]) for name in ("error_code", "status") if outcome.get(name) is not None)


def _micro(time: str) -> str:
    """A time with milliseconds as rows have theirs, with microseconds: they compare as texts."""
    return f"{time.removesuffix('Z')}000Z"


PARTS: Mapping[str, Callable[[Call, str], bool]] = {
    "text": _text,
    "resource": _part(_resources),
    "approver": _part(_people),
    "reason": _part(_reasons),
    "since": lambda call, wanted: call["time"] >= _micro(wanted),
    "until": lambda call, wanted: call["time"] < _micro(wanted),
}
"""What `fits` filters by: words anywhere, parts of resources, people and reasons, and times in RFC 3339 with milliseconds, UTC."""
