"""Reads the `approver` block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trio_gate.config import attribute_types
from trio_gate.config.approvers.notify import receivers
from trio_gate.config.blocks import references
from trio_gate.config.model import Approver

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.config.block_reader import Form
    from trio_gate.config.model import Person


def approver(form: Form, people: Mapping[str, Person]) -> Approver | None:
    """Read a group of approvers; None if it is faulty. `people` are the readable ones, by id."""
    members = form.need(references(form, "person", or_one=False), "people")
    quorum = form.default(attribute_types.whole(1, 100), "quorum", 1)
    timeout = form.default(attribute_types.duration(), "timeout", 600.0)
    hold = form.default(attribute_types.duration(), "hold", 300.0)
    told = receivers(form)
    escalate_to, escalate_after = _escalation(form, timeout)
    form.close()
    kind: Literal["human", "bot"] = "bot" if form.block.labels[0].text == "bot" else "human"
    if members is None:
        return None
    for part, member in enumerate(members):
        if kind == "human" and member in people and people[member].kind == "bot":
            form.fault(f"`{member}` is a bot: a human approver takes people only", of="people", part=part)
    if quorum > len(members):
        form.fault(f"a quorum of {quorum} cannot be reached by {len(members)} people", of="quorum")
    return Approver(
        kind=kind,
        name=form.name,
        people=tuple(member.partition(".")[2] for member in members),
        quorum=quorum,
        timeout=timeout,
        hold=hold,
        notify=told,
        escalate_to=escalate_to,
        escalate_after=escalate_after,
    )


def _escalation(form: Form, timeout: float) -> tuple[tuple[str, ...], float]:
    """The approvers whose receivers are told later, and after how many seconds."""
    to = form.take(references(form, "approver"), "escalate_to") or ()
    after = form.take(attribute_types.duration(), "escalate_after")
    if (form.given("escalate_to") is None) != (form.given("escalate_after") is None):
        of = "escalate_to" if form.given("escalate_to") else "escalate_after"
        form.fault("`escalate_to` and `escalate_after` go together", of=of)
    if after is not None and after >= timeout:
        form.fault("no question waits so long: `timeout` is not more", of="escalate_after")
    return to, after or 0.0
