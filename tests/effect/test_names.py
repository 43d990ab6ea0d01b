"""Names in a sentence: marked, escaped, shortened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.effect.names import MAX_NAME, own_name, shortened, shown

ACCOUNT, REGION = "111111111111", "us-east-1"


@pytest.mark.parametrize(
    "name",
    ["reports/2026/q3/final.csv", "sg-0123", "i-0abc", "p5.48xlarge", "444455556666", "/app/url", "10.0.0.0/8", "a:b", "x1"],
)
def test_a_name_that_no_word_looks_like_stands_bare(name):
    assert shown(name) == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("deploy", '"deploy"'),
        ("all", '"all"'),
        ("28", '"28"'),
        ("1.5", '"1.5"'),
        ("all objects", '"all objects"'),
        ("a, b-1", '"a, b-1"'),
        ("a-1 from staging", '"a-1 from staging"'),
        ('x" from "y', '"x\\u{22} from \\u{22}y"'),
        ("a\nb", '"a\\u{a}b"'),
        ("a\u202eb", '"a\\u{202e}b"'),
        ("p\u0430y-1", '"p\\u{430}y-1"'),
        ("näme-1", '"näme-1"'),
        ("", '""'),
        ("-rf", '"-rf"'),
        ("…-1", '"\\u{2026}-1"'),
        ("prod…-1", '"prod\\u{2026}-1"'),
    ],
)
def test_any_other_stands_in_quotes_with_what_cannot_be_seen_by_number(name, said):
    assert shown(name) == said


@given(st.text(), st.integers(3, 40))
def test_a_name_is_one_printable_run_that_no_quote_ends_early(name, room):
    text = shown(name, room)
    assert text.isprintable()
    assert len(text.strip('"')) <= room
    assert (" " not in text and text != "") or (text.startswith('"') and text.endswith('"') and '"' not in text[1:-1])


def test_the_middle_of_a_long_name_is_left_out():
    assert shortened("reports/2026/q3/final.csv", 13) == "report…al.csv"
    assert shortened("abc", 3) == "abc"


def test_no_escape_is_cut():
    assert shortened("ab\\u{202e}cdefgh", 9) == "ab…efgh"


def test_a_name_beyond_any_of_aws_is_cut_and_says_so():
    assert shown("a-" + "b" * MAX_NAME).endswith("b…")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/deploy", "deploy"),
        (f"arn:aws:iam::{ACCOUNT}:role/team/deploy", "team/deploy"),
        (f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:refund", "refund"),
        (f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts", "alerts"),
        ("arn:aws:s3:::data/key", "data/key"),
        ("arn:aws:iam::444455556666:role/deploy", "arn:aws:iam::444455556666:role/deploy"),
        ("arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/AdministratorAccess"),
        (f"arn:aws:sns:eu-west-1:{ACCOUNT}:alerts", f"arn:aws:sns:eu-west-1:{ACCOUNT}:alerts"),
        (f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs", "jobs"),
        (f"https://sqs.{REGION}.amazonaws.com/444455556666/jobs", f"https://sqs.{REGION}.amazonaws.com/444455556666/jobs"),
        ("jobs", "jobs"),
    ],
)
def test_only_what_is_of_the_account_and_region_goes_by_its_last_name(name, said):
    assert own_name(name, ACCOUNT, REGION) == said
