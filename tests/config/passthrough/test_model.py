"""Which hosts and ports a passthrough holds."""

import pytest

from trio_gate.config.passthrough.model import Passthrough, Place

PASSED = Passthrough(
    places=(Place(pattern="*.packages.example", port=443), Place(pattern="api.model.example", port=8443)), idle=1, longest=1
)


@pytest.mark.parametrize(
    ("host", "port", "held"),
    [
        ("files.packages.example", 443, True),
        ("a.b.packages.example", 443, True),
        ("packages.example", 443, False),
        ("filespackages.example", 443, False),
        ("files.packages.example", 8443, False),
        ("files.packages.example.evil", 443, False),
        ("api.model.example", 8443, True),
        ("api.model.example", 443, False),
        ("x.api.model.example", 8443, False),
    ],
)
def test_a_place_is_its_pattern_and_its_port(host, port, held):
    assert PASSED.holds(host, port) is held


def test_a_star_is_every_name():
    passed = Passthrough(places=(Place(pattern="*", port=443),), idle=1, longest=1)
    assert passed.holds("example", 443)
    assert passed.holds("a.b.c.example", 443)
    assert not passed.holds("example", 80)
