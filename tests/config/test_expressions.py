"""Expressions that are plain values: strings and lists."""

from __future__ import annotations

import pytest

from tests.kit.configs import BASE, MAIN, PEOPLE, load


def rule(body: str):
    return load(BASE + MAIN + PEOPLE + 'rule "x" {\n' + body + "\n}\n").rules[0]


def test_lists_take_comments_and_a_last_comma():
    text = MAIN.replace('"222222222222"]', '# two\n "222222222222", // three\n /* four */ ]')
    assert list(load(BASE + text).endpoints[0].accounts) == ["111111111111", "222222222222"]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r'"a\"b\\c\u00e9\U0001F600"', 'a"b\\cé😀'),
        ('"$${x} %%{y} $x %"', "${x} %{y} $x %"),
        ("<<X\n  indented\nX", "  indented"),
        ("<<-X\n    indented\n  X", "indented"),
        ("<<X\r\nwith \\n and CRLF\r\nX\r", "with \\n and CRLF"),
        ('env("LONG")', "correct-horse-battery"),
        ('file("/abs/secret")', "another-secret-here"),
        ('file( "secret.txt" )', "a-secret-from-a-file"),
    ],
)
def test_strings(written: str, text: str):
    assert rule(f'action = "deny"\nreason = {written}\n').reason == text
