"""What a notice says, to programs, to webhooks and to Slack.

Rule: it says what the call does, how serious that is, in which account, and where to decide: no parameters, no text of the agent's own
but the names in the sentence, and nothing that looks like a secret. What a name may contain is no markup for Slack and no link. Of a
task it says how much is asked for, and not what for: that would be the agent's own prose where people learn that they are to decide.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from trio_gate.approval.channel.codec import timestamp
from trio_gate.effect.sentence import counted
from trio_gate.text.secret_detection import looks_secret
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trio_gate.approval.question import Question
    from trio_gate.approval.task import Task
    from trio_gate.effect.reasons import Level
    from trio_gate.notices.plan import Event, Key


@value_class
class Notice:
    """A message for one receiver.

    Attributes:
        id: the same each time that it is sent, and no other notice's.
        event: why it is sent.
        approver: the id of the approver that is told.
        question, sentence, level, account, account_name, agent, expires_at: of the question.
        operation: "service:Operation".
        link: where the question is shown, and answered, to people who sign in.
    """

    id: str
    event: Event
    approver: str
    question: str
    sentence: str
    level: Level | None
    account: str
    account_name: str | None
    agent: str | None
    operation: str
    asked_at: datetime
    expires_at: datetime
    link: str


def notice_of(question: Question, key: Key, page: str) -> Notice:
    """The notice of a question; `page` is the address of the approvals page."""
    return Notice(
        id=":".join((question.id, key.event, *key.approver.split("."), key.receiver)),  # no name has a colon, and no id a dot
        event=key.event,
        approver=key.approver,
        question=question.id,
        sentence=_sentence(question),
        level=question.level,
        account=question.account,
        account_name=question.account_name,
        agent=question.agent,
        operation=f"{question.service}:{question.operation}",
        asked_at=question.asked_at,
        expires_at=question.expires_at,
        link=f"{page}#{question.id}",
    )


def _sentence(question: Question) -> str:
    """What it does, or only the words of the operation where that could have a secret: names are masked before, so this is a second look."""
    if question.task is not None:
        return _of_task(question.task)
    said = question.sentence
    if said is None or any(map(looks_secret, (said, *said.replace('"', " ").split()))):
        return question.words
    return said


def _of_task(task: Task) -> str:
    calls, lines = counted(task.uses, "call"), counted(len(task.lines), "line")
    where = f", {counted(len(task.accounts), 'account')}" if task.accounts else ""
    return f"Let up to {calls} of a task through in {task.minutes} min ({lines}{where})"


def arguments(notice: Notice) -> tuple[str, ...]:
    """What a program gets after its own arguments."""
    return (notice.question, _account(notice, " "), notice.operation, notice.link)


def variables(notice: Notice) -> Mapping[str, str]:
    """What a program's environment has of it."""
    return {"TRIO_GATE_SENTENCE": notice.sentence, "TRIO_GATE_LEVEL": notice.level or "", "TRIO_GATE_EVENT": notice.event}


def as_json(notice: Notice) -> bytes:
    """The body for a webhook."""
    said = {
        "type": f"question.{notice.event}",
        "timestamp": timestamp(notice.asked_at),
        "data": {
            "id": notice.question,
            "sentence": notice.sentence,
            "level": notice.level,
            "account": notice.account,
            "account_name": notice.account_name,
            "agent": notice.agent,
            "operation": notice.operation,
            "approver": notice.approver,
            "expires_at": timestamp(notice.expires_at),
            "link": notice.link,
        },
    }
    return json.dumps(said, separators=(",", ":")).encode("ascii")


def as_slack(notice: Notice) -> bytes:
    """The body for an incoming webhook of Slack. Only the link is markup, and it is ours."""
    waits = "Still waiting" if notice.event == "escalated" else "Waiting"
    level = f"{notice.level.upper()}: " if notice.level in ("danger", "caution") else ""
    who = f", by {notice.agent}" if notice.agent else ""
    text = f"{level}{notice.sentence}\n{waits} in {_account(notice, ', ')}{who}, until {notice.expires_at:%H:%M} UTC"
    said = {
        "text": _escaped(text),
        "mrkdwn": False,
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [
            {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}},
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": f"<{_escaped(notice.link)}|Look at it and decide>", "verbatim": True},
            },
        ],
    }
    return json.dumps(said, separators=(",", ":")).encode("ascii")


def _account(notice: Notice, between: str) -> str:
    return f"{notice.account}{between}{notice.account_name}" if notice.account_name else notice.account


def _escaped(text: str) -> str:
    """A text in which Slack finds no markup: these three characters begin all of it that names people, channels or links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
