"""How a fault is shown: place, caret and hint, and no secret."""

from __future__ import annotations

import pytest

from tests.kit.configs import BASE, MAIN, PEOPLE, faults_of


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
        ("gateway { idle_timeout = 60 }", 'such as "30s", "10m" or "12h"'),
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
