"""Decided questions: how each ended, and what became of its call, for the people who were asked.

Rule: the table is bounded, and kept over restarts with the secrets in reasons masked. A later outcome replaces an earlier one, as
where AWS throttled the call and it was sent again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from trio_gate.approval.channel.codec import as_json, timestamp
from trio_gate.approval.channel.frames import Decided
from trio_gate.approval.state import Status, verdict_of
from trio_gate.approval.task import is_task
from trio_gate.metrics.histogram import PEOPLE_BOUNDS, Histograms
from trio_gate.text.secret_detection import kept_text
from trio_gate.text.visible import visible
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from trio_gate.approval.state import Prompt

MAX_DECIDED = 500
"""Questions that are remembered, of all people together; each is about one KiB."""

MAX_SHOWN = 50
"""The newest of them that a person is sent on connecting."""

MAX_WHY = 500
"""Characters of the reason why a call was not sent, or had no answer."""

CUT_OFF = "the gateway ended before this was known: the record and AWS may say more"
"""Why no answer is known of a call that was under way when the process ended."""


@value_class
class CallOutcome:
    """What became of an approved call.

    Attributes:
        at: when that was known.
        end: "answered" by AWS, "not_sent", or "unanswered": it was sent, and no answer is known.
        status, error_code: AWS's, None without an answer or an error.
        seconds: from sending to the answer's head; None without an answer.
        why: for people, why the agent got no answer from AWS; None where it did.
    """

    at: datetime
    end: Literal["answered", "not_sent", "unanswered"]
    status: int | None = None
    error_code: str | None = None
    seconds: float | None = None
    why: str | None = None


class DecidedTable:
    """The questions that ended last, by id, the oldest first. `seconds`: how long all questions waited, by their last status."""

    def __init__(self, note: Callable[[str, Mapping[str, Any] | None], None] | None = None) -> None:
        """`note` is told what `load` wants back after a restart, by the question's id; None for what is to be forgotten."""
        self._note = note or (lambda _name, _value: None)
        self._kept: dict[str, tuple[Decided, frozenset[str]]] = {}
        self._once: dict[str, str] = {}
        self._disowned: set[str] = set()
        self.seconds = Histograms(PEOPLE_BOUNDS, len(Status))

    def load(self, noted: Iterable[Mapping[str, Any]], grants: Collection[str]) -> None:
        """Take back what was noted before a restart; `grants` are the ids of those that may still be used.

        Raises ValueError, KeyError or TypeError for what was not noted here.
        """
        for one in sorted(noted, key=lambda one: str(one["frame"]["at"])):
            frame, waits = Decided(**one["frame"]), [grant for grant in one["once"] if grant in grants]
            self._kept[frame.id] = frame, frozenset(one["people"])
            self._once.update(dict.fromkeys(waits, frame.id))
            if one.get("disowned"):
                self._disowned.add(frame.id)
            cut_off = frame.status == Status.APPROVED.value and frame.outcome is None and not waits
            if cut_off and not is_task(frame.call):  # nothing of a task is sent
                self.became(frame.id, CallOutcome(at=datetime.fromisoformat(frame.at), end="unanswered", why=CUT_OFF))

    def ended(self, prompt: Prompt, *, at: datetime, grant: str | None, why: str = "") -> Decided:
        """Remember how a question ended; `why` says who or what withdrew it."""
        question, ended = prompt.question, verdict_of(prompt)
        self.seconds.add(prompt.status.value, (at - question.asked_at).total_seconds())
        frame = Decided(
            id=question.id,
            at=timestamp(at),
            status=prompt.status.value,
            by=list(ended.by),
            reason=visible(why) or ended.reason,
            grant=grant,
            call={name: getattr(question, name) for name in _SHOWN},
            outcome=None,
        )
        self._put(frame, frozenset(person for group in question.approvers for person in group.people))
        return frame

    def kept(self, grant_id: str, question_id: str) -> None:
        """Remember that the approval of a question waits, as a grant for one use, for its agent to come again."""
        self._once[grant_id] = question_id
        if len(self._once) > MAX_DECIDED:
            del self._once[next(iter(self._once))]
        if question_id in self._kept:
            self._write_down(question_id)

    def waits(self, question_id: str) -> list[str]:
        """The grants for one use as which the approval of a question waits, or waited, for its agent."""
        return [grant for grant, of in self._once.items() if of == question_id]

    def became(self, approval_id: str, outcome: CallOutcome) -> tuple[Decided, frozenset[str]] | None:
        """Note what became of the call that an approval let go: a question's id, or that of its grant for one use.

        Returns what to tell, and whom. None if nobody decided about that call itself.
        """
        found = self._kept.get(self._once.get(approval_id, approval_id))
        if found is None:
            return None
        why, code = (text and visible(text[:MAX_WHY]) for text in (outcome.why, outcome.error_code))
        frame = replace(found[0], outcome=as_json(replace(outcome, why=why, error_code=code)))
        self._put(frame, found[1])
        return frame, found[1]

    def of(self, person: str) -> list[Decided]:
        """The last MAX_SHOWN that a person was asked, the oldest first."""
        return [frame for frame, people in self._kept.values() if person in people][-MAX_SHOWN:]

    def of_agent(self, question_id: str, agent: str | None) -> Decided | None:
        """How a question of this agent ended; None if that is not known, or it was another's."""
        frame, _ = self._kept.get(question_id, (None, None))
        mine = frame is not None and frame.call["agent"] == agent and question_id not in self._disowned
        return frame if mine else None

    def disown(self, changed: Callable[[str], bool]) -> None:
        """Tell agents that `changed` nothing any more of what was asked in their name: who has it now may be another."""
        for frame, _ in tuple(self._kept.values()):
            agent = frame.call["agent"]
            if agent is not None and frame.id not in self._disowned and changed(agent):
                self._disowned.add(frame.id)
                self._write_down(frame.id)

    def _put(self, frame: Decided, people: frozenset[str]) -> None:
        self._kept[frame.id] = frame, people
        self._write_down(frame.id)
        if len(self._kept) > MAX_DECIDED:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            self._disowned.discard(oldest)
            self._note(oldest, None)

    def _write_down(self, question_id: str) -> None:
        frame, people = self._kept[question_id]
        outcome = frame.outcome and {**frame.outcome, "why": frame.outcome["why"] and kept_text(frame.outcome["why"])}
        kept = replace(frame, reason=kept_text(frame.reason), outcome=outcome)
        once = self.waits(question_id)
        disowned = {"disowned": True} if question_id in self._disowned else {}
        self._note(question_id, {"frame": as_json(kept), "people": sorted(people), "once": once, **disowned})


_SHOWN = (
    "account",
    "account_name",
    "account_color",
    "agent",
    "service",
    "operation",
    "words",
    "region",
    "sentence",
    "level",
    "rule",
)
"""What of a question is told again."""
