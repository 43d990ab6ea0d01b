"""Which grant answers for which call."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.approvals.questions import NOW, asked
from trio_gate.approval.grant import GrantTable, grant_of
from trio_gate.approval.terms import Terms

CALL = replace(asked(), grantable=True)
AGAIN = replace(CALL, id="q2", digest="f" * 64)
OTHER = replace(CALL, id="q3", repeat_key="e" * 64)
EXACT, ANY = Terms(uses=2, minutes=10), Terms(uses=2, minutes=10, predicate="true")


def grant(terms: Terms | None = None, **changes):
    made = grant_of(CALL, terms, grant_id="g1", by=["alice"], now=NOW, life=timedelta(minutes=10), standing="s")
    return replace(made, **changes)


def taken(made, question, *, standing="s", later=0.0, covers=True):
    now = NOW + timedelta(seconds=later)
    return GrantTable([made]).take(question, standing=standing, now=now, covers=lambda _: covers)


@pytest.mark.parametrize("terms", [None, EXACT, ANY])
def test_an_equal_call_goes_through(terms):
    assert taken(grant(terms), AGAIN).used == 1


@pytest.mark.parametrize(("terms", "goes"), [(None, False), (EXACT, False), (ANY, True)])
def test_another_call_needs_a_predicate(terms, goes):
    assert (taken(grant(terms), OTHER) is not None) == goes


def test_a_predicate_must_hold():
    assert taken(grant(ANY), CALL, covers=False) is None


@pytest.mark.parametrize("terms", [None, EXACT, ANY])
@pytest.mark.parametrize("changes", [{"rule": "x"}, {"agent": "eve"}, {"agent": None}, {"account": "222222222222"}])
def test_a_grant_is_for_one_rule_agent_and_account(terms, changes):
    assert taken(grant(terms), replace(CALL, **changes)) is None


@pytest.mark.parametrize("terms", [None, EXACT, ANY])
def test_a_grant_ends_with_its_time_and_with_its_rule(terms):
    assert taken(grant(terms), CALL, later=599) is not None
    assert taken(grant(terms), CALL, later=600) is None
    assert taken(grant(terms), CALL, standing="t") is None


@pytest.mark.parametrize(("terms", "goes"), [(None, True), (EXACT, False), (ANY, False)])
def test_vending_and_unknown_calls_need_the_approval_itself(terms, goes):
    assert (taken(grant(terms), replace(CALL, grantable=False)) is not None) == goes


def test_the_lists_of_a_book():
    book = GrantTable([grant(), grant(EXACT, id="g2", expires_at=NOW), grant(EXACT, id="g3", uses=1, used=1)])
    assert [one.id for one in book] == ["g1", "g2"]
    assert [one.id for one in book.expired(NOW)] == ["g2"]
    assert book.void({"the rest": "s"}) == []
    assert [one.id for one in book.void({"the rest": "t"})] == [one.id for one in book.void({})] == ["g1", "g2"]
    assert book.end("g1") == book.get("g1") or book.get("g1") is None
    assert book.count == len(list(book))


@given(st.integers(1, 5), st.lists(st.booleans(), max_size=30))
def test_no_story_uses_a_grant_more_often_than_it_says(uses, steps):
    book, out = GrantTable([grant(replace(EXACT, uses=uses))]), 0
    for takes in steps:
        if takes:
            out += book.take(CALL, standing="s", now=NOW, covers=lambda _: True) is not None
        elif out:
            out -= book.give_back("g1") is not None
        assert 0 <= out <= uses
        assert book.get("g1").used == out
    assert book.give_back("g9") is None
