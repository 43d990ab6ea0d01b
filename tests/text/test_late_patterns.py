"""Late patterns: as compiled ones, but compiled when they are first asked for anything."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from trio_gate.text.late_patterns import _PARTS, late

TEXT = "One two ONE"


@pytest.mark.parametrize("flags", [0, re.IGNORECASE])
@pytest.mark.parametrize("method", ["findall", "fullmatch", "match", "search", "finditer", "sub"])
def test_it_finds_what_a_compiled_pattern_finds(method, flags):
    def found(pattern):
        result = getattr(pattern, method)(*["-"] * (method == "sub"), TEXT)
        return [match.span() for match in result] if method == "finditer" else str(result)

    pattern = late("one|o", flags)
    for _ in range(2):
        assert found(pattern) == found(re.compile("one|o", flags))


def test_it_has_what_a_pattern_has():
    compiled = re.compile("a", re.ASCII)
    pattern = late("a", re.ASCII)
    assert (pattern.pattern, pattern.flags, pattern.compiled) == (compiled.pattern, compiled.flags, compiled)
    assert all(hasattr(compiled, part) for part in _PARTS)
    with pytest.raises(AttributeError):
        _ = pattern.splitted


def test_it_is_compiled_at_its_first_use():
    pattern = late("(")
    with pytest.raises(re.error):
        pattern.search("")


def test_the_patterns_for_secrets_are_not_compiled_by_importing_them():
    script = """
import re
made = []
compile = re.compile
re.compile = lambda *words: made.append(words) or compile(*words)
import trio_gate.text.secret_detection as one
print(*("passw" in str(words[0]) for words in made if "passw" in str(words[0])))
one.looks_secret("password=hunter2 in a text")
print(any("passw" in str(words[0]) for words in made))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "\nTrue\n"
