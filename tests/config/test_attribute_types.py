"""Values that no attribute takes: what is said, and where. `§` marks the place."""

from __future__ import annotations

import pytest

from tests.kit.configs import BASE, MAIN, check

VALUES = {
    "string wanted": ("role = §1", "expected a string, found a number"),
    "string wanted, list": ("role = §[]", "expected a string, found a list"),
    "string wanted, map": ("role = §{ a = 1 }", "expected a string, found a map"),
    "string wanted, bool": ("role = §true", "expected a string, found true or false"),
    "bare word": ("role = §gate", "expected a string, found the name `gate`"),
    "null": ("role = §null", "null is not a value here"),
    "empty": ('role = §""', "the string is empty"),
    "template": ('role = "a§${b}"', "templates are not supported"),
    "escape": ('role = "a§\\q"', "unknown escape `\\q`"),
    "surrogate": ('role = "a§\\ud800"', "this escape names no character"),
    "line break": ('role = §"a\\n"', "the string holds a line break or another character that is not printable"),
    "single quotes": ("role = §'gate'", "expected a value, found `'`"),
    "expression": ('role = "a" §+ "b"', "unexpected `+` after the value"),
    "function": ('role = §evn("X")', "unknown function `evn`"),
    "argument": ("role = env(§X)", "`env` takes one string that is not empty"),
    "two arguments": ('role = env(§"A", "B")', "`env` takes one string that is not empty"),
    "unset": ('role = env(§"NOPE")', "environment variable NOPE is not set"),
    "unset, empty": ('role = §env("EMPTY")', "the string is empty"),
    "variable": ('role = env(§"A=B")', "`A=B` is not a valid name of an environment variable"),
    "no file": ('role = file(§"nope")', "cannot read the file: no such file or directory"),
    "binary file": ('role = file(§"binary")', "cannot read the file: it is not a text file"),
    "role's ARN": ('role = §"arn:aws:iam::111111111111:role/gate"', "expected the name of a role, not its ARN"),
    "region": ('region = §"useast1"', 'expected a region such as "us-east-1"'),
    "external id": ('external_id = §"a b"', "expected an external id of 2 to 1224 characters A-Z a-z 0-9 _+=,.@:/-"),
    "list wanted": ('hosts = §"*.amazonaws.com"', "expected a list, found a string"),
    "empty list": ("hosts = §[]", "the list is empty"),
    "pattern": ('hosts = [§"https://x"]', "expected a host pattern"),
    "half a star": ('hosts = [§"s3*.amazonaws.com"]', "expected a host pattern"),
    "host twice": ('hosts = ["a.b", §"A.b"]', "this is in the list twice"),
    "bucket": ('owned_buckets = [§"s3://team"]', "expected the name of a bucket"),
    "buckets by a pattern": ('owned_buckets = ["a-b", §"team-*"]', "anybody can create a bucket whose name matches `team-*`"),
    "colors": ('colors = §"red"', "expected a map of labels and colors, found a string"),
    "color": ('colors = { prod = §"pink" }', 'expected one of "red", "orange", "yellow", "green", "blue", "purple"'),
    "color of nothing": ('colors = §{ production = "red" }', "no account of this endpoint is called production"),
    "owner": ('expected_bucket_owner = §"yes"', "expected true or false, found a string"),
    "comma": ('hosts = ["a.b" §"c.d"]', 'expected `,` or `]`, found `"`'),
    "account": ('accounts = [§"11111111111=prod"]', "expected an account id of 12 digits, with or without a label"),
    "account's digits": (
        'accounts = [§"\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11"]',
        "expected an account id of 12 digits, with or without a label",
    ),
    "account as number": ("accounts = [§111111111111]", "an account id is a string"),
    "label": ('accounts = [§"111111111111="]', "expected a label of at most 64 characters after `=`, without spaces around it"),
    "account twice": ('accounts = ["111111111111", §"111111111111=a"]', "account 111111111111 is in the list twice"),
    "quoted reference": ('credential = §"aws_account.base"', "expected a reference to a credential, found a string"),
    "unknown reference": ("credential = §aws_account.bas", "there is no `aws_account.bas`"),
    "reference to another kind": ("credential = §aws_api.main", "`aws_api.main` is an endpoint, not a credential"),
    "deep list": ("hosts = " + "[" * 17 + "§[" + "]" * 18, "values are nested more than 16 deep"),
    "long number": ("role = §" + "1" * 19, "number is too long"),
    "map's key": ("role = { a = 1, §a = 2 }", "key `a` is given twice"),
    "map's equals": ("role = { a §1 }", "expected `=` after the key `a`"),
    "map's comma": ("role = { a = 1 §b = 2 }", "expected `,` or `}`, found `b`"),
    "map's bad key": ("role = { §1 = 1 }", "expected a key"),
    "empty element": ("hosts = [§, ]", "expected a value, found `,`"),
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name: str):
    marked, message = VALUES[name]
    attribute = marked.partition(" ")[0]
    kept = [line for line in MAIN.splitlines() if not line.strip().startswith(f"{attribute} ")]
    check(BASE + "\n".join([*kept[:-1], marked, "}"]), [message])
