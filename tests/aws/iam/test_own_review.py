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
}
NEWER = dict.fromkeys(FLAGS.values(), UNKNOWN) | {"reviewed": False, "access": "write", "shares_with": UNKNOWN}
OLD = dict.fromkeys(FLAGS.values(), False) | {"reviewed": True, "access": "write", "shares_with": ()}


def said(call, access=None, **flags):
    review = OperationReview(service="s", operation="O", access=access, flags=flags, where="g.hcl:1")
    return with_own_review(call, review)


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
