"""Sessions are found, limited, and ended with those that came from them."""

from datetime import timedelta

import pytest

from tests.kit.records import NOW
from tests.kit.sessions import session
from trio_gate.errors import Denied, Overloaded, SessionOver
from trio_gate.sessions.table import RETRY_SECONDS, SessionTable

LATER = NOW + timedelta(hours=2)
FIRST = session(1)
SECOND = session(2, parent=FIRST.key_id)
THIRD = session(3, parent=SECOND.key_id, expires=LATER + timedelta(hours=1))
OTHER = session(4, agent="docs")


def table():
    return SessionTable([FIRST, SECOND, THIRD, OTHER])


def test_a_session_is_found_by_its_key():
    assert table().find(SECOND.key_id) is SECOND
    assert SessionTable().find(SECOND.key_id) is None
    assert table().all() == [FIRST, SECOND, THIRD, OTHER]


def test_the_way_to_a_session_is_known_the_nearest_first():
    assert table().way(THIRD) == [SECOND, FIRST]
    assert table().way(FIRST) == []


def test_what_ends_takes_with_it_what_came_from_it():
    sessions = table()
    assert sessions.end(lambda one: one is SECOND) == [SECOND, THIRD]
    assert sessions.all() == [FIRST, OTHER]
    assert sessions.end(lambda one: one.agent == "docs") == [OTHER]


def test_what_is_over_stays_while_it_is_the_way_to_another():
    sessions = table()
    assert sessions.over(LATER) == [OTHER]
    assert sessions.over(THIRD.expires) == [FIRST, SECOND, THIRD]


def test_nothing_is_over_before_its_time():
    assert table().over(NOW) == []


def test_there_is_room_for_so_many():
    sessions = table()
    sessions.check_room("ci", NOW)
    sessions.resize(5, 3)
    with pytest.raises(Denied, match="3 sessions of this agent are in use"):
        sessions.check_room("ci", NOW)
    sessions.check_room("docs", NOW)
    sessions.check_room("ci", FIRST.expires)
    sessions.resize(4, 3)
    with pytest.raises(Overloaded, match="the gateway has no room") as full:
        sessions.check_room("docs", NOW)
    assert (full.value.status, full.value.retry_after) == (503, RETRY_SECONDS)
    assert (sessions.count, sessions.most) == (4, 3)


def test_a_circle_has_an_end():
    one, two = session(1), session(2)
    sessions = SessionTable([session(1, parent=two.key_id), session(2, parent=one.key_id)])
    assert [found.key_id for found in sessions.way(sessions.all()[0])] == [two.key_id, one.key_id]


def test_a_session_may_be_used_until_it_expires_or_ends():
    sessions = table()
    sessions.check(FIRST, NOW)
    with pytest.raises(SessionOver, match="has expired"):
        sessions.check(FIRST, FIRST.expires)
    for other in (session(9), session(1, agent="docs")):
        with pytest.raises(SessionOver, match="has ended"):
            sessions.check(other, NOW)
