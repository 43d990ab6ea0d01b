"""What is kept over a restart."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.approval.channel.test_codec import GRANT, TERMS, voted
from tests.approval.test_param_tree import NAMES, TREES
from tests.kit.approvals.questions import NOW, asked, call, question
from trio_gate.approval.channel.codec import as_json
from trio_gate.approval.persistence import Stop, grant_from, prompt_from, prompt_json, stop_from, stop_json
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
