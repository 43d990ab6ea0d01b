"""An agent's view as Markdown, for models to read.

Rule: all that comes from texts of others stands in one line, and cannot end a cell of a table or begin a block.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_BLOCK = re.compile(r"^(?=[#>+*\-=`~|\d])")


def page(view: Mapping[str, Any]) -> str:
    """The whole view, as of `view.view`."""
    name = f"agent `{view['agent']}`" if view["agent"] else "an agent without a name"
    lines = [
        "# What you may do here",
        "",
        f"You are {name}. A gateway, trio-gate, judges each of your AWS calls by rules before AWS gets it.",
        *([f"You ask with a session of the role {_line(view['session'])}."] if view["session"] else []),
        *_stopped(view["stopped"]),
        *_section("Waiting for people", (f"- {one['id']}: {question(one)}" for one in view["waiting"]), view["waiting_in_all"]),
        *_section("Granted", map(_grant, view["granted"]), view["granted_in_all"]),
        *_section("Accounts", (f"- {one['id']}{_label(one)}" for one in view["accounts"]), view["accounts_in_all"]),
        *_section("How", (f"- {text}" for text in view["how"].values())),
        *_section("Rules, the first that matches decides", map(_rule, view["rules"])),
        *(() if view["rules_complete"] else ("- and perhaps more, which are not listed",)),
        *(line for one in view["calls"] for line in _calls(one)),
        *_left_out(view["services_left_out"]),
    ]
    return "\n".join(lines) + "\n"


def question(told: Mapping[str, Any]) -> str:
    """Where one question stands, in a line."""
    until = (
        f", open until {told['until']}" if told["status"] == "pending" else f", until {told['until']}" if told["until"] else ""
    )
    return _line(f"{told['call']} (account {told['account']}, rule {json.dumps(told['rule'])}{until}): {told['next']}")


def _section(title: str, rows: Iterator[str], in_all: int = 0) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    found = list(rows)
    yield from found or ["None."]
    if in_all > len(found):
        yield f"- and {in_all - len(found)} more"


def _stopped(stop: Mapping[str, Any] | None) -> Iterator[str]:
    if stop is not None:
        why = f": {stop['reason']}" if stop["reason"] else ""
        yield from ("", _line(f"All your calls are stopped by a person since {stop['since']}{why}. Tell your user, and wait."))


def _label(account: Mapping[str, Any]) -> str:
    return f" ({_line(account['label'])})" if account["label"] else ""


def _rule(rule: Mapping[str, Any]) -> str:
    return f"1. {_line(json.dumps(rule['name'], ensure_ascii=False))} {rule['does']}{': ' if rule['reason'] else ''}{_line(rule['reason'] or '')}"


def _grant(told: Mapping[str, Any]) -> str:
    said = f"{told['covers']}, first {told['first']}, in account {told['account']}: {told['left']} left, until {told['until']}"
    return f"- {told['id']}: {_line(said)}"


def _calls(told: Mapping[str, Any]) -> Iterator[str]:
    """A table of services by access level."""
    more = told["accounts_in_all"] - len(told["accounts"])
    where = ", ".join(told["accounts"]) + (f" and {more} more" if more else "")
    levels = list(next(iter(told["services"].values())))
    yield from ("", f"## Calls in {where}", "", f"| | {' | '.join(levels)} |", f"|{'---|' * (len(levels) + 1)}")
    for service, cells in told["services"].items():
        yield f"| {service} | {' | '.join(_cell(cells[level]) for level in levels)} |"
    yield ""
    yield f"- AssumeRole of a role in an account of yours, which the gateway answers with a session of its own: {_cell(told['roles'])}"
    yield from (f"- {operation}, which is answered so as well: {_cell(one)}" for operation, one in told["sessions"].items())
    yield f"- all else that returns credentials, but for what is never served: {_cell(told['credentials'])}"


def _left_out(services: Sequence[str]) -> Iterator[str]:
    if services:
        yield from ("", f"There is no room for the rows of {', '.join(map(_line, services))}.")


def _cell(told: Mapping[str, Any]) -> str:
    """One answer, with the rules where it depends on them."""
    if told["answer"] != "depends":
        return str(told["answer"])
    parts = [
        f"{json.dumps(step['rule'], ensure_ascii=False) if step['rule'] else 'no rule'} {step['does']}{' the rest' if step['all'] else ' some'}"
        for step in told["rules"]
    ]
    more = f", and {told['more']} more rules" if told["more"] else ""
    undecided = ", and what a condition cannot be decided for is denied" if told["undecided"] else ""
    return _line(f"depends: {', '.join(parts)}{more}{undecided}")


def _line(text: str) -> str:
    """A text of others in one line, which begins no block and ends no cell."""
    return _BLOCK.sub(r"\\", " ".join(text.split()).replace("|", "\\|"))
