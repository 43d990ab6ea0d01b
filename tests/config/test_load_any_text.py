"""Any text is a `Config` or `ConfigFaults`, never another exception, and every fault has a place in the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.config.test_describe import TEXT
from tests.kit.configs import BASE, MAIN, PEOPLE, load
from tests.kit.long import examples
from trio_gate.config.describe import describe
from trio_gate.config.model import Config
from trio_gate.config.source import ConfigFaults

PIECES = st.sampled_from(
    [
        *"{}[]()=,:.\"'\n\r\t #/*<>!&|?+-é\0\ud800\\$%0123456789abr",
        *(
            "==",
            "//",
            "/*",
            "*/",
            "<<X\n",
            "<<-X\n",
            "\nX\n",
            '"""',
            "${",
            "$${",
            "env(",
            "file(",
            "null",
            "true",
            "match",
            "\u2028",
            "\ufeff",
        ),
        *(
            "gateway {",
            "listener",
            "admin",
            "rule ",
            "credential ",
            "endpoint ",
            "agent ",
            "person ",
            "approver ",
            "upstream ",
            "plugin ",
        ),
        *(
            '"aws_account"',
            '"aws_api"',
            '"x"',
            '"human"',
            "bind =",
            "secret = ",
            "action = ",
            "accounts = [",
            "aws_api.main",
            "human.oncall",
            "BAD",
            "END",
            "ODD",
        ),
    ]
)
WHOLE = (
    TEXT
    + 'rule "odd" { match = ODD action = "deny" }\n'
    + 'rule "here" {\n  match = <<-CEL\n    a\n  CEL\n  action = "deny"\n}\n'
)


def check(text: str) -> None:
    try:
        config = load(text)
    except ConfigFaults as error:
        found = error.faults
    else:
        found = ()
        assert isinstance(config, Config)
        describe(config)
    lines = text.split("\n")
    for fault in found:
        assert 1 <= fault.line <= len(lines)
        assert 1 <= fault.column <= len(lines[fault.line - 1]) + 1
        assert (fault.message + fault.text + (fault.hint or "")).isprintable()
        assert str(fault).startswith(f"gate.hcl:{fault.line}:{fault.column}: {fault.message}\n")


@given(st.text())
def test_any_text(text: str):
    check(text)


@given(st.lists(PIECES, max_size=60).map("".join))
@examples(4)
def test_any_pieces(text: str):
    check(text)


@given(st.integers(0, len(WHOLE)), st.integers(0, 12), st.lists(PIECES, max_size=3).map("".join))
@examples(4)
def test_any_edit_of_a_good_file(at: int, cut: int, insert: str):
    check(WHOLE[:at] + insert + WHOLE[at + cut :])


@given(st.integers(0, len(WHOLE)))
def test_any_beginning_of_a_good_file(end: int):
    check(WHOLE[:end])


def test_the_good_file_is_good():
    load(WHOLE)
    load(BASE + MAIN + PEOPLE)


@pytest.mark.parametrize(
    "text",
    [
        "a {" * 50_000,
        "a {\n" * 50_000 + "}\n" * 50_000,
        'rule "x" { match = ' + "(" * 50_000,
        'rule "x" { match = ' + "(" * 50_000 + ")" * 50_000 + ' action = "deny" }',
        'rule "x" { reason = ' + "[" * 50_000 + "]" * 50_000 + ' action = "deny" }',
        'rule "x" { reason = ' + "{a=" * 50_000 + "}" * 50_000 + ' action = "deny" }',
        'rule "x" { reason = "' + "\\\\" * 50_000 + '" action = "deny" }',
        'rule "x" { match = ' + "a || " * 20_000 + 'b action = "deny" }',
        'rule "x" { priority = ' + "9" * 50_000 + "\n}",
        "rule " + "x " * 50_000,
        "/*" * 50_000,
        '"' * 50_000,
        'rule "x" { match = ' + '"""' * 20_001,
        'rule "x" { match = <<X\n' + "X Y\n" * 20_000,
        "rule x {}\n" * 2_000,
    ],
    ids=lambda text: text[:30] + "…",
)
def test_pathological_texts(text: str):
    check(text)
