"""The lines of a task: conditions of the gateway's own making around what an agent wrote, and the same in words for people.

Rule: what the agent wrote and what is made of it are both checked as a rule's condition is.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from trio_gate.effect.possible import may_do
from trio_gate.errors import Malformed
from trio_gate.policy import cel
from trio_gate.policy.condition_words import condition_words
from trio_gate.text.secret_detection import looks_secret
from trio_gate.text.visible import visible
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.aws.call import Access
    from trio_gate.aws.iam.tables import Tables

_GAP = re.compile(r"\s{9,}")
"""More blanks in a row than an indentation needs: what comes after them could be overlooked."""

_PATTERNS = "matches"
"""CEL's function that takes a regular expression. No task has it: to compile one takes long, and few people read one right."""

_NO_DANGER = 'aws.level != "danger"'
"""What a line has besides that names no operations, or does not ask for their dangers: those are asked about one by one."""

_OWN_ROLE = "!has(aws.session_role)"
"""What every line has besides: other roles may do other things."""

_EVERY = "all operations, "
"""How the words of a condition begin that names no operation; a line has named its own."""


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


def check_condition(where: str, source: str | None) -> None:
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
