"""Conditions in words: those that are proposed, and parts that have none of their own, which are quoted whole."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.kit.rules import answer
from trio_gate.policy.cel import check
from trio_gate.policy.condition_words import condition_words

BUCKET = 'aws.params.Bucket == "archive"'
S3 = 'aws.service == "s3" && aws.action == "DeleteObject"'


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (S3, "DeleteObject of s3"),
        ('aws.action == "DeleteObject"', "DeleteObject"),
        ('aws.service == "s3"', "all operations of s3"),
        ('aws.action == "A" && aws.action == "B"', "A and at once B"),
        ('aws.action == "A, no danger" && aws.service == "s3 b"', '"A, no danger" of "s3 b"'),
        ('aws.resources == ["""a"""]', 'all operations, for which aws.resources == ["""a"""] is true'),
        (
            f'{S3} && aws.resources.all(arn, arn.startsWith("arn:aws:s3:::b/tmp/")) && !has(aws.session_role)',
            "DeleteObject of s3, only on what begins with arn:aws:s3:::b/tmp/, with the agent's own key",
        ),
        ('aws.resources == ["a", "b"] && aws.level != "danger"', "all operations, on exactly a and b, no danger"),
        ("aws.resources == []", "all operations, on exactly nothing"),
        ('has(aws.session_role) && aws.session_role == "arn:r"', "all operations, in a role, in the role arn:r"),
        ('aws.params.Size == "t3" && aws.params.Max <= 2', "all operations, whose Size is t3, whose Max is at most 2"),
        ("aws.params.Max == 2", "all operations, whose Max is 2"),
        ('aws.params.Name.startsWith("new-")', "all operations, whose Name begins with new-"),
        ("true", "all operations, for which true is true"),
        (f"{S3} || true", f"all operations, for which {S3} || true is true"),
        (f"{S3} ? true : false", f"all operations, for which {S3} ? true : false is true"),
        (f"{S3} && (true || false)", "DeleteObject of s3, for which (true || false) is true"),
        ('aws.params.X == "a && b"', 'all operations, whose X is "a && b"'),
        ('aws.params.X == "a, no danger"', 'all operations, whose X is "a, no danger"'),
        (
            "aws.path == \"a)(\" && aws.host == 'it\\'s && x'",
            "all operations, for which aws.path == \"a)(\" is true, for which aws.host == 'it\\'s && x' is true",
        ),
        ('!(aws.action == "A")', 'all operations, for which !(aws.action == "A") is true'),
        ('"never ends', 'all operations, for which "never ends is true'),
    ],
)
def test_a_condition_is_said_as_what_it_lets_through(condition, words):
    assert condition_words(condition) == words


@pytest.mark.parametrize(
    ("source", "quoted"),
    [
        (f"aws.region == 'eu-central-1' // && {BUCKET}", "aws.region == 'eu-central-1'"),
        ("true // , whose Bucket is archive\n", "true"),
        ("'//' != 'a' // '", "'//' != 'a'"),
        (f"{BUCKET} && aws.region != '''it's''' || aws.region != '''it's'''", None),
        (f"{BUCKET} && //'\n'a' != 'b' || 'x' != 'y' //'", f"{BUCKET} && \n'a' != 'b' || 'x' != 'y'"),
        (f'{BUCKET} && aws.region != """a"b""" || true // """', f'{BUCKET} && aws.region != """a"b""" || true'),
        (f"{BUCKET} && aws.region != 'x' ? true : true", None),
    ],
)
def test_what_is_not_made_of_such_parts_is_quoted_whole_without_its_remarks(source, quoted):
    assert answer(source, params={"Bucket": "prod"}, region="eu-central-1") is True
    assert condition_words(source) == f"all operations, for which {quoted or source} is true"


def test_texts_of_other_forms_are_parts_where_they_are_read_alike():
    source = f"{BUCKET} && // at home\naws.region != '''eu''' // or not"
    assert condition_words(source) == "all operations, whose Bucket is archive, for which aws.region != '''eu''' is true"
    assert condition_words('aws.region == "eu" // or not') == "all operations, in eu"
    assert condition_words("aws.region == // eu") == "all operations, for which aws.region == // eu is true"
    assert condition_words('"never // ends') == 'all operations, for which "never // ends is true'


TRUTHS = st.sampled_from(
    [
        *(
            BUCKET,
            'aws.params.Size == "t3"',
            "aws.params.Max <= 2",
            'aws.region == "eu"',
            "true",
            "!false",
            f"({BUCKET} || true)",
        ),
        *("'''it's''' != ''", '"""a"b""" != r""', "b'\"' != b''", "R'\"' != ''"),
    ]
)
JOINED = st.tuples(TRUTHS, st.sampled_from([" && ", " && ", " || ", " ? true : ", " // ", " && //'\n", ' //"\n && ']))
SAID = {"Bucket is archive": ("Bucket", "archive"), "Size is t3": ("Size", "t3"), "Max is at most 2": ("Max", 2)}


@given(st.builds(lambda joined, last: "".join([*map("".join, joined), last]), st.lists(JOINED, max_size=4), TRUTHS))
def test_each_call_that_a_condition_lets_through_is_as_the_words_say(source):
    assume(not any(fault.fatal for fault in check(source)))
    words = condition_words(source)
    for words_of, (name, value) in SAID.items():
        if re.search(rf", whose {words_of}(,|$)", words):
            params = dict(SAID.values()) | {name: "other" if isinstance(value, str) else 3}
            assert answer(source, params=params, region="eu") is not True
            assert answer(source, params=params, region="us") is not True
