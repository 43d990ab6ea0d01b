"""Whose credentials sign is part of what is approved."""

from dataclasses import fields, replace

import pytest

from tests.kit.aws.sts import REQUEST
from tests.kit.sessions import DEPLOY, SENT
from trio_gate.exchange.binding import same_role
from trio_gate.ports import SessionRequest

SESSION = SessionRequest(key_id="TGVS1", role_arn=DEPLOY, sent=SENT, signer=REQUEST)
OTHERS = [field.name for field in fields(REQUEST) if field.name != "duration"]


@pytest.mark.parametrize("name", OTHERS)
def test_every_part_of_the_role_is(name):
    other = replace(REQUEST, **{name: "another"})
    assert not same_role(REQUEST, other)
    if name != "role_arn":  # the session's own role is what is named
        assert not same_role(SESSION, replace(SESSION, signer=other))


def test_so_is_every_part_of_the_way_to_the_role():
    hub = replace(REQUEST, role_arn="arn:aws:iam::999999999999:role/hub")
    chained = replace(REQUEST, through=hub)
    assert same_role(chained, replace(chained, through=replace(hub)))
    for name in OTHERS:
        assert not same_role(chained, replace(chained, through=replace(hub, **{name: "another"})))
        assert not same_role(
            replace(SESSION, signer=chained), replace(SESSION, signer=replace(chained, **{name: "another"}))
        ) or (name == "role_arn")


def test_so_are_the_duration_and_the_session():
    assert not same_role(REQUEST, replace(REQUEST, duration=900))
    assert not same_role(SESSION, REQUEST)
    assert not same_role(SESSION, replace(SESSION, key_id="TGVS2"))
    assert not same_role(SESSION, replace(SESSION, role_arn=f"{DEPLOY}2"))
