"""What a grant or a task would let through, before it is given: in words, of the last day's recorded calls, and of what waits.

Rule: it is counted in a worker thread, within a time and a number of rows, and says what it left out. Nothing masked is guessed: what
cannot be decided of a recorded call is counted as that.
"""

from __future__ import annotations

import time
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from trio_gate.approval.channel.codec import timestamp
from trio_gate.approval.channel.frames import Previewed
from trio_gate.audit.recorded_call import facets_of_row
from trio_gate.policy.activation import Undecided
from trio_gate.policy.cel import Evidence, compile_condition
from trio_gate.policy.condition_words import condition_words
from trio_gate.text.visible import visible
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Mapping, Sequence
    from datetime import datetime

    from trio_gate.approval.channel.frames import Preview
    from trio_gate.approval.question import Question
    from trio_gate.ports import Asked

PERIOD = timedelta(days=1)
"""How far back calls are counted."""

MOST_ROWS = 50_000
"""Rows of the record that are looked at, the newest first: some seconds' work at the most."""

MOST_SECONDS = 2.0
"""How long rows may be read and judged."""

MOST_WAITING = 200
"""Ids of waiting prompts that are listed."""

_EQUAL = "calls equal to this one in all that is sent"


@value_class
class Recorded:
    """The record, as previews need it.

    Attributes:
        recent: yields the rows of calls by some rules that are newer than a time, the newest first, with None for each row that is about
            something else; of as many rows as it is given.
        never_vends: whether no call of an operation, given by service and name, returns credentials.
    """

    recent: Callable[[Collection[str], datetime, int], Generator[dict[str, Any] | None]]
    never_vends: Callable[[str, str], bool]


@value_class
class _Counted:
    """How many recorded calls there are, are covered, and cannot be said to be; since when, and whether that is the whole period."""

    calls: int = 0
    covered: int = 0
    undecided: int = 0
    since: datetime
    complete: bool


def preview(frame: Preview, question: Question, others: Sequence[Asked], record: Recorded | None, now: datetime) -> Previewed:
    """The answer to a question's preview; it may take MOST_SECONDS. The condition has to be sound. Raises AuditUnavailable.

    Args:
        frame: what is asked; of a task its condition is not read, as the task has its own.
        question: the prompt that the grant would be given with.
        others: the other prompts that wait for the same rule, agent and account.
        record: None where there is none.
        now: the present time.
    """
    condition = frame.predicate if question.task is None else question.task.predicate
    counted = _count(question, condition, record, now)
    covered = [asked.question.id for asked in others if _covers(asked, question, condition)]
    return Previewed(
        ref=frame.ref,
        id=frame.id,
        words=_words(question, condition),
        covered=counted.covered,
        undecided=counted.undecided,
        calls=counted.calls,
        since=timestamp(counted.since),
        complete=counted.complete,
        waiting=tuple(covered[:MOST_WAITING]),
    )


def _words(question: Question, condition: str | None) -> str:
    if question.task is not None:
        return "; ".join(question.task.lines)
    if condition is not None:
        return visible(condition_words(condition))
    differ = ", ".join(question.may_differ)
    return f"{_EQUAL}, whatever their {differ}" if differ else _EQUAL


def _covers(asked: Asked, question: Question, condition: str | None) -> bool:
    if condition is None:
        return asked.question.repeat_key == question.repeat_key
    return asked.covers(condition)


def _count(question: Question, condition: str | None, record: Recorded | None, now: datetime) -> _Counted:
    if record is None:
        return _Counted(since=now, complete=False)
    since, calls, found, complete = now - PERIOD, 0, {True: 0, None: 0, False: 0}, True
    holds, ends, last = _judge(question, condition, record.never_vends), time.monotonic() + MOST_SECONDS, now
    rules = [question.rule] if question.task is None else [name for name, _ in question.task.rules]
    with closing(record.recent(rules, since, MOST_ROWS)) as rows:
        for number, row in enumerate(rows, 1):
            if row is not None and _is_of(row, question):
                calls, last = calls + 1, facets_of_row(row).time
                found[holds(row)] += 1
            if number == MOST_ROWS or time.monotonic() > ends:
                complete = False
                break
    return _Counted(calls=calls, covered=found[True], undecided=found[None], since=since if complete else last, complete=complete)


def _is_of(row: Mapping[str, Any], question: Question) -> bool:
    return row["account"] in question.accounts and row["agent"] == question.agent


def _judge(
    question: Question, condition: str | None, never_vends: Callable[[str, str], bool]
) -> Callable[[Mapping[str, Any]], bool | None]:
    """Whether the grant would have covered the call of a row; None where that cannot be said."""
    if condition is None:
        return lambda row: _equal(row, question)
    compiled = compile_condition(condition)

    def holds(row: Mapping[str, Any]) -> bool | None:
        try:
            true = compiled.holds(Evidence(facets_of_row(row)))
        except Undecided:
            return None
        # a call that may return credentials is covered by no grant, and a row does not say whether one did
        return None if true and not (_same_operation(row, question) or never_vends(row["service"], row["action"])) else true

    return holds


def _equal(row: Mapping[str, Any], question: Question) -> bool | None:
    if row["digest"] == question.digest:
        return True
    return None if question.may_differ and _same_operation(row, question) else False


def _same_operation(row: Mapping[str, Any], question: Question) -> bool:
    return (row["service"], row["action"]) == (question.service, question.operation)
