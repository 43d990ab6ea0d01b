"""How much agents do at once: requests under way and their pace, each agent's for itself."""

import math

import pytest

from trio_gate.config.model import Agent, AgentLimits
from trio_gate.errors import TooMuchAtOnce
from trio_gate.shell.net.rate_limit import AgentLoads


def agent(name="ci", **limits):
    return Agent(name=name, key_suffix="CI01", secrets=("0123456789abcdef",), accounts=(), limits=AgentLimits(**limits))


def begin(loads, one):
    with loads.request(one):
        pass


def refused(loads, one):
    try:
        begin(loads, one)
    except TooMuchAtOnce as fault:
        return (fault.status, fault.retry_after) == (403, 1)
    return False


def test_requests_under_way():
    loads, ci = AgentLoads(lambda: 0), agent(max_in_flight=2)
    with loads.request(ci):
        with loads.request(ci):
            assert refused(loads, ci)
            begin(loads, agent("docs", max_in_flight=2))
        begin(loads, ci)
    with pytest.raises(KeyError), loads.request(ci):
        raise KeyError
    with loads.request(ci):
        begin(loads, ci)


def test_a_pace_and_a_burst():
    times = [0.0]
    loads, ci = AgentLoads(lambda: times[0]), agent(rate=2, burst=3)
    assert [refused(loads, ci) for _ in range(5)] == [False, False, False, True, True]
    assert not refused(loads, agent("docs", rate=2, burst=3))
    times[0] = 0.5
    assert [refused(loads, ci) for _ in range(2)] == [False, True]
    times[0] = 100
    assert [refused(loads, ci) for _ in range(4)] == [False, False, False, True]


def test_what_is_shown_is_the_agent_that_is_nearest_to_its_limit():
    loads = AgentLoads(lambda: 0)
    assert (loads.in_flight, loads.pace) == ((0, math.inf), (0, math.inf))
    with (
        loads.request(agent(max_in_flight=2, rate=3)),
        loads.request(agent("docs", rate=10)),
        loads.request(agent("docs", rate=10)),
    ):
        assert (loads.in_flight, loads.pace) == ((1, 2), (1, 3))
    assert (loads.in_flight, loads.pace) == ((0, math.inf), (1, 3))


def test_a_changed_pace_holds_at_once():
    loads = AgentLoads(lambda: 0)
    assert [refused(loads, agent(rate=1, burst=1)) for _ in range(2)] == [False, True]
    assert [refused(loads, agent(rate=2, burst=2)) for _ in range(3)] == [False, False, True]


def test_a_request_too_many_does_not_count_for_the_pace():
    loads, ci = AgentLoads(lambda: 0), agent(max_in_flight=1, rate=2, burst=2)
    with loads.request(ci):
        assert [refused(loads, ci) for _ in range(3)] == [True, True, True]
    assert [refused(loads, ci) for _ in range(2)] == [False, True]


def test_of_an_agent_without_requests_nothing_is_kept():
    loads, ci = AgentLoads(lambda: 0), agent(max_in_flight=2)
    with loads.request(ci):
        assert loads._most == {"ci": 2}
    assert (loads._most, loads.in_flight) == ({}, AgentLoads(lambda: 0).in_flight)
