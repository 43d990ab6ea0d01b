"""Calls that one press may decide: the same but for the names of what they act on, in one place, and nothing that needs eyes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kit.approvals.questions import asked, call, parts
from trio_gate.approval.alike import alike
from trio_gate.approval.param_tree import Part
from trio_gate.approval.question import Group
from trio_gate.aws.call import UNKNOWN
from trio_gate.effect.reasons import Reason


def delete(key: str = "tmp/a.csv", bucket: str = "data", *, bound=None, around=None, **changes):
    arn = f"arn:aws:s3:::{bucket}/{key}"
    of = {"operation": "DeleteObject", "resource": arn, "resources": (arn,)}
    params = changes.pop("params", {}) | {"Bucket": bucket, "Key": key}
    return asked(call(params, **of | changes), parts(**bound or {}), **around or {})


def machines(*ids: str, **params):
    arns = tuple(f"arn:aws:ec2:us-east-1:111111111111:instance/{name}" for name in ids)
    of = {"service": "ec2", "operation": "StopInstances", "resources": arns, "resource": arns[0], "destroys": False}
    return asked(call({"InstanceIds": list(ids), **params}, **of))


def test_deletes_in_one_folder_are_alike_however_they_were_sent():
    shape = alike(delete())
    assert shape is not None
    assert shape.place == "data/tmp/"
    assert alike(delete("tmp/b.csv", bound={"host": "data.s3.us-east-1.amazonaws.com", "path": "/tmp/b.csv"})) == shape
    assert alike(delete("tmp/b.csv", around={"user_agent": "another", "agent_address": "10.0.0.9"})) == shape
    assert alike(delete("tmp/a:b.csv")) == shape


OTHERS = {
    "folder": delete("other/a.csv"),
    "deeper": delete("tmp/deep/a.csv"),
    "bucket": delete(bucket="other"),
    "account": delete(account="222222222222"),
    "region": delete(region="eu-west-1"),
    "operation": delete(operation="GetObject", destroys=False),
    "agent": delete(bound={"agent": "coder"}),
    "rule": delete(bound={"rule": "another"}),
    "role": delete(bound={"assume_role": {"role_arn": "arn:aws:iam::111111111111:role/other"}}),
    "parameter": delete(params={"VersionId": "3"}),
    "method": delete(method="PUT"),
    "query": delete(bound={"query": "delete=&bypass=true"}),
    "query twice": delete(bound={"query": "delete=&delete="}),
    "header": delete(bound={"headers": (*parts().headers, ("x-amz-bypass-governance-retention", "true"))}),
    "value of a header": delete(bound={"headers": (("content-type", "text/plain"), *parts().headers[:1])}),
    "address": delete(bound={"address": "10.0.0.1:443"}),
    "session": delete(around={"session": "TGVS1", "session_chain": ("arn:aws:iam::111111111111:role/gate",)}),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_others_are_alike_among_themselves_alone(other):
    assert alike(other) is not None
    assert alike(other) != alike(delete())


def test_a_group_that_asks_another_group_is_another():
    one = delete()
    assert alike(replace(one, approvers=(Group(id="human.two", people=("bob",), quorum=1, timeout=1.0),))) != alike(one)


def test_machines_are_alike_in_their_region_and_only_as_many_at_once():
    shape = alike(machines("i-1"))
    assert shape is not None
    assert shape.place == "us-east-1"
    assert alike(machines("i-2")) == shape
    assert alike(machines("i-1", "i-2")) != shape
    assert alike(machines("i-2", Force=True)) != shape


def test_what_differs_by_try_or_follows_from_a_name_makes_no_difference():
    again = (("authorization", "x"), ("amz-sdk-invocation-id", "2"), ("x-amz-date", "2"), ("content-md5", "2"), ("host", "other"))
    assert alike(delete(bound={"headers": (*parts().headers[1:], *again)})) == alike(delete())
    named = [alike(delete(key, bound={"query": f"key={key.replace('/', '%2F')}"})) for key in ("tmp/a.csv", "tmp/b.csv")]
    assert named[0] == named[1] != alike(delete())


def test_a_value_counts_as_a_name_only_where_it_is_one():
    notes = [delete(params={"MFA": text}) for text in ("tmp/a.csv", "a.csv", "other")]
    assert len({alike(note).key for note in notes}) == 3


def test_an_idempotency_token_makes_no_difference():
    one, other = (replace(delete(params={"Token": text}), may_differ=("Token",)) for text in ("x", "y"))
    assert alike(one) == alike(other)


def test_who_could_not_be_notified_makes_no_difference():
    reason = Reason(level="fact", code="unnotified", text='"desk" of human.oncall was not notified: h answers with status 500')
    assert alike(replace(delete(), risks=(reason, *delete().risks))) == alike(delete())


ALONE = {
    "danger": replace(delete(), level="danger"),
    "unsaid level": replace(delete(), level=None),
    "permissions": delete(access="permissions"),
    "may return credentials": delete(vends_credentials=UNKNOWN),
    "hidden part": replace(delete(), not_shown=(Part(part="body", name="body", why="streamed"),)),
    "unknown value": delete(params={"MFA": UNKNOWN}),
    "gone in a list": delete(params={"MFA": [{"deep": UNKNOWN}]}),
    "resources unknown": delete(resources=UNKNOWN, resource=UNKNOWN),
    "no resources": delete(resources=(), resource=None),
    "more resources": replace(delete(), resources_total=101),
    "sent before": replace(delete(), risks=(Reason(level="caution", code="sent", text="already sent"),)),
    "recounted": replace(delete(), risks=(Reason(level="caution", code="recount", text="a vote is void"),)),
}


@pytest.mark.parametrize("question", ALONE.values(), ids=ALONE)
def test_what_needs_eyes_stands_alone(question):
    assert alike(question) is None
