"""Conditions: what reaches the check, and where its faults are shown."""

from __future__ import annotations

import pytest

from tests.kit.configs import faults_of, load, places


def condition(written: str):
    return load('rule "x" {\n  match = ' + written + '\n  action = "deny"\n}\n').rules[0].condition


@pytest.mark.parametrize(
    ("written", "cel"),
    [
        ("aws.a", "aws.a"),
        ('aws.action == "x" && aws.b >= 1 || aws.c != 2', 'aws.action == "x" && aws.b >= 1 || aws.c != 2'),
        ("(a ||\n   b)", "(a ||\n   b)"),
        ("a # remark", "a"),
        ("a // remark", "a"),
        ("(a || # one\n b)", "(a ||      \n b)"),
        ("a /* b */ || c", "a         || c"),
        ("a ? {'k': 1}.k == 1 : [1, 2][0] == 1", "a ? {'k': 1}.k == 1 : [1, 2][0] == 1"),
        ("a == 'x = y # }'", "a == 'x = y # }'"),
        ('a == "x // \\" }"', 'a == "x // \\" }"'),
        (r"""a.matches(r"\d\") || b == R'\'""", r"""a.matches(r"\d\") || b == R'\'"""),
        ('a == """x "quoted"\n y = 1 }"""', 'a == """x "quoted"\n y = 1 }"""'),
        ("a == b'\\x00' || c == ''", "a == b'\\x00' || c == ''"),
        ('"aws.action == \\"x\\""', 'aws.action == "x"'),
        ('"a" # remark', "a"),
        ("\"a == 'x'\"", "a == 'x'"),
        ("<<CEL\n  a ||\n  b\nCEL", "  a ||\n  b"),
        ("<<-CEL\n    a ||\n\n      b\n  CEL", "a ||\n\n  b"),
        ('<<CEL\na == "\\n"\nCEL', 'a == "\\n"'),
        ('"a" == "b"', '"a" == "b"'),
        ('("a")', '("a")'),
        ("'a'", "'a'"),
        ("true", "true"),
    ],
)
def test_what_the_condition_is(written: str, cel: str):
    assert condition(written) == cel


@pytest.mark.parametrize(
    "line",
    [
        'match = aws.reads_secret            action = "deny"  reason = "r"',
        'reason = "r"  action = "deny" match = aws.reads_secret',
        'match = aws.reads_secret /* c */ action="deny"\treason\t=\t"r"',
        'action = "deny" match = "aws.reads_secret" reason = "r" # c = 1',
    ],
)
def test_several_attributes_on_a_line(line: str):
    [rule] = load('rule "x" { ' + line + "\n}\n").rules
    assert (rule.condition, rule.action, rule.reason) == ("aws.reads_secret", "deny", "r")


@pytest.mark.parametrize("cel", ["a == b", "a==b", "a ==b", "a <= b", "a >= b", "a != b", "a.b == c.d", "x in [a == b]"])
def test_a_comparison_ends_no_expression(cel: str):
    [rule] = load('rule "x" { match = ' + cel + ' action = "deny" }').rules
    assert rule.condition == cel


@pytest.mark.parametrize(
    "written",
    [
        "a && §BAD",
        "(a ||\n     §BAD)",
        "(a || # a BAD remark\n  §BAD)",
        "a /* x */ && §BAD",
        '"a && §BAD"',
        '"a == \\"\\u00e9\\" && §BAD"',
        '"$${x} §BAD"',
        "<<CEL\n  a &&\n    §BAD\nCEL",
        "<<-CEL\n    a &&\n\n      §BAD\n  CEL",
        '<<-CEL\n\ta == "\\n" &&\n\t§BAD\n\tCEL',
        "<<CEL\r\n a &&\r\n §BAD\r\nCEL\r",
        "é && §BAD",
        "a && END§",
        "<<CEL\n a && END§\nCEL",
        '"a && END§"',
    ],
)
def test_where_a_conditions_fault_is_shown(written: str):
    text, [expected] = places('rule "x" {\n  match = ' + written + '\n  action = "deny"\n}\n')
    [fault] = faults_of(text)
    assert (fault.line, fault.column) == expected
    assert (fault.message, fault.hint) in [("bad word", "be good"), ("unexpected end", None)]


@pytest.mark.parametrize("written", ['""', '" "', "<<X\n\nX", "<<X\nX"])
def test_an_empty_condition(written: str):
    [fault] = faults_of('rule "x" {\n  match = ' + written + '\n  action = "deny"\n}\n')
    assert (fault.line, fault.column, fault.message) == (2, 11, "the condition is empty")


def test_a_fault_that_is_not_fatal_is_a_note():
    config = load('rule "x" {\n match = (a &&\n  ODD)\n action = "deny"\n}\n')
    assert "gate.hcl:3:3: odd word" in config.notes


def test_text_after_a_heredoc():
    found = faults_of(
        'rule "x" {\n match = <<X\na\nX\n action = "deny"\n}\nrule "y" {\n match = <<X\na\n X Y\n action = "deny"\n}'
    )
    assert [(fault.line, fault.message) for fault in found] == [(8, "heredoc <<X is never closed")]
