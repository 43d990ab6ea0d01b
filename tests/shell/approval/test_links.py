"""Sign-in links: one code a person, spent by its first use, over after ten minutes, and in the record before it counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import trio

from tests.kit.approvals.acts import Full
from tests.kit.approvals.asking import person
from tests.kit.approvals.questions import NOW, FixedClock
from tests.kit.records import read
from trio_gate.errors import AuditUnavailable
from trio_gate.shell.approval.links import LIFE_SECONDS, SignInLinks
from trio_gate.shell.audit.acts import Acts

ALICE, BOB = person("alice"), person("bob")


@pytest.fixture
def rows():
    return []


@pytest.fixture
def links(rows):
    return SignInLinks(FixedClock(), Acts(lambda row: rows.append(read(row())), None))


async def test_a_code_is_spent_by_its_first_use_and_both_are_recorded(links, rows):
    code, until = await links.make(ALICE)
    assert (len(code), (until - NOW).total_seconds()) == (43, LIFE_SECONDS)
    assert links.spend(code) == ALICE
    assert links.spend(code) is None
    await links.used(ALICE, "10.0.0.9")
    assert [(row["kind"], row["agent_address"], row["approvers"][0]["person"]) for row in rows] == [
        ("link", "-", "alice"),
        ("linked", "10.0.0.9", "alice"),
    ]
    assert code not in str(rows)


async def test_a_code_is_kept_as_a_hash_alone(links):
    code, _ = await links.make(ALICE)
    assert code not in str(links._links)


async def test_people_have_a_link_each_and_one_at_most(links):
    first, _ = await links.make(ALICE)
    of_bob, _ = await links.make(BOB)
    second, _ = await links.make(replace(ALICE, token_sha256="c" * 64))
    assert len({first, of_bob, second}) == 3
    assert links.spend(first) is None
    assert links.spend(of_bob) == BOB
    assert links.spend(second).token_sha256 == "c" * 64


@pytest.mark.parametrize("code", ["", "x" * 43, "\udc80"])
async def test_what_is_not_a_code_of_anybody_is_not(links, code):
    await links.make(ALICE)
    assert links.spend(code) is None


@pytest.mark.parametrize(("seconds", "works"), [(LIFE_SECONDS - 1, True), (LIFE_SECONDS, False)])
async def test_a_code_works_for_ten_minutes(links, autojump_clock, seconds, works):
    code, _ = await links.make(ALICE)
    await trio.sleep(seconds)
    assert (links.spend(code) is not None) == works
    assert links.spend(code) is None


async def test_what_cannot_be_recorded_does_not_count():
    full = Full()
    links = SignInLinks(FixedClock(), Acts(lambda _: None, full))
    with pytest.raises(AuditUnavailable):
        await links.make(ALICE)
    assert not links._links
    with pytest.raises(AuditUnavailable):
        await links.used(ALICE, "-")
