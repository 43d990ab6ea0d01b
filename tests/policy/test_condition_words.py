"""Conditions in words: those that are proposed, and parts that have none of their own, which are quoted whole."""

from __future__ import annotations

import pytest

from trio_gate.policy.condition_words import condition_words

S3 = 'aws.service == "s3" && aws.action == "DeleteObject"'


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (S3, "DeleteObject of s3"),
        ('aws.action == "DeleteObject"', "DeleteObject"),
        ('aws.service == "s3"', "all operations of s3"),
        ('aws.action == "A" && aws.action == "B"', "A and at once B"),
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
