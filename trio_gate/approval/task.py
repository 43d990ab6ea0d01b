"""A task: calls that an agent wants to make without being asked about each, and that people approve before it begins.

Rule: a task opens nothing by itself. It is asked of the approvers of every rule that it touches, who must all agree, and then stands as
one grant for those rules, so that all its lines share its uses and its time. It covers no call that a grant may not cover, and dangers
only in lines that ask for them by name and that everybody who approves confirms one by one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import field
from typing import TYPE_CHECKING, Any

from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Access

SERVICE, OPERATION = "trio-gate", "AskForTask"
"""What stands for AWS's names in a question about a task."""

ACCESS: tuple[Access, ...] = ("list", "read", "write")
"""The access levels that a line may ask for as a whole."""

MAX_LINES = 20
"""Lines of a task: as many as a person reads with care."""

MAX_PURPOSE = 300
"""Characters of its purpose."""

Standings = tuple[tuple[str, str], ...]
"""Names of rules, and the fingerprint of each with its approvers, see `grant.standing`."""


@value_class
class Task:
    """What is asked for.

    Attributes:
        purpose: what for, in the agent's words, safe to show.
        lines: the calls, a line for each kind, in our words.
        predicate: CEL that is true of the calls of any line.
        uses: how many calls. minutes: for how long.
        rules: those that it touches, at least one, in the order of the configuration.
        dangers: the numbers of the lines, from 1, that cover dangerous calls, too.
        accounts: those of its lines with their labels, the key's first; empty where that is the only one.
    """

    purpose: str
    lines: tuple[str, ...]
    predicate: str
    uses: int
    minutes: int
    rules: Standings
    dangers: tuple[int, ...] = ()
    accounts: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def standing(self) -> str:
        """The fingerprint of all its rules."""
        return together(self.rules)

    def stands(self, standings: Mapping[str, str]) -> bool:
        """Whether all its rules are unchanged; `standings` maps names of rules to their present fingerprints."""
        return stand(self.rules, standings)


def is_task(call: Mapping[str, Any]) -> bool:
    """Whether what is told of a question's call says that it asked for a task."""
    return (call["service"], call["operation"]) == (SERVICE, OPERATION)


def stand(rules: Standings, standings: Mapping[str, str]) -> bool:
    """Whether these rules are unchanged; `standings` has the present fingerprints."""
    return all(standings.get(name) == standing for name, standing in rules)


def together(rules: Standings) -> str:
    """One fingerprint for several."""
    return hashlib.sha256(json.dumps(rules).encode("ascii")).hexdigest()


def digest_of(agent: str | None, account: str, asked: Mapping[str, object]) -> str:
    """What an approval of a task is bound to: who asks, for which account, and all that is asked for, as JSON has it."""
    facts = ["trio-gate task 1", agent, account, asked]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode("ascii")).hexdigest()
