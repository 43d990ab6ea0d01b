"""When a notice is tried again, and what is said of those that were given up."""

from tests.kit.approvals.questions import NOW
from trio_gate.notices.plan import Key
from trio_gate.notices.trouble import LONGEST_PAUSE, PAUSES, Trouble, Undelivered, named, pause

KEY = Key(event="asked", approver="human.oncall", receiver="desk")
DOWN = Trouble(text="h answers with status 500")


def test_pauses_grow_and_end():
    waits = [pause(tries, DOWN) for tries in range(1, len(PAUSES) + 2)]
    assert waits == [*PAUSES, None]
    assert sorted(PAUSES) == list(PAUSES)


def test_what_no_later_try_can_help_is_given_up_at_once():
    assert pause(1, Trouble(text="h answers with status 404", final=True)) is None


def test_a_receiver_may_ask_for_a_longer_pause_within_bounds():
    assert pause(1, Trouble(text="", after=30.0)) == 30.0
    assert pause(3, Trouble(text="", after=2.0)) == PAUSES[2]
    assert pause(1, Trouble(text="", after=9999.0)) == LONGEST_PAUSE


def test_what_was_given_up_is_counted_by_receiver():
    lost = Undelivered()
    assert lost.lines() == ()
    lost.add(KEY, Trouble(text="it hangs"), NOW)
    lost.add(KEY, DOWN, NOW)
    lost.add(Key(event="escalated", approver="human.oncall", receiver=""), Trouble(text="no such file"), NOW)
    assert lost.lines() == (
        '"desk" of human.oncall was not notified of 2 calls, last at 05:06 UTC: h answers with status 500',
        "the program of human.oncall was not notified of 1 call, last at 05:06 UTC: no such file",
    )


def test_a_receiver_is_named():
    assert named(KEY) == '"desk" of human.oncall'
