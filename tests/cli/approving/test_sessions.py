"""`trio-gate sessions` lists virtual sessions, and ends one."""

from __future__ import annotations


async def test_without_sessions_there_are_none_to_end(tell):
    assert await tell("sessions") == (0, "no virtual sessions\n", "")
    assert await tell("sessions", "--end", "TGVS1") == (1, "", "trio-gate sessions: there is no such session any more\n")
