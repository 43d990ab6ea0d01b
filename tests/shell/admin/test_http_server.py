"""What both listeners have in common: health for everyone, and who may monitor."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kit.approvals.admin_gate import PEOPLE
from trio_gate.errors import Denied, Unauthenticated
from trio_gate.shell.admin.http_server import check_monitor

ALICE = PEOPLE["alice"]


def test_nobody_may_not_monitor():
    with pytest.raises(Unauthenticated) as refused:
        check_monitor(None)
    assert refused.value.status == 401


def test_other_rights_are_not_that_to_monitor():
    able = replace(ALICE, may_grant=True, may_observe=True, may_stop=True, may_compare=True)
    with pytest.raises(Denied):
        check_monitor(able)


def test_who_has_the_right_may_monitor():
    check_monitor(replace(ALICE, may_monitor=True))


@pytest.mark.parametrize("target", ["/healthz", "/readyz"])
async def test_health_is_told_before_anything_else_is_looked_at(gate, target):
    fields = {"Host": "evil.example", "Origin": "https://evil.example", "Authorization": "Basic x", "Cookie": "a=b; a=c"}
    assert (await gate.request(target, **fields))[0] == 200


async def test_health_has_one_spelling(gate):
    assert [(await gate.request(target))[0] for target in ("/healthz?x", "/healthz/", "/HEALTHZ")] == [401, 401, 401]
