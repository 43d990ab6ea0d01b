"""What is kept over a restart."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.approval.channel.test_codec import GRANT, TERMS, voted
from tests.approval.test_param_tree import NAMES, TREES
from tests.kit.approvals.questions import NOW, asked, call, parts, question
from trio_gate.approval.channel.codec import as_json
from trio_gate.approval.param_tree import ToRead
from trio_gate.approval.persistence import Stop, completed, grant_from, grant_json, prompt_from, prompt_json, stop_from, stop_json
from trio_gate.approval.question import Group
from trio_gate.approval.state import Prompt, Vote
from trio_gate.aws.call import UNKNOWN


def over(prompt: Prompt) -> Prompt:
    text = json.dumps(prompt_json(prompt, "s"))
    again, standing = prompt_from(json.loads(text))
    assert standing == "s"
    return again


def test_a_prompt_comes_back_detached_with_its_votes():
    prompt = voted(
        Prompt(question=question("q", Group(id="g", people=("alice", "bob"), quorum=2, timeout=60.0))), "approve", TERMS
    )
    assert over(prompt) == replace(prompt, detached=True)


def test_a_grant_and_a_stop_come_back():
    assert grant_from(json.loads(json.dumps(as_json(GRANT)))) == GRANT
    for agent in (None, "ci"):
        stop = Stop(agent=agent, by="alice", reason="x", at=NOW + timedelta(milliseconds=5))
        assert stop_from(json.loads(json.dumps(stop_json(stop)))) == stop


def test_the_grant_of_a_task_of_one_account_is_read_without_its_accounts():
    kept = json.loads(json.dumps(grant_json(replace(GRANT, kind="task", purpose="move"))))
    del kept["accounts"]
    assert grant_from(kept) == replace(GRANT, kind="task", purpose="move")
    del kept["others"]
    with pytest.raises(ValueError, match="another version"):
        grant_from(kept)


@pytest.mark.parametrize("read", [grant_from, stop_from, prompt_from])
@pytest.mark.parametrize("kept", [{}, {"agent": None}, {"question": {}, "votes": [], "standing": "s"}, {"id": 1}])
def test_what_is_incomplete_is_an_error(read, kept):
    with pytest.raises((ValueError, KeyError, TypeError)):
        read(kept)


def test_secrets_are_not_kept_and_the_prompt_says_so():
    params = {
        "Password": "pass-1",
        "Text": "postgres://app:canary@db/prod",
        "List": ["--token", "canary", {"Blob": b"blob"}],
        "Pairs": [{"ParameterKey": "DbPassword", "ParameterValue": "canary"}],
        "Map": {"password=canary": "x", "stripeKey": "canary"},
        "Command": ["docker", "login", "-p", "canary"],
        "Long": "y" * 9000,
        "Plain": "x",
    }
    prompt = Prompt(question=asked(call(params)))
    text = json.dumps(prompt_json(prompt, "s"))
    for secret in ("pass-1", "canary", "yyyy", "YmxvYg"):
        assert secret not in text
    again = over(prompt)
    assert again.question.params["Plain"] == "x"
    assert [part.part for part in again.question.not_shown] == ["params"]
    assert prompt_json(again, "s") == prompt_json(prompt, "s")


UPLOAD = ToRead(part="body", name="body", what="upload", whole=False)
SCRIPT = ToRead(part="p1", name="commands", what="script", whole=False)
PARAMS = ToRead(part="params", name="", what="parameters", whole=False)


@pytest.mark.parametrize(
    ("params", "to_read", "after"),
    [
        ({}, (UPLOAD,), (UPLOAD,)),
        ({}, (replace(SCRIPT, whole=True), PARAMS), (SCRIPT, PARAMS)),
        ({}, (replace(SCRIPT, name="password=canary"),), (replace(SCRIPT, name=""),)),
        ({"Password": "canary"}, (UPLOAD,), (UPLOAD, PARAMS)),
        ({"Password": "canary"}, (PARAMS,), (PARAMS,)),
        ({}, (), ()),
    ],
)
def test_what_was_to_be_read_is_still_and_none_of_it_is_here(params, to_read, after):
    prompt = Prompt(question=replace(asked(call(params)), to_read=to_read))
    again = over(prompt)
    assert again.question.to_read == after
    assert "canary" not in json.dumps(prompt_json(prompt, "s"))
    assert prompt_json(again, "s") == prompt_json(prompt, "s")


def test_a_stored_question_is_completed_with_what_was_not_kept_and_keeps_the_rest():
    whole = asked(call({"Password": "canary", "Note": "x" * 9000}), parts(query="token=canary"), compared_by=("alice",))
    votes = (Vote(person="alice", answer="approve", reason="", at=NOW),)
    again = over(Prompt(question=whole, votes=votes)).question
    later = replace(whole, id="other", asked_at=NOW + timedelta(hours=1), expires_at=NOW + timedelta(hours=2))
    assert again != whole
    assert completed(again, later) == whole


@given(st.dictionaries(NAMES, TREES, max_size=5))
def test_any_prompt_comes_back_and_is_kept_again_as_it_was(params):
    prompt = Prompt(question=asked(call(params, resources=UNKNOWN, iam_actions=UNKNOWN)))
    again = over(prompt)
    assert again.question.id == prompt.question.id
    assert prompt_json(again, "s") == prompt_json(prompt, "s")


def test_what_people_wrote_is_kept_masked_where_it_tells_a_secret():
    prompt = Prompt(question=question(), votes=(Vote(person="alice", answer="approve", reason="password=canary", at=NOW),))
    assert over(prompt).votes[0].reason == '{"$masked": {"length": 15}}'
    stop = Stop(agent=None, by="alice", reason="password=canary", at=NOW)
    assert stop_from(json.loads(json.dumps(stop_json(stop)))) == replace(stop, reason='{"$masked": {"length": 15}}')
