"""The review of operations: what the model proposes and people decided is what the table says."""

from __future__ import annotations

from importlib.resources import files

import pytest

from scripts.data import make_review
from scripts.data.review import models
from scripts.data.review.answers import proposals
from scripts.data.review.by_hand import Decision, decisions
from tests.kit.aws.meanings import TABLES, need_botocore_of

DECIDED = tuple(decisions())
TABLE = files("trio_gate.aws.review").joinpath("operations.txt").read_text("ascii").splitlines()


def operation(service, name):
    return next(one for one in models.operations(service) if one.name == name)


@pytest.mark.parametrize(
    ("service", "name", "read", "marks"),
    [
        ("sts", "AssumeRole", False, {"vends"}),
        ("chime", "GetBot", True, {"vends", "exposes"}),
        ("secretsmanager", "GetSecretValue", True, {"secret", "exposes"}),
        ("lambda", "GetFunctionConfiguration", True, {"exposes"}),
        ("ivs-realtime", "UpdateIngestConfiguration", False, {"secret", "vends", "exposes"}),
        ("gameliftstreams", "GetStreamUrl", True, {"vends", "exposes"}),
        ("lambda", "ListAliases", True, set()),
        ("s3", "ListObjectsV2", True, set()),
    ],
)
def test_the_model_alone_proposes_what_an_answer_may_hold(service, name, read, marks):
    assert {mark for mark, _ in proposals(operation(service, name), read=read)} == marks


def test_a_decision_gives_its_reason_or_is_a_fault():
    [one] = decisions("# why\niam: Get* List | +secret?With -vends | a reason\n")
    assert one == Decision(
        where="by_hand.txt:2",
        service="iam",
        operations=("Get*", "List"),
        gives=("secret?With",),
        takes=("vends",),
        reason="a reason",
    )
    with pytest.raises(ValueError, match=r"by_hand\.txt:1: not of the form"):
        list(decisions("iam: Get | +secret |"))


@pytest.mark.long("the review of every operation, made again")
def test_the_table_is_what_was_proposed_and_decided_and_each_decision_decides_something():
    need_botocore_of(TABLE[0])
    useless = {one.where for one in DECIDED}
    lines = [make_review.HEAD]
    for service in models.services():
        found = {one.name: one for one in models.operations(service)}
        mine = [one for one in DECIDED if one.service in {service, "*"}]
        lines += [f"= {service}"]
        for one in found.values():
            draft = make_review.proposed(one, found, TABLES)
            for decision in mine:
                if decision.covers(service, one.name):
                    before = draft.access, dict(draft.marks)
                    make_review.decide(draft, decision)
                    if (draft.access, dict(draft.marks)) != before:
                        useless.discard(decision.where)
            lines.append(draft.line(one.name))
        ahead = list(make_review.ahead(service, found, mine))
        useless -= {one.where for one in mine if ahead and not any(name in found for name in one.operations)}
        lines += ahead
    assert (useless, lines) == (set(), TABLE)
