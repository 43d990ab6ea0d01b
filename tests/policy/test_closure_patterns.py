"""Patterns that only spell out texts, held against RE2."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.aws.call import UNKNOWN
from trio_gate.policy.cel import _RUN
from trio_gate.policy.closure_patterns import pattern_test

_MATCHES = _RUN.compile("aws.text.matches(aws.pattern)")

PIECES = [
    *(
        "a",
        "b",
        "ab",
        "é",
        "\n",
        " ",
        "-",
        "/",
        "(a|b)",
        "(?:a|ab|)",
        "(a)",
        "()",
        "(é|\\.|[.])",
        "(a|b)(a|b)",
        "[.]",
        "[|]",
        "[a]",
        "[:]",
    ),
    *(
        "\\.",
        "\\|",
        "\\\\",
        "\\$",
        "\\^",
        "\\-",
        "\\(",
        "[$]",
        "[ ]",
        ".*",
        ".",
        "a*",
        "a+",
        "a?",
        "|",
        "[ab]",
        "[^a]",
        "\\d",
        "\\n",
        "(?i)",
    ),
]
patterns = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "^"]),
    st.sampled_from(["", "", ".*"]),
    st.lists(st.sampled_from(PIECES), max_size=4).map("".join),
    st.sampled_from(["", "", ".*"]),
    st.sampled_from(["", "$"]),
)
texts = st.text(alphabet="abAé.|$^\\-/( \n:", max_size=5)


def by_the_library(pattern: str, text: str) -> bool | str:
    return _MATCHES.eval(_RUN.Activation({"aws": {"text": text, "pattern": pattern}, "agent": {}})).value()


@given(patterns, st.lists(texts, min_size=1, max_size=5))
def test_a_test_says_what_re2_says(pattern: str, several):
    test = pattern_test(pattern)
    if test is not None and isinstance(by_the_library(pattern, ""), bool):
        assert all(test(text) in (UNKNOWN, by_the_library(pattern, text)) for text in several)


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("^(Get|List)", ["Get", "ListBuckets"], ["get", "xList", ""]),
        ("^(Stop|Terminate)Instances$", ["StopInstances"], ["StopInstances\n", "Stop", "xStopInstances"]),
        ("[.]internal$", ["a.internal"], ["ainternal", "a.internal.", "a.internal\n"]),
        (r"\.prod\.", ["a.prod.b"], ["aprodb"]),
        ("^.*(prod|live).*$", ["a-prod", "live", "xlivex"], ["liv"]),
        (".*", ["", "a", "\n"], []),
        ("^$", [""], ["a", "\n"]),
        ("(a|)(b|)c", ["c", "ac", "bc", "abc", "xbcx"], ["ab"]),
    ],
)
def test_what_is_tested_here(pattern: str, yes, no):
    test = pattern_test(pattern)
    assert [test(text) for text in (*yes, *no)] == [True] * len(yes) + [False] * len(no)
    assert test(5) is test(None) is test(UNKNOWN) is UNKNOWN


@pytest.mark.parametrize("pattern", ["^.*a", "a.*$", "^.*a.*$"])
def test_a_dot_ends_with_its_line(pattern: str):
    assert pattern_test(pattern)("a") is True
    assert pattern_test(pattern)("b\na\n") is UNKNOWN


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "a|b",
            "^a|b$",
            "a.b",
            "a*",
            "a+",
            "a?",
            "[ab]",
            "[^a]",
            r"\d",
            r"\bx",
            "(?i)a",
            "a{2}",
            "(a",
            "(a+)",
            "^^a",
            "a$$",
            "(a|(b))",
            "a.*b",
            "(^a)",
        ),
        "(a|b)" * 7,
    ],
)
def test_what_is_left_to_re2(pattern: str):
    assert pattern_test(pattern) is None
