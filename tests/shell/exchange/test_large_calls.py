"""The values of large calls are freed but for what somebody still reads."""

from __future__ import annotations

from tests.kit.approvals.questions import call
from tests.kit.shortages import no_thread
from trio_gate.shell.exchange.large_calls import drop_in_thread, drop_params


class Seen(list):
    emptied = 0

    def __delitem__(self, key):
        Seen.emptied += 1
        super().__delitem__(key)


def test_parameters_are_taken_apart_but_for_what_somebody_reads():
    held = Seen([{"x": "y"}])
    made = call({"held": held, "free": Seen(["z"])})
    drop_params(made)
    assert (made.params, held, Seen.emptied) == ({}, [{"x": "y"}], 1)


def test_without_a_thread_nothing_is_taken_apart_and_nothing_fails():
    made = call({"free": Seen(["z"])})
    with no_thread():
        drop_in_thread(made)
    assert made.params == {"free": ["z"]}
