"""How a role is assumed: what each block may say of it, what is refused, and whose word counts."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from tests.kit.configs import BASE, ENV, FILES, MAIN, PEOPLE, check, faults_of, load
from trio_gate.config.model import NOTHING_SAID, RoleSettings
from trio_gate.config.role_settings import MOST_POLICY

AGENT = 'agent "ci" { key_suffix = "CI01" secret = "0123456789abcdef" %s }\n'
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
ALL = f"""
  role            = "reader"
  external_id     = "e/1"
  session_policy  = <<-END
    {json.dumps(json.loads(POLICY), indent=2)}
  END
  duration        = "15m"
  tags            = {{ team = "data", "a b" : "c/d" }}
  source_identity = true
"""
SAID = RoleSettings(
    role="reader",
    external_id="e/1",
    session_policy=POLICY,
    duration=900,
    tags=(("team", "data"), ("a b", "c/d")),
    source_identity=True,
)


def test_every_block_that_has_them_has_all_of_them():
    found = load(BASE + MAIN.replace('  role = "gate"\n', ALL) + AGENT % ALL + f'rule "r" {{ action = "allow" {ALL} }}')
    assert found.endpoints[0].assume == found.agents[0].assume == found.rules[0].assume == SAID
    assert load(AGENT % "").agents[0].assume == NOTHING_SAID


def test_one_that_says_something_is_over_one_that_does_not():
    other = RoleSettings(role="o", external_id="oo", session_policy="{}", duration=1000, tags=(), source_identity=False)
    assert SAID.over(other) == SAID
    assert NOTHING_SAID.over(other) == other
    for one in fields(SAID):
        assert replace(NOTHING_SAID, **{one.name: getattr(SAID, one.name)}).over(other) == replace(
            other, **{one.name: getattr(SAID, one.name)}
        )


def test_a_policy_may_be_in_a_file_and_loses_its_blanks(monkeypatch):
    monkeypatch.setitem(FILES, "/etc/gate/policy.json", json.dumps(json.loads(POLICY), indent=4) + "\n")
    assert load(AGENT % 'session_policy = file("policy.json")').agents[0].assume.session_policy == POLICY


TEXTS = "%s is a string, or a list of strings that is not empty"
FULL = {"Sid": "a", "Condition": {"NumericLessThan": {"s3:max-keys": 10, "a:b": 1.5}, "Bool": {"c:d": [True, "false"]}}}
CONDITION = "a Condition has operators, which have keys, which have values"


def statement(**changes):
    plain = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    return json.dumps({"Statement": {name: value for name, value in {**plain, **changes}.items() if value is not None}})


@pytest.mark.parametrize(
    "said",
    [
        statement(Effect="Deny"),
        statement(Action=None, NotAction="iam:*"),
        statement(Resource=None, NotResource=["a"]),
        POLICY,
        statement(**FULL),
    ],
)
def test_policies(monkeypatch, said):
    monkeypatch.setitem(ENV, "POLICY", said)
    assert json.loads(load(AGENT % 'session_policy = env("POLICY")').agents[0].assume.session_policy) == json.loads(said)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("no", "the policy is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ('{"Statement": NaN}', "the policy is not JSON: it has a number that is none"),
        ('{"Statement": 1, "Statement": 2}', "the policy is not JSON: a member is given twice"),
        ("[" * 100_000, "the policy is nested too deep"),
        ("[]", "the policy has no Statement"),
        ('{"Statement": []}', "the policy has no Statement"),
        ('{"Version": "2012", "Statement": [{}]}', 'the Version of a policy is "2012-10-17"'),
        ('{"Statement": "x"}', 'each Statement of a policy needs an Effect, "Allow" or "Deny"'),
        (statement(Effect="allow"), 'each Statement of a policy needs an Effect, "Allow" or "Deny"'),
        (statement(Action=None), "each Statement of a session policy needs either Action or NotAction"),
        (statement(NotResource="*"), "each Statement of a session policy needs either Resource or NotResource"),
        (statement(Principal="*"), "a session policy has no Principal: it is for the session"),
        ('{"Statement": 1e999}', "the policy is not JSON: it has a number that is none"),
        (json.dumps({**json.loads(POLICY), "Statements": []}), 'a policy has no member "Statements"'),
        (statement(Ressource="*"), 'a Statement of a session policy has no member "Ressource"'),
        (statement(Action=5), TEXTS % "Action"),
        (statement(Action=[]), TEXTS % "Action"),
        (statement(Resource=["*", None]), TEXTS % "Resource"),
        (statement(Action=None, NotAction={}), TEXTS % "NotAction"),
        (statement(Condition="x"), CONDITION),
        (statement(Condition={"Bool": "x"}), CONDITION),
        (statement(Condition={"Bool": {"aws:SecureTransport": {}}}), CONDITION),
        (statement(Condition={"Bool": {"aws:SecureTransport": []}}), CONDITION),
        (statement(Sid="x" * MOST_POLICY), "the policy has 2120 characters without its blanks, more than 2048"),
    ],
)
def test_what_is_no_session_policy(monkeypatch, said, why):
    monkeypatch.setitem(ENV, "POLICY", said)
    check(AGENT % 'session_policy = §env("POLICY")', [why])


MANY = ", ".join(f'k{one} = "v"' for one in range(49))
SIGNS = "letters, digits, spaces and _.:/=+-@"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("session_policy = §7", "expected a policy in JSON, found a number"),
        ('duration = §"14m"', "expected a duration from 15m to 12h"),
        ('duration = §"13h"', "expected a duration from 15m to 12h"),
        ('tags = §["a"]', "expected a map of tags, found a list"),
        ("tags = §{}", "expected 1 to 48 tags"),
        (f"tags = §{{ {MANY} }}", "expected 1 to 48 tags"),
        ("tags = { a = §1 }", "expected a string, found a number"),
        ('tags = { "a#b" = §"c" }', f"expected a tag's key of 1 to 128 {SIGNS}"),
        (f'tags = {{ {"k" * 129} = §"c" }}', f"expected a tag's key of 1 to 128 {SIGNS}"),
        ('tags = { a = §"b;c" }', f"expected a tag's value of at most 256 {SIGNS}"),
        (f'tags = {{ a = §"{"v" * 257}" }}', f"expected a tag's value of at most 256 {SIGNS}"),
        ('tags = { team = "a", Team = §"b" }', "the tag Team is given twice: STS does not tell upper from lower case"),
        (
            'tags = { "AWS:team" = §"a" }',
            "the keys of tags that begin with aws: are AWS's, those with trio-gate: the gateway's",
        ),
        (
            'tags = { "trio-gate:approver" = §"a" }',
            "the keys of tags that begin with aws: are AWS's, those with trio-gate: the gateway's",
        ),
        ('role = §"a/b"', "expected the name of a role, not its ARN"),
        ('external_id = §"x"', "expected an external id of 2 to 1224 characters A-Z a-z 0-9 _+=,.@:/-"),
        ('source_identity = §"ci"', "expected true or false, found a string"),
    ],
)
def test_what_sts_would_refuse(said, why):
    check(AGENT % said, [why])


def test_all_faults_of_the_tags_are_told():
    check(
        AGENT % 'tags = { a = §1, b = §"#" }',
        ["expected a string, found a number", f"expected a tag's value of at most 256 {SIGNS}"],
    )


HUB = '  through = "arn:aws:iam::999999999999:role/hub"\n'
LONG = '  duration = §"61m"\n'
SHORT = ["a session that another role's session asks for lives an hour at most"]


def endpoint(more: str) -> str:
    return BASE + MAIN.replace("  role", f"{more}  role")


def test_a_hub():
    found = load(endpoint(HUB + '  through_external_id = "e/1"\n')).endpoints[0]
    assert (found.through, found.through_external_id, found.assume.external_id) == (
        "arn:aws:iam::999999999999:role/hub",
        "e/1",
        None,
    )


@pytest.mark.parametrize(
    ("marked", "messages"),
    [
        (endpoint('  through = §"hub"\n'), ['the ARN of a role, such as "arn:aws:iam::999999999999:role/hub"']),
        (endpoint('  organization_role = §"names"\n'), ['the ARN of a role, such as "arn:aws:iam::999999999999:role/hub"']),
        (endpoint('  through_external_id = §"e/1"\n'), ["`through_external_id` needs `through`"]),
        (endpoint(HUB + LONG), SHORT),
        (endpoint(HUB) + AGENT % LONG.strip(), SHORT),
        (endpoint(HUB) + AGENT % f'accounts = ["222222222222"] {LONG}', SHORT),
        (endpoint(HUB) + f'rule "r" {{\n action = "allow"\n{LONG}}}\n', SHORT),
        (endpoint(HUB) + f'rule "r" {{\n action = "allow"\n endpoints = aws_api.main\n{LONG}}}\n', SHORT),
    ],
)
def test_what_a_hub_cannot_have(marked, messages):
    check(marked, [message if message in SHORT or "`" in message else f"expected {message}" for message in messages])


def test_what_a_hub_has_nothing_to_do_with():
    other = (
        endpoint(HUB)
        .replace('"main"', '"other"')
        .replace("111111111111=prod", "333333333333")
        .replace("222222222222", "444444444444")
    )
    long = LONG.replace("§", "")
    load(MAIN.replace("  role", f"{long}  role") + other + AGENT % f'accounts = ["222222222222"] {long.strip()}')
    load(MAIN + other + f'rule "r" {{\n action = "allow"\n endpoints = aws_api.main\n{long}}}\n')


def test_who_approved_may_be_told():
    asks = """rule "r" {
      action = "approve"
      approvers = [human.oncall]
      approval_tag = true
    }
    """
    (rule,) = load(f"{PEOPLE}{asks}").rules
    assert (rule.approval_tag, rule.shapes_role) == (True, True)
    check(
        'rule "r" {\n  action = "allow"\n  approval_tag = §true\n}\n', ['`approval_tag` goes with action "approve", not "allow"']
    )


NARROW = 'rule "r" {\n  action = "allow"\n  narrow = %strue\n%s}\n'
BOTH = "`narrow` and `session_policy` cannot be used together: STS would allow what either allows"


def test_a_rule_narrows_a_session_to_the_call():
    (rule,) = load(NARROW % ("", '  narrow_also = ["kms:Decrypt"]\n')).rules
    assert (rule.narrow, rule.narrow_also, rule.shapes_role, rule.assume) == (True, ("kms:Decrypt",), True, NOTHING_SAID)


POLICY_LINE = "  session_policy = " + json.dumps(POLICY) + "\n"


@pytest.mark.parametrize(
    ("marked", "why"),
    [
        (NARROW % ("", '  narrow_also = [§"kms"]\n'), 'expected an IAM action, such as "kms:Decrypt"'),
        ('rule "r" {\n  action = "allow"\n  narrow_also = §["kms:Decrypt"]\n}\n', "`narrow_also` needs `narrow = true`"),
        ('§rule "r" {\n  action = "deny"\n  narrow = true\n}\n', "a rule that denies assumes no role"),
        (NARROW % ("§", POLICY_LINE), BOTH),
        (endpoint(POLICY_LINE) + NARROW % ("§", ""), BOTH),
        (endpoint(POLICY_LINE) + NARROW % ("§", "  endpoints = aws_api.main\n"), BOTH),
        (endpoint("") + AGENT % POLICY_LINE.strip() + NARROW % ("§", ""), BOTH),
        (endpoint("") + AGENT % f'accounts = ["222222222222"] {POLICY_LINE.strip()}' + NARROW % ("§", ""), BOTH),
    ],
)
def test_narrowing_that_cannot_be(marked, why):
    check(marked, [why])


def test_a_policy_elsewhere_does_not_matter():
    other = endpoint(POLICY_LINE).replace('"main"', '"other"').replace("111111111111=prod", "333333333333")
    other = other.replace("222222222222", "444444444444")
    agent = AGENT % f'accounts = ["333333333333"] {POLICY_LINE.strip()}'
    load(MAIN + other + agent + NARROW % ("", "  endpoints = aws_api.main\n"))


DENIES = "a rule that denies assumes no role"


def test_an_external_id_is_shown_nowhere_and_a_policy_is():
    said = 'external_id = "hush#"\n  through_external_id = "hush#"\n  session_policy = "seen"\n'
    shown = [fault.text for fault in faults_of(endpoint(HUB + said))]
    assert len(shown) == 3
    assert [("hush" in line, "seen" in line) for line in shown].count((False, True)) == 1
    assert not any("hush" in line for line in shown)


def test_a_rule_that_denies_assumes_nothing():
    check(
        '§rule "r" {\n  action = "deny"\n  approval_tag = §true\n}\n',
        [DENIES, '`approval_tag` goes with action "approve", not "deny"'],
    )
    check('§rule "r" { action = "deny" role = "reader" }', [DENIES])


@pytest.mark.parametrize(
    "text",
    [
        BASE + MAIN.replace("  role", "  source_identity = §true\n  role"),
        'rule "r" { action = "allow" source_identity = §true }\n',
    ],
)
def test_a_source_identity_needs_agents(text):
    check(text, ["`source_identity` is the agent's name, and no agent is declared"])
    load(text.replace("§", "") + AGENT % "")
