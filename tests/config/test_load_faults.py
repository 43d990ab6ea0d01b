"""All faults of a broken configuration come at once."""

from __future__ import annotations

from tests.kit.configs import faults_of


def test_all_faults_come_at_once_in_the_order_of_the_file():
    found = faults_of('rule "a" { action = "no" }\nperson "b" {}\nrule "c" { match = (\n')
    assert [(fault.line, fault.message) for fault in found] == [
        (1, 'expected one of "allow", "deny", "approve"'),
        (2, 'person "b" needs `token_sha256`'),
        (3, "`(` is never closed"),
    ]
