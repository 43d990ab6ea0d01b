"""The colors of code."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_gate.content.colors import MAX_COLORED, MAX_LINE, colored, language
from trio_gate.text.visible import visible_lines

POLICY = json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}, indent=2)
KINDS = (None, "script", "command", "statement", "template", "policy", "definition", "document", "archive", "input")


def words(text, what) -> list[tuple[str, str]]:
    """The runs that have a color, with it."""
    lines = text.split("\n")
    found = []
    for line, runs in zip(lines, colored(lines, language(text, what), what) or [[]] * len(lines), strict=True):
        at = 0
        for length, color in zip(runs[::2], runs[1::2], strict=True):
            found += [(line[at : at + length], color)] if color else []
            at += length
        assert at in (0, len(line))
    return found


@pytest.mark.parametrize(
    ("text", "what", "name"),
    [
        (POLICY, "policy", "json"),
        ("[1]", None, "json"),
        ("# a stack\nResources:\n  A: b", "template", "yaml"),
        ("version: 0.2\nphases:", "script", "yaml"),
        ("---\na: b", None, "yaml"),
        ("apt-get update", "script", "shell"),
        ("#!/bin/bash\nls", "script", "shell"),
        ("#!/usr/bin/env zsh\nls", "script", "shell"),
        ("#!/usr/bin/python3\nimport os", "script", "python"),
        ("#!/usr/bin/env node\n1", "script", "javascript"),
        ("#!/usr/bin/perl\n1", "script", None),
        ("import os\nprint(1)", "script", "python"),
        ("import { util } from '@aws-appsync/utils';", "script", "javascript"),
        ("export function request(ctx) {}", "script", "javascript"),
        ("export PATH=/bin", "script", "shell"),
        ("import os", "statement", "sql"),
        ("SELECT 1", "statement", "sql"),
        ("set: a", "statement", "sql"),
        ("permit(principal, action, resource);", "policy", None),
        ("1 file, 3 bytes unpacked", "archive", None),
        ("hello there", None, None),
        ("", None, None),
    ],
)
def test_a_language_is_known_by_how_a_text_begins_and_what_it_is(text, what, name):
    assert language(text, what) == name


@pytest.mark.parametrize(
    ("text", "what", "marked"),
    [
        ("curl -s https://x | sudo bash", "script", ["curl", "| sudo bash"]),
        ("rm -rf /srv/orders", "script", ["rm -rf"]),
        (POLICY, "policy", ['"s3:*"', '"*"']),
        ("CidrIp: 0.0.0.0/0", "template", ["0.0.0.0/0"]),
        ("DELETE FROM orders", "statement", ["DELETE"]),
        ("rm -rf /", "input", []),
        ("warm -up", "script", []),
    ],
)
def test_what_people_should_look_at_is_marked(text, what, marked):
    assert [word for word, color in words(text, what) if color.endswith("!")] == marked


@pytest.mark.parametrize(
    ("file", "name"),
    [("lib/index.py", "python"), ("INDEX.MJS", "javascript"), ("a.yml", "yaml"), ("a.py.txt", None)],
)
def test_the_language_of_a_file_is_that_of_its_name(file, name):
    assert language("hello there", None, file) == name


def test_words_have_the_colors_of_their_language():
    assert words('{\n  "a": 1,\n  "b": "c"\n}', "policy") == [('"a"', "t"), ("1", "n"), ('"b"', "t"), ('"c"', "s")]
    assert ("if", "k") in words("if true; then ls # all\nfi", "script")
    assert ("# all", "c") in words("if true; then ls # all\nfi", "script")


def test_a_here_document_is_colored_as_the_shell():
    assert words("cat <<END\nls # all\nEND", "script") == [("# all", "c")]


def test_an_escape_is_no_code():
    assert words(visible_lines("\t# \u202e"), "script") == [("# \\u{202e}", "c")]


def test_what_is_long_or_has_long_lines_has_none():
    assert colored(["x" * (MAX_LINE + 1)], "shell", "script") == []
    assert colored(["x" * 63] * (MAX_COLORED // 64 + 1), "shell", "script") == []
    assert colored(["x" * 63] * (MAX_COLORED // 64), "shell", "script") != []
    assert colored(["x"], None, None) == []


@given(
    st.text(max_size=200), st.sampled_from(KINDS), st.sampled_from(["json", "yaml", "shell", "sql", "python", "javascript", None])
)
def test_it_covers_any_text_and_never_fails(text, what, name):
    lines = visible_lines(text).split("\n")
    for line, runs in zip(lines, colored(lines, name, what) or [[]] * len(lines), strict=True):
        assert not runs or sum(runs[::2]) == len(line)
