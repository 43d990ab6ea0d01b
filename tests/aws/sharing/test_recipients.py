"""Who is meant, in one form."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import ACCOUNT, OTHER
from tests.kit.aws.policies import SCENE
from tests.kit.aws.sharing import ORGANIZATION, ORGANIZATION_ARN, OWN_ROLE, ROLE, UNIT, UNIT_ARN
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.sharing.recipients import blocks, is_world, principals


@pytest.mark.parametrize(
    ("said", "who"),
    [
        (OTHER, [OTHER]),
        (ACCOUNT, []),
        (ROLE, [ROLE]),
        (OWN_ROLE, []),
        (f"arn:aws:iam::{OTHER}:root", [OTHER]),
        (ORGANIZATION_ARN, [ORGANIZATION]),
        (ORGANIZATION, [ORGANIZATION]),
        (UNIT_ARN, [UNIT]),
        ("lambda.amazonaws.com", []),
        ("94482468-d031-7031-3e1f-1d0f6e7a8b9c", ["94482468-d031-7031-3e1f-1d0f6e7a8b9c"]),
        ("all", ["*"]),
        (None, []),
        ("", [UNKNOWN]),
        (UNKNOWN, [UNKNOWN]),
        (7, [UNKNOWN]),
        ("arn:aws:iam::*:role/r", [UNKNOWN]),
    ],
)
def test_principals_have_one_form(said, who):
    assert list(principals([said], SCENE, everybody="all")) == who


def test_blocks_are_networks():
    assert list(blocks(["10.1.2.3/8", "2001:DB8::1/32", "10.1.2.3", "", UNKNOWN])) == [
        "10.0.0.0/8",
        "2001:db8::/32",
        "10.1.2.3/32",
        UNKNOWN,
        UNKNOWN,
    ]


@pytest.mark.parametrize(
    ("who", "world"),
    [
        ("*", True),
        ("0.0.0.0/0", True),
        ("128.0.0.0/1", True),
        ("::/0", True),
        ("2000::/3", True),
        ("10.0.0.0/8", False),
        ("fc00::/7", False),
        (OTHER, False),
        (ROLE, False),
    ],
)
def test_the_world_is_whoever_nobody_named(who, world):
    assert is_world(who) is world
