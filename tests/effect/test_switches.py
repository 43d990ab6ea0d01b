"""Members that make a call worse, in words."""

from __future__ import annotations

import pytest

from trio_gate.effect.switches import MAX_LOOKED_AT, deciding, members


@pytest.mark.parametrize(
    ("kind", "params", "words"),
    [
        ("destroys", {"SkipFinalSnapshot": True}, ["SkipFinalSnapshot: no snapshot is kept"]),
        ("destroys", {"SkipFinalSnapshot": False}, []),
        ("unguards", {"DeletionProtection": False}, ["DeletionProtection: it can be deleted from now on"]),
        ("unguards", {"DisableApiTermination": {"Value": False}}, ["DisableApiTermination: it can be terminated from now on"]),
        ("unguards", {"BackupRetentionPeriod": 0}, ["BackupRetentionPeriod: backups end, and those that exist are deleted"]),
        ("unguards", {"BackupRetentionPeriod": 7}, []),
        ("unguards", {"A": {"B": [{"Enable": False}]}}, ["Enable: it is turned off"]),
        ("code", {"UserData": "IyEv"}, ["UserData: a script that runs as root at the first start"]),
        ("code", {"UserData": ""}, []),
        ("code", {"Code": {"ZipFile": b"PK"}}, ["Code: code that will run", "ZipFile: code that will run"]),
    ],
)
def test_the_words_are_those_of_what_is_sent(kind, params, words):
    assert deciding(kind, params) == words


def test_members_are_looked_at_up_to_a_number():
    assert len(list(members({"A": [{str(number): 1} for number in range(2 * MAX_LOOKED_AT)]}))) <= MAX_LOOKED_AT
