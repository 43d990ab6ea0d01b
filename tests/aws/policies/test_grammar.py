"""Policy documents read as IAM reads them, or not at all."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.aws.meanings import ACCOUNT, OTHER
from tests.kit.aws.policies import document, statement
from tests.kit.growth import TIMES, grows
from trio_gate.aws.policies.grammar import read_document


def read_one(**changes):
    [found] = read_document(document(statement(**changes)))
    return found


def test_a_string_is_a_list_of_one():
    found = read_one()
    assert (found.allows, found.actions, found.resources) == (True, ("s3:GetObject",), ("arn:aws:s3:::b/*",))
    assert (found.not_actions, found.not_resources, found.not_principals, found.conditions) == ((), (), (), {})
    assert read_one(Action=["s3:GetObject"], Resource=["arn:aws:s3:::b/*"]) == found


def test_one_statement_may_stand_without_a_list():
    assert read_document(json.dumps({"Statement": statement()})) == read_document(document())


def test_escapes_are_what_they_stand_for():
    text = document(statement(Principal="*")).replace('"*"', '"\\u002a"').replace("Effect", "\\u0045ffect")
    assert "\\u002a" in text
    assert [one.principals for one in read_document(text)] == [("*",)]


@pytest.mark.parametrize(
    ("principal", "read"),
    [
        ("*", ("*",)),
        ({"AWS": "*"}, ("*",)),
        ({"AWS": ACCOUNT}, (ACCOUNT,)),
        ({"AWS": f"arn:aws:iam::{OTHER}:root"}, (OTHER,)),
        ({"AWS": [f"arn:aws:iam::{OTHER}:user/a/b", "*"]}, (f"arn:aws:iam::{OTHER}:user/a/b", "*")),
        ({"AWS": "AIDACKCEVSQ6C2EXAMPLE"}, ("AIDACKCEVSQ6C2EXAMPLE",)),
        ({"Service": "lambda.amazonaws.com"}, ("Service:lambda.amazonaws.com",)),
        ({"Federated": "accounts.google.com"}, ("Federated:accounts.google.com",)),
        ({"CanonicalUser": "ab" * 32}, ("CanonicalUser:" + "ab" * 32,)),
        ({"AWS": ACCOUNT, "Service": ["s3.amazonaws.com"]}, (ACCOUNT, "Service:s3.amazonaws.com")),
    ],
)
def test_principals_have_one_form(principal, read):
    assert read_one(Principal=principal).principals == read
    assert read_one(Principal=None, NotPrincipal=principal).not_principals == read


def test_conditions_are_lists_of_text():
    tree = {"Bool": {"aws:SecureTransport": True}, "NumericLessThan": {"s3:max-keys": [10, "20"]}}
    read = {"Bool": {"aws:SecureTransport": ["true"]}, "NumericLessThan": {"s3:max-keys": ["10", "20"]}}
    assert read_one(Condition=tree).conditions == read


REFUSED = {
    "no JSON": "Statement",
    "a list": "[]",
    "no statement": "{}",
    "an empty list": '{"Statement": []}',
    "a member twice": '{"Statement": [], "Statement": ' + json.dumps([statement()]) + "}",
    "a member twice by an escape": '{"Statement": [], "\\u0053tatement": ' + json.dumps([statement()]) + "}",
    "another case": document().replace('"Statement"', '"statement"'),
    "another version": document(Version="2020-01-01"),
    "an element of the future": document(statement(Purpose="x")),
    "a member of the future": document(Purpose="x"),
    "an effect in another case": document(statement(Effect="allow")),
    "no effect": document(statement(Effect=None)),
    "no action": document(statement(Action=None)),
    "an action and its opposite": document(statement(NotAction="s3:PutObject")),
    "a resource and its opposite": document(statement(NotResource="*")),
    "a principal and its opposite": document(statement(NotPrincipal="*")),
    "an empty list of actions": document(statement(Action=[])),
    "a number for an action": document(statement(Action=[1])),
    "an action with a blank": document(statement(Action=" *")),
    "an action without a service": document(statement(Action="GetObject")),
    "a resource of two lines": document(statement(Resource="a\nb")),
    "a principal that is a list": document(statement(Principal=["*"])),
    "a principal of another kind": document(statement(Principal={"Aws": "*"})),
    "a principal with a wildcard": document(statement(Principal={"AWS": f"arn:aws:iam::{OTHER}:role/*"})),
    "a service that is everybody": document(statement(Principal={"Service": "*"})),
    "a provider that is everybody": document(statement(Principal={"Federated": "*"})),
    "a canonical user that is none": document(statement(Principal={"CanonicalUser": "me"})),
    "an operator that is none": document(statement(Condition={"String Equals": {"a:b": "c"}})),
    "a condition that is a list": document(statement(Condition=[])),
    "a condition without keys": document(statement(Condition={"StringEquals": {}})),
    "a key twice but for case": document(statement(Condition={"StringEquals": {"aws:SourceVpc": "a", "AWS:SourceVpc": "b"}})),
    "a fraction in a condition": document(statement(Condition={"NumericEquals": {"a:b": 1.5}})),
    "not a number": document(statement(Condition={"NumericEquals": {"a:b": float("nan")}})),
    "half a surrogate pair": document(statement(Sid="\ud800")),
    "deep": '{"Statement":' + "[" * 100_000,
    "a byte order mark": "\ufeff" + document(),
    "a comment": document() + "//",
    "a statement that is text": json.dumps({"Statement": ["x"]}),
    "an id that is a number": document(Id=7),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_iam_would_refuse_is_not_read(text):
    assert read_document(text) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["*", "Allow", "s3:Get*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4) | st.sampled_from(list(statement())) | st.just("Statement"), inner, max_size=4)
    ),
)


@given(st.text() | JSON.map(json.dumps) | st.lists(JSON).map(lambda some: json.dumps({"Statement": some})))
def test_any_text_is_read_or_not_and_nothing_raises(text):
    found = read_document(text)
    if found is not None:
        tree = json.loads(text)["Statement"]
        assert len(found) == (len(tree) if isinstance(tree, list) else 1)


TEXTS = st.text(st.characters(min_codepoint=0x20, exclude_characters="\x7f", exclude_categories=["Cs"]), min_size=1, max_size=8)
SOME = st.lists(TEXTS, min_size=1, max_size=3)
MADE = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Action": st.lists(st.from_regex(re.compile("[a-z]{1,5}:[A-Za-z*]{1,5}"), fullmatch=True), min_size=1, max_size=3),
        "Resource": SOME,
        "Condition": st.dictionaries(st.just("StringLike"), st.fixed_dictionaries({"aws:x": SOME}), max_size=1),
    }
)


@given(st.lists(MADE, min_size=1, max_size=3), st.booleans())
def test_what_is_read_is_what_json_says(made, ascii_only):
    found = read_document(json.dumps({"Statement": made}, ensure_ascii=ascii_only))
    assert [
        {
            "Effect": "Allow" if one.allows else "Deny",
            "Action": list(one.actions),
            "Resource": list(one.resources),
            "Condition": one.conditions,
        }
        for one in found
    ] == made


@pytest.mark.parametrize(
    "text",
    [
        lambda size: document(statement(Action=["s3:Get*"] * size)),
        lambda size: document(*[statement()] * (size // 8)),
        lambda size: document(statement(Condition={"StringLike": {f"aws:{one}": "*" for one in range(size)}})),
        lambda size: document(statement(Resource="*" * size)),
    ],
)
def test_reading_is_linear(text):
    assert not grows(read_document, text(500), text(500 * TIMES))
