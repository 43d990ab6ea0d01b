"""What must hold between blocks, and remarks about what has no effect."""

from __future__ import annotations

import pytest

from tests.kit.configs import BASE, MAIN, load


def test_accounts_cannot_be_changed():
    with pytest.raises(TypeError):
        load(BASE + MAIN).endpoints[0].accounts["333333333333"] = None  # type: ignore[index]  # the point of the test


def test_notes_about_what_has_no_effect():
    config = load(
        BASE + MAIN + 'rule "a" { action = "deny" vends = true presign = true }\nrule "b" { match = true action = "allow" }'
    )
    assert config.notes[1:] == (
        'gate.hcl:8:1: rule "a": `vends` has no effect in a rule that denies',
        'gate.hcl:8:1: rule "a": `presign` has no effect in a rule that denies',
        'gate.hcl:9:1: rule "b" is never reached: rule "a" matches every call',
    )
