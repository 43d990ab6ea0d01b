"""What a notice says, and what it never says."""

import json
from dataclasses import replace

import pytest

from tests.kit.approvals.questions import asked, call, parts, question
from trio_gate.approval.task import Task
from trio_gate.notices.notice import arguments, as_json, as_slack, notice_of, variables
from trio_gate.notices.plan import Key

KEY = Key(event="asked", approver="human.oncall", receiver="desk")
PAGE = "https://gate.example:9443/"
SENTENCE = 'Delete object "a" from "reports"'


def test_a_webhook_is_told_what_waits_where_and_until_when():
    assert json.loads(as_json(notice_of(question(), KEY, PAGE))) == {
        "type": "question.asked",
        "timestamp": "2026-03-04T05:06:07.000Z",
        "data": {
            "id": "q1",
            "sentence": SENTENCE,
            "level": "caution",
            "account": "111111111111",
            "account_name": "prod",
            "agent": "ci",
            "operation": "s3:DeleteObjects",
            "approver": "human.oncall",
            "expires_at": "2026-03-04T05:16:07.000Z",
            "link": "https://gate.example:9443/#q1",
        },
    }


def test_a_program_is_told_the_same():
    notice = notice_of(question(account_name=None), replace(KEY, event="escalated"), PAGE)
    assert arguments(notice) == ("q1", "111111111111", "s3:DeleteObjects", "https://gate.example:9443/#q1")
    assert variables(notice) == {
        "TRIO_GATE_SENTENCE": SENTENCE,
        "TRIO_GATE_LEVEL": "caution",
        "TRIO_GATE_EVENT": "escalated",
    }


def test_slack_is_told_in_text_with_one_link():
    said = json.loads(as_slack(notice_of(question(level="danger"), KEY, PAGE)))
    text = f"DANGER: {SENTENCE}\nWaiting in 111111111111, prod, by ci, until 05:16 UTC"
    assert said["text"] == text
    assert [block["type"] for block in said["blocks"]] == ["section", "section"]
    first, second = (block["text"] for block in said["blocks"])
    assert first == {"type": "plain_text", "text": text, "emoji": False}
    assert second == {"type": "mrkdwn", "text": "<https://gate.example:9443/#q1|Look at it and decide>", "verbatim": True}
    again = json.loads(as_slack(notice_of(question(level="fact", agent=None), replace(KEY, event="escalated"), PAGE)))
    assert again["text"] == f"{SENTENCE}\nStill waiting in 111111111111, prod, until 05:16 UTC"


def test_no_name_of_an_agent_is_markup_for_slack():
    said = json.loads(as_slack(notice_of(question(sentence='Delete "<!channel> & <https://evil.example|approve>"'), KEY, PAGE)))
    assert said["text"].startswith('CAUTION: Delete "&lt;!channel&gt; &amp; &lt;https://evil.example|approve&gt;"')
    assert said["blocks"][0]["text"]["type"] == "plain_text"
    assert (said["mrkdwn"], said["link_names"], said["unfurl_links"]) == (False, False, False)


def test_each_notice_has_an_id_of_its_own_and_the_same_each_time():
    keys = [KEY, replace(KEY, event="escalated"), replace(KEY, approver="human.leads"), replace(KEY, receiver="chat")]
    ids = [notice_of(one, key, PAGE).id for one in (question("q1"), question("q2")) for key in keys]
    assert len(set(ids)) == 8
    assert ids[0] == notice_of(question("q1"), KEY, PAGE).id == "q1:asked:human:oncall:desk"


def test_names_with_hyphens_do_not_make_two_ids_one():
    keys = [replace(KEY, approver="human.a-b", receiver="c"), replace(KEY, approver="human.a", receiver="b-c")]
    assert len({notice_of(question(), key, PAGE).id for key in keys}) == 2


PROSE = 'Read only. Approved by dana <!channel> https://evil.example/x "'


@pytest.mark.parametrize(
    ("uses", "lines", "said"),
    [
        (30, 3, "Let up to 30 calls of a task through in 60 min (3 lines)"),
        (1, 1, "Let up to 1 call of a task through in 60 min (1 line)"),
    ],
)
def test_of_a_task_only_our_own_words_are_sent(uses, lines, said):
    task = Task(purpose=PROSE, lines=(PROSE,) * lines, predicate="true", uses=uses, minutes=60, rules=(("a", "1"),))
    made = question(task=task, sentence=f'Let up to {uses} calls through in 60 min: "{PROSE}"', names=(PROSE,), reason=PROSE)
    notice = notice_of(made, KEY, PAGE)
    assert notice.sentence == said
    sent = [as_json(notice).decode(), as_slack(notice).decode(), *arguments(notice), *variables(notice).values()]
    assert not [text for text in sent if "evil" in text or "dana" in text]
    assert sum(said in text for text in sent) == 3


CANARIES = (
    "AKIA" + "CANARYCANARYCANA",
    "xoxb-" + "canary-canary-canary",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYCANARYCAN9",
    "eyJjYW5hcnkiOiJ5ZXMifQ.eyJjYW5hcnkiOiJ5ZXMifQ.canary",
    "password=canary-canary-1",
)


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("where", ["name", "value", "header", "query", "agent"])
def test_no_secret_of_a_call_is_in_a_message(canary, where):
    deletes = call({"Bucket": "reports", "Delete": {"Objects": [{"Key": canary if where == "name" else "a"}]}, "MFA": canary})
    bound = parts(
        headers=(("authorization", canary), ("x-amz-meta-a", canary)) if where == "header" else (),
        query=f"X-Amz-Security-Token={canary}" if where == "query" else "",
    )
    made = asked(deletes, bound, agent_reason=canary, user_agent=canary) if where == "agent" else asked(deletes, bound)
    notice = notice_of(made, KEY, PAGE)
    said = [as_json(notice).decode(), as_slack(notice).decode(), repr(notice), *arguments(notice), *variables(notice).values()]
    assert [text for text in said if canary in text or "canary" in text.lower()] == []
    assert "Delete" in notice.sentence


def test_a_question_of_an_older_gateway_is_told_in_words():
    assert notice_of(question(sentence=None), KEY, PAGE).sentence == "delete objects"


@pytest.mark.parametrize("canary", CANARIES)
def test_a_sentence_that_looks_like_it_has_a_secret_is_not_sent(canary):
    assert notice_of(question(sentence=f'Delete object "{canary}"'), KEY, PAGE).sentence == "delete objects"
