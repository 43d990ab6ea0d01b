"""A task as an agent sends it: what is refused, and in which words."""

from __future__ import annotations

import pytest

from tests.exchange.tasks.kit import OBJECTS, sent, task
from trio_gate.approval.task import MAX_LINES, MAX_PURPOSE
from trio_gate.errors import Malformed
from trio_gate.exchange.tasks.request import MAX_ACTIONS, MAX_MATCH, read_task


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[]", "a task is a JSON object"),
        (sent(OBJECTS, more=1), "a task is a JSON object"),
        (sent(OBJECTS, purpose=" "), "`purpose` says"),
        (sent(OBJECTS, purpose="x" * (MAX_PURPOSE + 1)), "`purpose` says"),
        (sent(OBJECTS, purpose="password=hunter2hunter2"), "`purpose` looks as if it held a secret"),
        (sent(), "`needs` is a list"),
        (sent(*[OBJECTS] * (MAX_LINES + 1)), "`needs` is a list"),
        (sent(OBJECTS, uses=0), "`uses` is not a whole number from 1 to 100"),
        (sent(OBJECTS, uses=101), "`uses` is not a whole number from 1 to 100"),
        (sent(OBJECTS, uses=True), "`uses` is not a whole number"),
        (sent(OBJECTS, minutes=481), "`minutes` is not a whole number from 1 to 480"),
        (sent("s3"), "line 1 of `needs` is an object"),
        (sent(OBJECTS, {"access": "read", "more": True}), "line 2 of `needs` is an object"),
        (
            sent(OBJECTS, {"access": "read", "danger": True}),
            "line 2 of `needs`: `danger` is true or false, and goes with `actions`",
        ),
        (sent({**OBJECTS, "danger": 1}), "`danger` is true or false"),
        (sent(OBJECTS, extends="t1"), "`extends` is the id of a task"),
        (sent({**OBJECTS, "account": "prod"}), "`account` is an account's number"),
        (sent({**OBJECTS, "account": '111111111111" || true || "'}), "`account` is an account's number"),
        (sent({"service": 's3" || true || "', "access": "read"}), "line 1 of `needs`: `service` is"),
        (sent({"service": "s3"}), "needs either"),
        (sent({"actions": ["PutObject"]}), "needs either"),
        (sent({**OBJECTS, "access": "read"}), "needs either"),
        (sent({"access": "permissions"}), "`access` is one of list, read, write"),
        (sent({"access": []}), "`access` is one of list, read, write"),
        (sent({"access": {}}), "`access` is one of list, read, write"),
        (sent({**OBJECTS, "match": 'aws.action.matches("(a+)+")'}), "`match` has no `matches`"),
        (sent(*[{**OBJECTS, "match": " " * 499 + "true"[:1]}] * 5), "together have at most 2000"),
        (sent({"service": "s3", "actions": []}), "`actions` is a list"),
        (sent({"service": "s3", "actions": ["A"] * (MAX_ACTIONS + 1)}), "`actions` is a list"),
        (sent({"service": "s3", "actions": ['A"]']}), "`actions` are names"),
        (sent({**OBJECTS, "match": ""}), "`match` is a condition"),
        (sent({**OBJECTS, "match": "x" * (MAX_MATCH + 1)}), "`match` is a condition"),
        (sent({**OBJECTS, "match": "aws.params.Bucket = 1"}), "`match`, at character 19"),
        (sent({**OBJECTS, "match": "true) || (true"}), "`match`, at character"),
        (sent({**OBJECTS, "match": "aws.parms.Bucket == 'b'"}), "`match`, at character"),
        (sent({**OBJECTS, "match": 'aws.params.Token == "AKIAIOSFODNN7EXAMPLE"'}), "`match` looks as if it held a secret"),
    ],
)
def test_what_is_no_task_is_refused_in_words(body, said):
    with pytest.raises(Malformed) as fault:
        read_task(body, most_uses=100, most_minutes=480)
    assert said in fault.value.reason


def test_what_an_agent_writes_is_shown_safely():
    made = task(OBJECTS, purpose="tidy\u202eup")
    assert made.purpose == "tidy\\u{202e}up"
