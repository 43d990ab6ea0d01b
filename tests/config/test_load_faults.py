"""Broken configurations: what is said, and where. `§` marks the place of each fault that is expected, in order."""

from __future__ import annotations

import pytest

from tests.kit.configs import BASE, HASH, MAIN, OTHER_HASH, PEOPLE, faults_of, places

AGENT = 'agent "ci" { key_suffix = "CI01" secret = "0123456789abcdef" }\n'

STRUCTURE = {
    "top attribute": ("§x = 1\n", ["attribute `x` stands outside of any block"]),
    "unknown block": ('§rul "x" { action = "deny" }\n', ["there is no block `rul`"]),
    "stray brace": ("§}\n", ["`}` closes nothing"]),
    "stray text": ("§? \n", ["expected a block or an attribute, found `?`"]),
    "no body": ('rule "x" §; \n', ["expected `=` or `{` after `rule`, found `;`"]),
    "no body at end": ('§rule "x"', ["expected `=` or `{` after `rule`"]),
    "unclosed block": ('rule "x" §{\n  action = "deny"\n', ["`{` is never closed"]),
    "unclosed block, next goes on": (
        'rule "x" §{\n  action = "deny"\nrule "y" { §acton = "deny" action = "deny" }\n',
        ["`{` is never closed", 'rule "y" has no attribute `acton`'],
    ),
    "two blocks on a line": (
        'person "a" { token_sha256 = "' + HASH + '" } §person "b" {}\n',
        ["expected a new line after the block, found `p`"],
    ),
    "no value": ('rule "x" {\n  §reason =\n  action = "deny"\n}\n', ["`reason` has no value"]),
    "single equals": (
        'rule "x" { §match = §b = c\n action = "deny" }\n',
        ["`match` has no value", 'rule "x" has no attribute `b`'],
    ),
    "open string": (
        'rule "x" { reason = §"abc }\nrule "y" { action = §"den" }\n',
        ["string is never closed", 'expected one of "allow", "deny", "approve"'],
    ),
    "open bracket": ('rule "x" {\n match = §(a\n', ["`(` is never closed"]),
    "crossed brackets": ('rule "x" {\n match = (a §]\n}\n', ["found `]` where `)` was expected"]),
    "stray bracket": ('rule "x" {\n match = a §)\n}\n', ["`)` closes nothing"]),
    "open comment": (
        'rule "x" { action = §"den" }\n§/* rule "y" {\nrule "z" {',
        ['expected one of "allow", "deny", "approve"', "comment is never closed"],
    ),
    "open heredoc": (
        'rule "x" {\n match = §<<CEL\n a\n}\nrule "y" { action = §"den" }\n',
        ["heredoc <<CEL is never closed", 'expected one of "allow", "deny", "approve"'],
    ),
    "deep blocks": ("§" + "a {" * 8 + "a §{", ["there is no block `a`", "blocks stand more than 8 deep in each other"]),
    "hanging operator": ('rule "x" {\n match = a\n  §|| b\n}\n', ["expected a block or an attribute, found `|`"]),
    "unknown nested": ('gateway {\n  §listner "proxy" {}\n}\n', ["gateway has no block `listner`"]),
    "nested in rule": ('rule "x" {\n  action = "deny"\n  §when {}\n}\n', ['rule "x" has no block `when`']),
    "twice": ('rule "x" {\n  action = "deny"\n  §action = "allow"\n}\n', ["`action` is given twice"]),
    "declared twice": ('rule "x" { action = "deny" }\n§rule "x" { action = "allow" }\n', ['rule "x" is declared twice']),
    "gateway twice": ("gateway {}\n§gateway {}\n", ["gateway is declared twice"]),
    "admin twice": (
        'gateway {\n listener "proxy" { bind = "127.0.0.1:1" }\n admin { bind = "127.0.0.1:2" }\n §admin { bind = "127.0.0.1:3" }\n}\n',
        ["`admin` is given twice"],
    ),
    "labels": (
        '§rule { action = "deny" }\n§gateway "x" {}\n§agent "a" "b" {}\n',
        ["`rule` takes one label, not 0", "`gateway` takes no label, not 1", "`agent` takes one label, not 2"],
    ),
    "first label": ('credential §"aws_acount" "base" {}\n', ['the first label of `credential` is "aws_account"']),
    "plain name": (
        'person §"al ice" {}\n',
        ["expected a name of at most 64 letters, digits, `_` and `-` that begins with a letter"],
    ),
    "rule name": ('rule §"" { action = "deny" }\n', ["expected a name of at most 128 characters, all of which can be shown"]),
    "other plugin": ('§plugin "gcp" {}\n', ['there is no plugin "gcp"']),
}

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
    "line break": ('role = §"a\\n"', "the string holds a line break or another character that cannot be shown"),
    "single quotes": ("role = §'gate'", "expected a value, found `'`"),
    "expression": ('role = "a" §+ "b"', "unexpected `+` after the value"),
    "function": ('role = §evn("X")', "unknown function `evn`"),
    "argument": ("role = env(§X)", "`env` takes one string, not empty"),
    "two arguments": ('role = env(§"A", "B")', "`env` takes one string, not empty"),
    "unset": ('role = env(§"NOPE")', "environment variable NOPE is not set"),
    "unset, empty": ('role = §env("EMPTY")', "the string is empty"),
    "variable": ('role = env(§"A=B")', "`A=B` is no name of an environment variable"),
    "no file": ('role = file(§"nope")', "cannot read the file: no such file or directory"),
    "binary file": ('role = file(§"binary")', "cannot read the file: it is not a text file"),
    "role's ARN": ('role = §"arn:aws:iam::111111111111:role/gate"', "expected the name of a role, not its ARN"),
    "region": ('region = §"useast1"', 'expected a region, as "us-east-1"'),
    "external id": ('external_id = §"a b"', "expected an external id of 2 to 1224 characters A-Z a-z 0-9 _+=,.@:/-"),
    "bucket": ('owned_buckets = [§"s3://team"]', "expected the name of a bucket"),
    "buckets by a pattern": ('owned_buckets = ["a-b", §"team-*"]', "anybody can make a bucket that is called like `team-*`"),
    "owner": ('expected_bucket_owner = §"yes"', "expected true or false, found a string"),
    "list wanted": ('hosts = §"*.amazonaws.com"', "expected a list, found a string"),
    "empty list": ("hosts = §[]", "the list is empty"),
    "pattern": ('hosts = [§"https://x"]', "expected a host pattern"),
    "half a star": ('hosts = [§"s3*.amazonaws.com"]', "expected a host pattern"),
    "host twice": ('hosts = ["a.b", §"A.b"]', "this stands in the list twice"),
    "comma": ('hosts = ["a.b" §"c.d"]', 'expected `,` or `]`, found `"`'),
    "account": ('accounts = [§"11111111111=prod"]', "expected an account id of 12 digits, with or without a label"),
    "account's digits": (
        'accounts = [§"\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11"]',
        "expected an account id of 12 digits, with or without a label",
    ),
    "account as number": ("accounts = [§111111111111]", "an account id is a string"),
    "label": ('accounts = [§"111111111111="]', "expected a label of at most 64 characters after `=`, without spaces around it"),
    "account twice": ('accounts = ["111111111111", §"111111111111=a"]', "account 111111111111 stands in the list twice"),
    "quoted reference": ('credential = §"aws_account.base"', "expected a reference to a credential, found a string"),
    "unknown reference": ("credential = §aws_account.bas", "there is no `aws_account.bas`"),
    "reference to another kind": ("credential = §aws_api.main", "`aws_api.main` is an endpoint, not a credential"),
    "deep list": ("hosts = " + "[" * 17 + "§[" + "]" * 18, "values stand more than 16 deep in each other"),
    "long number": ("role = §" + "1" * 19, "number is too long"),
    "map's key": ("role = { a = 1, §a = 2 }", "key `a` is given twice"),
    "map's equals": ("role = { a §1 }", "expected `=` after the key `a`"),
    "map's comma": ("role = { a = 1 §b = 2 }", "expected `,` or `}`, found `b`"),
    "map's bad key": ("role = { §1 = 1 }", "expected a key"),
    "empty element": ("hosts = [§, ]", "expected a value, found `,`"),
}

GATEWAY = {
    "size": ('held_limit = §"8MB"', ["expected a size"]),
    "size out of bounds": ("held_limit = §0", ["expected a size from 1024 to 1099511627776 bytes"]),
    "total": ('held_limit = §"1GiB"', ["`held_total` is less than `held_limit`: no body of that size could ever be held"]),
    "duration": ("idle_timeout = §60", ["expected a duration"]),
    "duration's unit": ('idle_timeout = §"1d"', ["expected a duration"]),
    "duration out of bounds": ('idle_timeout = §"0s"\nhead_timeout = §"25h"', ["expected a duration from 1s to 24h"] * 2),
    "connections": ("max_connections = §0", ["expected a number from 1 to 1000000"]),
    "whole number": ("max_connections = §1.5", ["expected a whole number, found a number"]),
    "knob": ("§helt_limit = 1", ["gateway has no attribute `helt_limit`"]),
    "admin for all without names": (
        'listener "proxy" { bind = "127.0.0.1:80" }\nadmin { bind = §"0.0.0.0:9443" }',
        ["admin is off loopback and has no `names`: it would refuse who calls it by one"],
    ),
    "admin for all, ipv6": (
        'listener "proxy" { bind = "127.0.0.1:80" }\nadmin { bind = §"[::]:9443" }',
        ["admin is off loopback and has no `names`: it would refuse who calls it by one"],
    ),
    "admin off loopback": (
        'listener "proxy" { bind = "127.0.0.1:80" }\nadmin { bind = §"192.0.2.7:9443" }',
        ["admin is off loopback and has no `names`: it would refuse who calls it by one"],
    ),
    "no listener": ('admin { bind = "127.0.0.1:9443" }', None),
    "kind": ('§listener "prxy" { bind = "127.0.0.1:1" }', ['`listener` takes one label: "proxy", "tls" or "endpoint"']),
    "bind": (
        '§listener "tls" {}\nlistener "proxy" { bind = §"127.0.0.1" }',
        ['listener "tls" needs `bind`', "expected a host and a port"],
    ),
    "bind's port": ('listener "proxy" { bind = §"127.0.0.1:65536" }', ["expected a port from 0 to 65535"]),
    "bind's host": (
        'listener "proxy" { bind = §":80" }\nlistener "tls" { bind = §"1.2.3:80" }',
        ["expected a host and a port"] * 2,
    ),
    "same bind": (
        'listener "proxy" { bind = "127.0.0.1:80" }\nlistener "tls" { bind = §"127.0.0.1:80" }',
        ["another listener has this address"],
    ),
    "not for proxies": ('listener "proxy" { bind = "127.0.0.1:80" §tls = true }', ['listener "proxy" has no attribute `tls`']),
    "certificate": ('listener "endpoint" { bind = "127.0.0.1:80" certificate = §"x" }', ["`certificate` and `key` go together"]),
    "certificate that cannot be read": (
        'listener "endpoint" { bind = "127.0.0.1:80" §certificate = env(§"NOPE") }',
        ["`certificate` and `key` go together", "environment variable NOPE is not set"],
    ),
    "certificate without TLS": (
        'listener "endpoint" { bind = "127.0.0.1:80" tls = §false certificate = "x" key = "y" }',
        ["`certificate` needs `tls = true`"],
    ),
    "names": (
        'listener "endpoint" { bind = "127.0.0.1:80" names = [§"http://x"] }',
        ["expected a host name, without scheme and port"],
    ),
    "admin's bind": ('listener "proxy" { bind = "127.0.0.1:80" }\n§admin {}', ["admin needs `bind`"]),
    "admin's label": (
        'listener "proxy" { bind = "127.0.0.1:80" }\n§admin "x" { bind = "127.0.0.1:81" }',
        ["`admin` takes no label"],
    ),
    "off loopback": (
        'listener "proxy" { bind = §"0.0.0.0:80" }\nlistener "tls" { bind = §"[::]:81" }',
        [f'listener "{kind}" is off loopback, and nothing proves which agent is calling' for kind in ("proxy", "tls")],
    ),
    "off loopback by name": (
        'listener "endpoint" { bind = §"gate.example:80" tls = true }',
        ['listener "endpoint" is off loopback, and nothing proves which agent is calling'],
    ),
}

BLOCKS = {
    "endpoint needs": (
        '§§§§endpoint "aws_api" "x" {}\n',
        [f'endpoint "aws_api" "x" needs `{name}`' for name in ("role", "region", "credential", "accounts")],
    ),
    "synonyms": (
        BASE
        + MAIN.replace("  credential", "  credentials = [aws_account.base]\n  credential").replace(
            "  credentials", "  §credentials"
        ),
        ["`credentials` and `credential` say the same"],
    ),
    "account in two endpoints": (
        BASE + MAIN + MAIN.replace('"main"', '"more"').replace('"2222', '§"2222').replace("1111", "3333"),
        ['account 222222222222 is also in endpoint "aws_api" "main"'],
    ),
    "no credential for an account": (
        'credential "aws_account" "base" { accounts = ["111111111111"] }\n' + MAIN.replace('"2222', '§"2222'),
        ["no credential of this endpoint is for account 222222222222"],
    ),
    "key without secret": (
        'credential "aws_account" "b" { access_key_id = §"AKIAX" }',
        ["`access_key_id` and `secret_access_key` go together"],
    ),
    "token alone": (
        'credential "aws_account" "b" { session_token = §"x" }',
        ["`access_key_id` and `secret_access_key` go together"],
    ),
    "key and profile": (
        'credential "aws_account" "b" { access_key_id = "A" secret_access_key = "B" profile = §"p" }',
        ["`profile` and `access_key_id` exclude each other"],
    ),
    "agent needs": ('§§agent "ci" {}', ['agent "ci" needs `key_suffix`', 'agent "ci" needs `secret`']),
    "suffix": (
        'agent "ci" { key_suffix = §"1CI" secret = "0123456789abcdef" }',
        ["expected a letter A-Z and at most 15 more of A-Z and 0-9"],
    ),
    "long suffix": (
        'agent "ci" { key_suffix = §"A2345678901234567" secret = "0123456789abcdef" }',
        ["expected a letter A-Z and at most 15 more of A-Z and 0-9"],
    ),
    "short secret": (
        'agent "ci" { key_suffix = "CI" secret = §"0123456789abcde" }',
        ["the secret is too short: it needs at least 16 characters"],
    ),
    "same suffix and secret": (
        AGENT + AGENT.replace('"ci"', '"cd"').replace('"CI01"', '§"CI01"').replace('"0123', '§"0123'),
        ['agent "ci" has the same `key_suffix`', 'agent "ci" has the same `secret`'],
    ),
    "agent's account": (
        BASE + MAIN + AGENT.replace(" }", ' accounts = [§"333333333333"] }'),
        ["account 333333333333 is in no endpoint"],
    ),
    "agent's account, with no endpoint": (
        AGENT.replace(" }", ' accounts = [§"333333333333"] }'),
        ["account 333333333333 is in no endpoint"],
    ),
    "agent's account, with an endpoint that cannot be read": (
        BASE + MAIN.replace('"us-', '§"us_') + AGENT.replace(" }", ' accounts = ["333333333333"] }'),
        ['expected a region, as "us-east-1"'],
    ),
    "token": (
        'person "a" { token_sha256 = §"' + "A" * 64 + '" }',
        ["expected the SHA-256 of the person's token: 64 hexadecimal digits in lower case"],
    ),
    "token of nothing": (
        'person "a" { token_sha256 = §"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }',
        ["this is the SHA-256 of nothing: the token was empty"],
    ),
    "same token": (
        PEOPLE + 'person "b" { token_sha256 = §"' + OTHER_HASH + '" }',
        ['person "robot" has the same `token_sha256`'],
    ),
    "person's kind": ('person "a" { kind = §"cat" token_sha256 = "' + HASH + '" }', ['expected one of "human", "bot"']),
    "bot among humans": (
        PEOPLE + 'approver "human" "x" { people = [person.alice, §person.robot] }',
        ["`person.robot` is a bot: a human approver takes people only"],
    ),
    "quorum": (
        PEOPLE + 'approver "human" "x" { people = [person.alice] quorum = §2 }',
        ["a quorum of 2 cannot be reached by 1 people"],
    ),
    "program by name": (
        PEOPLE + 'approver "human" "x" { people = [person.alice] notify = §["page"] }',
        ["expected the absolute path of a program and its arguments"],
    ),
    "program as text": (
        PEOPLE + 'approver "human" "x" { people = [person.alice] notify = §"/bin/page" }',
        ["expected a list: a program and its arguments, found a string"],
    ),
    "no program": (
        PEOPLE + 'approver "human" "x" { people = [person.alice] notify = §[] }',
        ["expected the absolute path of a program and its arguments"],
    ),
    "no quorum": (PEOPLE + 'approver "human" "x" { people = [person.alice] quorum = §0 }', ["expected a number from 1 to 100"]),
    "same person twice": (
        PEOPLE + 'approver "human" "x" { people = [person.alice, §person.alice] quorum = 2 }',
        ["this stands in the list twice"],
    ),
    "approver's kind": ('approver §"humen" "x" { }', ['the first label of `approver` is "human" or "bot"']),
    "upstream": ('§upstream "a b" { address = "127.0.0.1:80" }', ["the label of `upstream` is a host pattern"]),
    "upstream's port": ('upstream "a.b" { address = §"127.0.0.1:0" }', ["expected a port from 1 to 65535"]),
    "rule needs": ('§rule "x" { match = true }', ['rule "x" needs `action`']),
    "approve needs": ('rule "x" { action = §"approve" }', ['action "approve" needs `approvers`']),
    "bare action": ('rule "x" { action = §allow }', ["expected a string, found the name `allow`"]),
    "deny asks nobody": (
        PEOPLE + 'rule "x" { action = "deny" approvers = §[human.oncall] }',
        ['`approvers` goes with action "approve", not "deny"'],
    ),
    "unknown approver": (PEOPLE + 'rule "x" { action = "approve" approvers = [§human.oncal] }', ["there is no `human.oncal`"]),
    "person as approver": (
        PEOPLE + 'rule "x" { action = "approve" approvers = [§person.alice] }',
        ["`person.alice` is a person, not an approver"],
    ),
    "unknown endpoint": ('rule "x" { action = "deny" endpoints = [§aws_api.main] }', ["there is no `aws_api.main`"]),
    "match and condition": ('rule "x" { match = a §condition = b action = "deny" }', ["`condition` and `match` say the same"]),
    "action and verdict": ('rule "x" { action = "deny" §verdict = "deny" }', ["`verdict` and `action` say the same"]),
    "approvers and approve": (
        PEOPLE + 'rule "x" { action = "approve" approvers = human.oncall §approve = human.oncall }',
        ["`approve` and `approvers` say the same"],
    ),
    "endpoint and endpoints": (
        BASE + MAIN + 'rule "x" { action = "deny" endpoints = aws_api.main §endpoint = aws_api.main }',
        ["`endpoint` and `endpoints` say the same"],
    ),
    "nobody answers": (
        'gateway {\n listener "proxy" { bind = "127.0.0.1:1" }\n}\n'
        + PEOPLE
        + 'rule "x" { action = §"approve" approvers = human.oncall }',
        ["nobody could approve: the gateway has no `admin` block"],
    ),
    "vends": ('rule "x" { action = "allow" vends = §"yes" }', ["expected true or false, found a string"]),
    "priority": ('rule "x" { action = "allow" priority = §1000001 }', ["expected a number from -1000000 to 1000000"]),
    "reason": ('rule "x" { action = "deny" reason = §"' + "x" * 501 + '" }', ["the string has 501 characters, more than 500"]),
    "a broken block is still declared": (
        BASE
        + MAIN.replace("accounts = ", "accounts = §").rstrip("}\n").rstrip("]")
        + '\nrule "x" { action = "deny" endpoints = aws_api.main }',
        ["`[` is never closed"],
    ),
}


def check(marked: str, messages: list[str]) -> None:
    text, expected = places(marked)
    found = faults_of(text)
    assert [(fault.line, fault.column, fault.message) for fault in found] == [
        (line, column, message) for (line, column), message in zip(expected, messages, strict=True)
    ]


@pytest.mark.parametrize("name", STRUCTURE)
def test_structure(name: str):
    check(*STRUCTURE[name])


@pytest.mark.parametrize("name", VALUES)
def test_values(name: str):
    marked, message = VALUES[name]
    attribute = marked.partition(" ")[0]
    kept = [line for line in MAIN.splitlines() if not line.strip().startswith(f"{attribute} ")]
    check(BASE + "\n".join([*kept[:-1], marked, "}"]), [message])


@pytest.mark.parametrize("name", GATEWAY)
def test_gateway(name: str):
    marked, messages = GATEWAY[name]
    if messages is None:
        check("§gateway {\n" + marked + "\n}", ["no listener is declared, so no agent can connect"])
    else:
        check("gateway {\n" + marked + "\n}", messages)


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks(name: str):
    check(*BLOCKS[name])


def test_an_endpoint_listener_off_loopback_needs_tls_even_with_agents():
    check(
        'gateway {\n listener "endpoint" { bind = §"0.0.0.0:80" }\n listener "proxy" { bind = "0.0.0.0:81" }\n}\n' + AGENT,
        ["an endpoint listener off loopback needs TLS"],
    )


def test_all_faults_come_at_once_in_the_order_of_the_file():
    found = faults_of('rule "a" { action = "no" }\nperson "b" {}\nrule "c" { match = (\n')
    assert [(fault.line, fault.message) for fault in found] == [
        (1, 'expected one of "allow", "deny", "approve"'),
        (2, 'person "b" needs `token_sha256`'),
        (3, "`(` is never closed"),
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('rul "x" {}', "did you mean `rule`?"),
        ('rule "x" { acton = "deny" action = "deny" }', "did you mean `action`?"),
        ('gateway { listner "proxy" {} }', "did you mean `listener`?"),
        (BASE + MAIN.replace("aws_account.base", "aws_account.bass"), "did you mean `aws_account.base`?"),
        (PEOPLE + 'rule "x" { action = "approve" approvers = human.onkall }', "did you mean `human.oncall`?"),
        ('rule "x" { action = deny }', 'write "deny"'),
        ('rule "x" { action = "deny" }\nrule "x" { action = "deny" }', "first on line 1"),
        ("gateway { idle_timeout = 60 }", 'as "30s", "10m" or "12h"'),
        ('rule "x" { match = ) }', None),
    ],
)
def test_hints(text: str, hint: str | None):
    assert faults_of(text)[0].hint == hint


def test_a_fault_reads_as_file_line_column_with_a_caret_and_a_hint():
    [fault] = faults_of('rule "x" {\n\tacton = "deny"\n\taction = "deny"\n}\n')
    assert str(fault) == (
        'gate.hcl:2:2: rule "x" has no attribute `acton`\n    2 |  acton = "deny"\n      |  ^\n  hint: did you mean `action`?'
    )


def test_a_long_line_is_cut_around_the_caret():
    [fault] = faults_of('rule "x" { action = "deny" /* ' + "x" * 500 + ' */ acton = "y" /* ' + "z" * 500 + " */ }")
    message, line, caret, _hint = str(fault).splitlines()
    assert message.startswith("gate.hcl:1:535: ")
    assert len(line) < 200
    assert line[caret.index("^") :].startswith("acton")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('agent "ci" { key_suffix = "no" secret = "hunter2" }', "hunter2"),
        ('agent "ci" { key_suffix = "CI" secret = env("SHORT") }', "hunter2"),
        ('agent "ci" { key_suffix = "CI" secrt = "hunter2hunter2hunter2" }', "hunter2"),
        ('agent "ci" { key_suffix = "CI" SECRET = "hunter2hunter2hunter2" }', "hunter2"),
        ('agent "ci" { secret = "hunter2', "hunter2"),
        ('agent "ci" { secret = ["a",\n"hunter2" )\n }', "hunter2"),
        ('agent "ci" {\n secret = <<X\nhunter2 ${a}\nX\n}', "hunter2"),
        ('credential "aws_account" "b" { secret_access_key = "hunter2" }', "hunter2"),
        ('credential "aws_account" "b" { session_token = "hunter2" }', "hunter2"),
        ('person "a" { token_sha256 = "hunter2" }', "hunter2"),
    ],
)
def test_no_message_shows_a_secret(text: str, secret: str):
    shown = "\n".join(map(str, faults_of(text)))
    assert secret not in shown


def test_a_message_shows_where_a_secret_is_looked_up():
    [fault] = faults_of('agent "ci" { key_suffix = "CI" secret = env("SHORT") }')
    assert 'env("SHORT")' in fault.text


def test_a_message_holds_no_control_characters():
    [fault] = faults_of('rule "x" { reason = "\x1b[2J" action = "deny" }')
    assert "\x1b" not in str(fault)
