"""Faults of the blocks: what is said, and where. `§` marks the place of each, in order."""

from __future__ import annotations

import pytest

from tests.kit.configs import BASE, HASH, MAIN, OTHER_HASH, PEOPLE, check

AGENT = 'agent "ci" { key_suffix = "CI01" secret = "0123456789abcdef" }\n'

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
        ["`credentials` and `credential` mean the same"],
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
        ["`profile` and `access_key_id` cannot be used together"],
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
        ['agent "ci" has the same `key_suffix`', 'agent "ci" has the same secret'],
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
        ['expected a region such as "us-east-1"'],
    ),
    "token": (
        'person "a" { token_sha256 = §"' + "A" * 64 + '" }',
        ["expected the SHA-256 of the person's token: 64 hexadecimal digits in lower case"],
    ),
    "token of nothing": (
        'person "a" { token_sha256 = §"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }',
        ["this is the SHA-256 of an empty token"],
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
        ["expected a program's absolute path and its arguments"],
    ),
    "program as text": (
        PEOPLE + 'approver "human" "x" { people = [person.alice] notify = §"/bin/page" }',
        ["expected a list: a program and its arguments, found a string"],
    ),
    "no program": (
        PEOPLE + 'approver "human" "x" { people = [person.alice] notify = §[] }',
        ["expected a program's absolute path and its arguments"],
    ),
    "no quorum": (PEOPLE + 'approver "human" "x" { people = [person.alice] quorum = §0 }', ["expected a number from 1 to 100"]),
    "same person twice": (
        PEOPLE + 'approver "human" "x" { people = [person.alice, §person.alice] quorum = 2 }',
        ["this is in the list twice"],
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
    "match and condition": ('rule "x" { match = a §condition = b action = "deny" }', ["`condition` and `match` mean the same"]),
    "action and verdict": ('rule "x" { action = "deny" §verdict = "deny" }', ["`verdict` and `action` mean the same"]),
    "approvers and approve": (
        PEOPLE + 'rule "x" { action = "approve" approvers = human.oncall §approve = human.oncall }',
        ["`approve` and `approvers` mean the same"],
    ),
    "endpoint and endpoints": (
        BASE + MAIN + 'rule "x" { action = "deny" endpoints = aws_api.main §endpoint = aws_api.main }',
        ["`endpoint` and `endpoints` mean the same"],
    ),
    "nobody answers": (
        'gateway {\n listener "proxy" { bind = "127.0.0.1:1" }\n}\n'
        + PEOPLE
        + 'rule "x" { action = §"approve" approvers = human.oncall }',
        ["nobody could approve: the gateway has no `admin` block"],
    ),
    "presign": ('rule "x" { action = "allow" presign = §"yes" }', ["expected true or false, found a string"]),
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


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks(name: str):
    check(*BLOCKS[name])
