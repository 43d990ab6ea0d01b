"""Docstrings of the code have none of the words that the pages must not have."""

from __future__ import annotations

import ast

import pytest

from tests.docs.test_pages import translated
from tests.kit.paths import ROOT

FILES = [path for folder in ("trio_gate", "scripts") for path in sorted((ROOT / folder).rglob("*.py"))]
ALLOWED = {"is none", "told"}
"""`None` is a value, and a caller is told what a value is for."""


def docstrings(tree):
    """Strings that stand alone: docstrings, and those below a name."""
    return [
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]


@pytest.mark.parametrize("folder", sorted({path.parent for path in FILES}), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_its_docstrings_are_plain(folder):
    found = {
        f"{path.name}: {text[:60]}": words
        for path in FILES
        if path.parent == folder
        for text in docstrings(ast.parse(path.read_text("utf-8")))
        if (words := set(translated(text)) - ALLOWED)
    }
    assert found == {}
