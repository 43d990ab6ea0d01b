#!/usr/bin/env python3
"""Writes trio_gate/aws/review/operations.txt: what the review says about each operation of the installed botocore.

    python -m scripts.data.make_review trio_gate/aws/review/operations.txt

The table has what scripts/data/review proposes, unless by_hand.txt decides otherwise. Read the diff: what is in the table counts as
reviewed from then on.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import botocore

from scripts.data.review import answers, effects, levels, models
from scripts.data.review.by_hand import Decision, decisions
from trio_gate.aws.iam.actions import main_action
from trio_gate.aws.iam.reviewed import HEADING
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.review.rows import LEVELS
from trio_gate.shell.models.packaged_data import packaged_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_gate.aws.call import Access

HEAD = f"# The review of the operations of botocore {botocore.__version__} (see rows.py), made by scripts/data/make_review.py."


@dataclass(slots=True)
class Draft:
    """A row in the making: its marks by name, each with its condition and reason."""

    access: Access
    reasons: list[str] = field(default_factory=list)
    marks: dict[str, tuple[str, str]] = field(default_factory=dict)

    def give(self, word: str, reason: str) -> None:
        """Add a mark as it is written in the table, or set the level."""
        name, mark, when = word.partition("?")
        if name in LEVELS and not mark:
            self.access = LEVELS[name]
            self.reasons.append(f"{name}: {reason}")
        else:
            self.marks[name.removesuffix("~")] = (word if not mark or when != "*" else f"{name}~", reason)

    def line(self, name: str) -> str:
        """The row."""
        words = [name, self.access, *(word for word, _ in self.marks.values())]
        said = [*self.reasons, *(f"{mark}: {reason}" for mark, (_, reason) in self.marks.items() if reason)]
        return f"{' '.join(words)} # {'; '.join(said)}" if said else " ".join(words)


def rows(decided: tuple[Decision, ...], tables: Tables) -> Iterator[str]:
    """The lines of the table."""
    yield HEAD
    for service in models.services():
        yield f"{HEADING}{service}"
        found = {one.name: one for one in models.operations(service)}
        mine = [one for one in decided if one.service in {service, "*"}]
        for one in found.values():
            draft = proposed(one, found, tables)
            for decision in mine:
                if decision.covers(service, one.name):
                    decide(draft, decision)
            yield draft.line(one.name)
        yield from ahead(service, found, mine)


def ahead(service: str, found: Mapping[str, models.Modelled], mine: list[Decision]) -> Iterator[str]:
    """Rows of operations that the model does not have yet."""
    for decision in mine:
        for name in decision.operations:
            if decision.service == service and "*" not in name and name not in found:
                draft = Draft("write")
                decide(draft, decision)
                yield draft.line(name)


def proposed(one: models.Modelled, siblings: Mapping[str, models.Modelled], tables: Tables) -> Draft:
    """What the model and IAM say about an operation."""
    action = main_action(
        tables, service=one.service, operation=one.name, signing_name=one.signing_name, method=one.method, params={}
    )
    access, reason = levels.level(one, action.access if action else None, siblings)
    draft = Draft(access, [f"{access}: {reason}"] if reason else [])
    for mark, leaf in answers.proposals(one, read=access in {"read", "list"}):
        draft.give(mark, str(leaf))
    for word, why in effects.marks(one, access):
        draft.give(word, why)
    chosen = tuple(dict.fromkeys(map(str, levels.chosen_credentials(one))))
    if chosen and access == "write":
        draft.give(f"permissions?{','.join(chosen)}", "a credential of the caller's choosing")
    return draft


def decide(draft: Draft, decision: Decision) -> None:
    """Apply a line of by_hand.txt to a row."""
    for mark in decision.takes:
        draft.marks.pop(mark, None)
    for word in decision.gives:
        draft.give(word, decision.reason)


def main() -> None:
    """Write the table."""
    Path(sys.argv[1]).write_text("\n".join(rows(tuple(decisions()), Tables(packaged_tables))) + "\n", "utf-8")


if __name__ == "__main__":
    main()
