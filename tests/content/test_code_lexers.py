"""Python and JavaScript in words, strings, comments and numbers."""

from __future__ import annotations

import pytest

from trio_gate.content.colors import colored

PYTHON = [
    ("import os  # all", [("import", "k"), ("os", "b"), ("# all", "c")]),
    ("x = f'a\\'b' + \"c", [("'a\\'b'", "s"), ('"c', "s")]),
    ("d = 0x1f if None else 1.5e3", [("0x1f", "n"), ("if", "k"), ("None", "k"), ("else", "k"), ("1.5e3", "n")]),
    ('"""a\n# b "c" \\"""\nd"""', [('"""a', "s"), ('# b "c" \\"""', "s"), ('d"""', "s")]),
    ("eval(self.def_)", [("eval", "b")]),
    ('# \u00e9 "', [('# \u00e9 "', "c")]),
]
JAVASCRIPT = [
    ("const a = require('fs') // it", [("const", "k"), ("require", "b"), ("'fs'", "s"), ("// it", "c")]),
    ("`a ${b}\nc` + 1", [("`a ${b}", "s"), ("c`", "s"), ("1", "n")]),
    ("a / b /* c\n* d */ return", [("/* c", "c"), ("* d */", "c"), ("return", "k")]),
    ("/* never ends", [("/* never ends", "c")]),
]


@pytest.mark.parametrize(
    ("name", "text", "found"), [*(("python", *row) for row in PYTHON), *(("javascript", *row) for row in JAVASCRIPT)]
)
def test_what_is_colored(name, text, found):
    lines = text.split("\n")
    runs = [(line, *run) for line, one in zip(lines, colored(lines, name, None), strict=True) for run in placed(one)]
    assert [(line[at:end], color) for line, at, end, color in runs if color] == found


def placed(runs: list) -> list[tuple[int, int, str]]:
    """Where each run is in its line."""
    ends = [sum(runs[: at + 1 : 2]) for at in range(0, len(runs), 2)]
    return list(zip([0, *ends[:-1]], ends, runs[1::2], strict=True))
