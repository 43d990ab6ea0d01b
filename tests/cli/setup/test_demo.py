"""`trio-gate demo` says what it needs; `tests/programs/test_demo.py` runs it."""

from __future__ import annotations

import pytest

from trio_gate.cli.main import main
from trio_gate.cli.setup import demo


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NEEDED", "trio-gate demo: it needs the extra `demo`: pip install '.[demo]' in its checkout\n"),
        (
            "PACKAGES",
            "trio-gate demo: it is not in this installation: install the wheel of trio-gate, or run scripts/demo in a checkout\n",
        ),
    ],
)
def test_what_is_missing_is_said(monkeypatch, capsys, name, said):
    monkeypatch.setattr(demo, name, ("no_such_package",))
    assert main(["demo"]) == 1
    assert capsys.readouterr().err == said
