"""What an operator says fills what is unknown, or says more; it never takes back what the packaged review says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kit.calls import make_call
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.own_review import with_own_review
from trio_gate.config.model import OperationReview

FLAGS = {
    "vends": "vends_credentials",
    "reads_secret": "reads_secret",
    "may_expose_secrets": "may_expose_secrets",
    "runs_code": "runs_code",
    "spends": "spends",
    "makes_public": "makes_public",
    "cross_account": "cross_account",
}
NEWER = dict.fromkeys(FLAGS.values(), UNKNOWN) | {"reviewed": False, "access": "write", "shares_with": UNKNOWN}
OLD = dict.fromkeys(FLAGS.values(), False) | {"reviewed": True, "access": "write", "shares_with": ()}


def said(call, access=None, iam_actions=(), packaged=None, **flags):
    review = OperationReview(service="s", operation="O", access=access, flags=flags, iam_actions=iam_actions, where="g.hcl:1")
    return with_own_review(call, review, call if call.reviewed else packaged)


@pytest.mark.parametrize(("word", "facet"), FLAGS.items())
def test_what_is_unknown_of_a_newer_operation_is_what_the_operator_says(word, facet):
    newer = replace(make_call(), **NEWER)
    for value in (True, False):
        found = said(newer, **{word: value})
        assert getattr(found, facet) is value
        assert {name for name in FLAGS.values() if getattr(found, name) is not UNKNOWN} == {facet}
        assert found.check_answer is (word == "vends" and not value)
        assert (found.own_review, found.reviewed) == (True, False)


@pytest.mark.parametrize(("word", "facet"), FLAGS.items())
def test_what_the_review_has_is_never_weakened(word, facet):
    for known in (True, UNKNOWN):
        found = said(replace(make_call(), **{**OLD, facet: known}), **{word: False})
        assert getattr(found, facet) is known
        assert not found.check_answer
    assert getattr(said(replace(make_call(), **OLD), **{word: True}), facet) is True
    vends = replace(make_call(), **{**NEWER, facet: True})
    assert getattr(said(vends, **{word: False}), facet) is True


@pytest.mark.parametrize(
    ("given", "access", "found"),
    [
        (NEWER, "list", "list"),
        (NEWER, None, "write"),
        (OLD, "permissions", "permissions"),
        (OLD, "read", "write"),
        ({**OLD, "access": "permissions"}, "write", "permissions"),
        ({**OLD, "access": "read"}, "write", "write"),
    ],
)
def test_access(given, access, found):
    assert said(replace(make_call(), **given), access=access).access == found


@pytest.mark.parametrize(
    ("known", "word", "found"),
    [(UNKNOWN, False, ()), (UNKNOWN, True, UNKNOWN), (("*",), False, ("*",)), (("*",), True, ("*",)), ((), True, UNKNOWN)],
)
def test_with_whom_it_shares(known, word, found):
    assert said(replace(make_call(), **{**NEWER, "shares_with": known}), shares=word).shares_with == found


NAMES = {"resource": UNKNOWN, "resources": UNKNOWN, "resource_accounts": UNKNOWN}
NOTHING = {"resource": None, "resources": (), "resource_accounts": ()}


def facts(call, names):
    return {name: getattr(call, name) for name in names}


def test_a_new_operation_may_name_and_carry_nothing():
    newer = replace(make_call(), **NEWER, **NAMES, policies=UNKNOWN)
    assert facts(said(newer, names_resources=False), NAMES) == NOTHING
    assert facts(said(newer, names_resources=True), NAMES) == NAMES
    assert (said(newer, carries_policies=False).policies, said(newer, carries_policies=True).policies) == ((), UNKNOWN)


def test_of_a_newer_member_of_a_known_operation_what_the_review_has_of_the_rest_stands():
    newer, old = replace(make_call(), **NEWER, **NAMES), replace(make_call(), reviewed=False, resources=UNKNOWN)
    for packaged in (make_call(), old):
        assert facts(said(newer, packaged=packaged, names_resources=False), NAMES) == facts(packaged, NAMES)
    assert said(newer, packaged=replace(make_call(), runs_code=UNKNOWN), runs_code=False).runs_code is UNKNOWN


@pytest.mark.parametrize(
    ("call", "packaged", "found"),
    [
        (UNKNOWN, None, ("s:New",)),
        (UNKNOWN, ("s:Old",), ("s:Old", "s:New")),
        (UNKNOWN, UNKNOWN, UNKNOWN),
        (("s:Old",), ("s:Old",), ("s:Old", "s:New")),
    ],
)
def test_the_actions_that_it_takes(call, packaged, found):
    newer = replace(make_call(), reviewed=False, iam_action=None, iam_actions=call)
    made = said(newer, iam_actions=("s:New",), packaged=packaged and replace(newer, iam_actions=packaged))
    assert (made.iam_action, made.iam_actions) == ("s:New", found)
    assert said(newer, spends=False).iam_actions == call
