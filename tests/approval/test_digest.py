"""What the digest covers, and what it leaves out."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.approvals.questions import parts
from tests.kit.aws.meanings import services
from tests.kit.aws.naming import catalog
from tests.kit.long import one_in
from trio_gate.approval.digest import LEFT_OUT, LEFT_OUT_PREFIX, DigestInput, digest, repeat_key, says_nothing
from trio_gate.aws.forwarded_headers import modelled
from trio_gate.aws.idempotency import IdempotentForm

CHANGES = {
    "agent": "other",
    "account": "222222222222",
    "partition": "aws-cn",
    "region": "us-west-2",
    "signing_name": "s3express",
    "credential": "second",
    "assume_role": {"role_arn": "arn:aws:iam::111111111111:role/gate", "session_name": "gate-ci", "external_id": "x"},
    "host": "s3.us-west-2.amazonaws.com",
    "address": "10.0.0.7:443",
    "method": "PUT",
    "path": "/reports/",
    "query": "delete=1",
    "headers": (("host", "s3.us-east-1.amazonaws.com"), ("content-type", "text/xml"), ("user-agent", "aws-cli/2")),
    "payload_sha256": "1" * 64,
    "trailers": (("x-amz-checksum-crc32", "AAAAAA=="),),
    "rule": "another",
}
CATALOG = catalog()
ELSEWHERE = {"payload_length", "repeat", "modelled"}
TEXT = st.text(max_size=4)


def test_the_digest_is_pinned():
    assert digest(parts()) == "870bfcefc9062f2bcb4eacb9bb4e4c2261fb88434a0ffe6b065d702295c651d6"


@pytest.mark.parametrize("name", CHANGES)
def test_every_part_changes_it(name):
    assert digest(parts(**{name: CHANGES[name]})) != digest(parts())


def test_no_part_is_forgotten():
    assert {field.name for field in fields(DigestInput)} == CHANGES.keys() | ELSEWHERE


def test_the_closed_list_of_headers_is_pinned():
    assert LEFT_OUT_PREFIX == "amz-sdk-"
    assert sorted(LEFT_OUT) == [
        "authorization",
        "baggage",
        "connection",
        "content-length",
        "date",
        "expect",
        "traceparent",
        "tracestate",
        "transfer-encoding",
        "user-agent",
        "x-amz-date",
        "x-amz-s3session-token",
        "x-amz-security-token",
        "x-amz-user-agent",
        "x-amzn-trace-id",
    ]


@pytest.mark.parametrize("name", [*sorted(LEFT_OUT), "amz-sdk-invocation-id", "amz-sdk-request"])
def test_headers_that_say_nothing_do_not_count(name):
    assert digest(parts(headers=(*parts().headers, (name, "anything")))) == digest(parts())


@pytest.mark.parametrize("name", ["baggage", "amz-sdk-request"])
def test_a_header_that_holds_a_parameter_counts_whatever_its_name(name):
    one, two = (parts(headers=((name, value),), modelled=frozenset({name})) for value in "12")
    assert digest(one) != digest(two)
    assert repeat_key(one) != repeat_key(two)


@one_in(8, "every operation of every service")
def test_whatever_the_model_binds_to_a_header_counts(one_in):
    """Of every operation of botocore; only a token that was left out may differ, and only for the repeat key."""
    surprising = set()
    for service in {*services()[::one_in], "bedrock-agentcore"}:
        CATALOG.ensure([service])
        for operation in CATALOG.service(service).operations.values():
            for member in [] if operation.input is None else [*operation.input.at("header"), *operation.input.at("headers")]:
                one, two = (bound(((member.wire, value),), operation.input) for value in "12")
                assert digest(one) != digest(two), (service, operation.name, member.name)
                if says_nothing(member.wire):
                    surprising.add((service, member.wire))
    assert {("bedrock-agentcore", "baggage"), ("bedrock-agentcore", "x-amzn-trace-id")} <= surprising


def bound(headers, shape):
    return parts(headers=headers, modelled=modelled(headers, shape))


@pytest.mark.parametrize("name", ["x-amz-acl", "x-amz-target", "x-amz-content-sha256", "host", "range", "if-match"])
def test_other_headers_count(name):
    assert digest(parts(headers=(*parts().headers, (name, "anything")))) != digest(parts())


def test_the_order_of_names_is_nothing_and_that_of_one_name_is_something():
    one, two, again = ("a", "1"), ("b", "2"), ("a", "3")
    assert digest(parts(headers=(one, two, again))) == digest(parts(headers=(two, one, again)))
    assert digest(parts(headers=(one, again))) != digest(parts(headers=(again, one)))


def test_none_is_not_empty():
    assert digest(parts(agent=None)) != digest(parts(agent=""))


@given(st.lists(TEXT, min_size=3, max_size=3), st.lists(TEXT, min_size=3, max_size=3))
def test_no_two_inputs_run_together(one, other):
    first = digest(parts(method=one[0], path=one[1], query=one[2]))
    assert (first == digest(parts(method=other[0], path=other[1], query=other[2]))) == (one == other)


def test_a_lone_surrogate_has_a_digest():
    assert len(digest(parts(path="\ud800"))) == 64


def test_the_repeat_key_is_the_digest_without_a_token():
    assert repeat_key(parts()) == digest(parts())


def test_the_repeat_key_stays_when_only_the_token_changes():
    repeat = IdempotentForm(sha256="3" * 64, headers=frozenset({"x-token"}), tokens=("Token",))
    same, other = (
        parts(
            payload_sha256=hashed,
            query=f"token={hashed}",
            repeat=repeat,
            headers=(
                ("x-amz-content-sha256", hashed),
                ("content-md5", hashed),
                ("x-amz-checksum-crc32", hashed),
                ("x-token", hashed),
            ),
        )
        for hashed in ("1" * 64, "2" * 64)
    )
    assert digest(same) != digest(other)
    assert repeat_key(same) == repeat_key(other)
    assert repeat_key(same) not in (digest(same), digest(parts(payload_sha256="3" * 64, headers=())))


@pytest.mark.parametrize("name", sorted(CHANGES.keys() - {"payload_sha256", "query"}))
def test_every_other_part_changes_the_repeat_key(name):
    given = {"repeat": IdempotentForm(sha256="3" * 64, headers=frozenset(), tokens=("Token",))}
    assert repeat_key(parts(**given, **{name: CHANGES[name]})) != repeat_key(parts(**given))


def test_another_request_without_its_token_is_another_repeat_key():
    keys = {
        repeat_key(parts(repeat=IdempotentForm(sha256=digit * 64, headers=frozenset(), tokens=("Token",)))) for digit in "123"
    }
    assert len(keys) == 3
