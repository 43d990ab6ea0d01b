"""`trio-gate status`: what is printed of an answer, and what of a gateway that gives none."""

from __future__ import annotations

import pytest
import trio
import trustme

from tests.kit.approvals.admin_gate import TOKENS
from trio_gate.cli import status
from trio_gate.cli.main import main


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3725, "1 h 2 min"), (90_061, "1 d 1 h"), (86_405, "1 d 5 s")]
)
def test_durations_have_two_units(seconds, text):
    assert status._long(seconds) == text


TOLD = {
    "version": "1",
    "uptime_seconds": 61,
    "generation": 2,
    "ready": False,
    "why_not": "the gateway is stopping",
    "reload_failed": None,
    "reloaded_in_part": False,
    "listeners": [{"kind": "proxy", "address": "127.0.0.1:8080", "connections": 1}],
    "agents": [{"name": "ci", "seen": "2026-01-15T12:00:00.000000Z"}],
    "stopped": [{"agent": agent, "since": "2026-01-15T12:00:00.000000Z"} for agent in ("ci", None)],
    "waiting": 2,
    "waiting_oldest_seconds": 30,
    "people_connected": 1,
    "notices_undelivered": 3,
    "sessions": [],
    "sessions_total": 0,
    "upstream": {"lent": 1, "idle": 2},
    "tunnels": 3,
    "unreviewed_operations": 0,
}


def test_an_answer_is_told_in_lines():
    assert list(status._lines(TOLD)) == [
        "trio-gate 1, up 1 min 1 s, configuration 2",
        "NOT READY: the gateway is stopping",
        "listener proxy on 127.0.0.1:8080, 1 connection",
        "agent ci: last seen 2026-01-15 12:00:00 UTC",
        "STOPPED since 2026-01-15 12:00:00 UTC: ci; a person may lift that",
        "STOPPED since 2026-01-15 12:00:00 UTC: all agents; a person may lift that",
        "2 calls waiting, the oldest for 30 s, 1 connection of people",
        "3 notices undelivered: the gateway's log says which",
        "0 virtual sessions",
        "connections to AWS: 1 lent, 2 idle",
        "3 tunnels to other hosts",
    ]


@pytest.mark.parametrize(
    ("in_part", "said"),
    [
        (False, "the last reload failed: the gateway's log says why"),
        (True, "RELOADED IN PART: restart the gateway; its log says why"),
    ],
)
def test_a_reload_that_failed_or_is_in_force_in_part_is_said(in_part, said):
    assert list(status._lines({**TOLD, "reload_failed": "why", "reloaded_in_part": in_part}))[2] == said


async def test_a_gateway_without_status_is_said(tell):
    code, out, said = await tell("status")
    assert (code, out) == (1, "")
    assert said == "trio-gate status: there is nothing here (status 404)\n"


def test_nothing_at_the_address(tmp_path, monkeypatch, capsys, authority):
    monkeypatch.setenv("TRIO_GATE_TOKEN", "tg_alice-0123456789abcdef")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    assert main(["status", "--url", "wss://127.0.0.1:1", "--ca", str(tmp_path / "ca.pem")]) == 1
    assert capsys.readouterr().err == "trio-gate status: cannot ask 127.0.0.1 port 1 (of --url): Connection refused\n"


async def test_a_certificate_that_does_not_verify_is_said_with_what_to_do(gate, tmp_path, monkeypatch, capsys):
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    monkeypatch.setenv("TRIO_GATE_TOKEN", TOKENS["alice"])
    words = ("status", "--url", gate.url, "--ca", str(tmp_path / "other.pem"))
    assert await trio.to_thread.run_sync(main, words) == 1
    err = capsys.readouterr().err
    assert (err.count("\n"), err.startswith("trio-gate status: tls with "), "--ca names the file that verifies it" in err) == (
        1,
        True,
        True,
    )


@pytest.mark.parametrize("token", ["tg_0123456789abcdef\nX-Secret: 1", "tg_0123456789abcd\u00fcf"])
def test_no_part_of_a_malformed_token_is_said_or_sent(token, tmp_path, monkeypatch, capsys):
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("TRIO_GATE_TOKEN", token)
    assert main(["status", "--url", "wss://127.0.0.1:1", "--ca", str(tmp_path / "ca.pem")]) == 2
    assert capsys.readouterr().err.startswith("trio-gate status: the token is not one of `trio-gate person new`: ")
