"""`trio-gate reload` waits for what the gateway says, and its exit status is that."""

import fcntl
import hashlib
import os
import threading

import pytest

from tests.kit.gateway import running
from trio_gate.app.state_dir import own_state_dir, owner
from trio_gate.cli import reload


def test_it_says_what_became_of_it(tmp_path):
    with running(tmp_path, None) as gate:

        def reloaded(*words):
            done = gate.gate("reload", *words)
            return done.returncode, done.stdout, done.stderr

        assert reloaded(str(gate.config)) == (0, "reloaded, generation 2\n", "")
        assert reloaded("--state-dir", str(tmp_path / "state")) == (0, "reloaded, generation 3\n", "")
        good = gate.config.read_text()
        line = 1 + good[: good.index('action = "allow"')].count("\n")
        gate.config.write_text(good.replace('action = "allow"', 'action = "permit"'))
        status, _, said = reloaded("--state-dir", str(tmp_path / "state"))
        assert status == 1
        assert said.startswith(f"trio-gate: not reloaded: the configuration has faults: {gate.config.name}:{line}:")
        assert said.count("\n") == 1
        gate.config.write_text(good.replace("admin               { bind", 'admin { names = ["x.example"]  bind'))
        status, _, said = reloaded(str(gate.config))
        assert (status, "takes a restart" in said) == (1, True)
    status, _, said = reloaded("--state-dir", str(tmp_path / "state"))
    assert (status, said) == (1, f"trio-gate: no gateway runs on {tmp_path / 'state'}\n")


def test_a_gateway_that_does_not_answer_is_not_waited_for_for_ever(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(reload, "PATIENCE", 0.2)
    monkeypatch.setattr(reload.os, "kill", lambda *_: None)
    monkeypatch.setattr(reload, "read_last", lambda *_: [])
    with own_state_dir(tmp_path):
        assert owner(tmp_path) == os.getpid()
        assert reload.run(type("Args", (), {"config": None, "state_dir": str(tmp_path)})) == 1
    assert "did not say within 0.2 seconds whether it reloaded" in capsys.readouterr().err


def test_nobody_owns_a_folder_in_which_no_gateway_runs(tmp_path):
    assert owner(tmp_path) is None
    with own_state_dir(tmp_path):
        pass
    assert owner(tmp_path) is None


def test_anothers_reload_is_not_taken_for_ours(tmp_path, monkeypatch, capsys):
    (tmp_path / "a.hcl").write_text('gateway {\n  state_dir = "."\n}\n')
    rows = iter(
        [[], [row("other", 2)], [row("other", 2)], [row(hashlib.sha256((tmp_path / "a.hcl").read_bytes()).hexdigest(), 3)]]
    )
    monkeypatch.setattr(reload.os, "kill", lambda *_: None)
    monkeypatch.setattr(reload, "read_last", lambda *_: next(rows))
    with own_state_dir(tmp_path):
        assert reload.run(type("Args", (), {"config": str(tmp_path / "a.hcl"), "state_dir": None})) == 0
    assert capsys.readouterr().out == "reloaded, generation 3\n"


def row(sha256, generation):
    return {"act": {"taken": True, "config_sha256": sha256, "reason": None}, "generation": generation}


def test_the_process_of_another_container_gets_no_signal(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(reload.os, "kill", lambda *_: pytest.fail("a signal was sent"))
    with own_state_dir(tmp_path):
        (tmp_path / "lock").write_text("1 pid:[1]\n")
        assert reload.run(type("Args", (), {"config": None, "state_dir": str(tmp_path)})) == 1
    assert "is in another container" in capsys.readouterr().err


def test_a_start_waits_for_those_who_only_look(tmp_path):
    (tmp_path / "lock").touch()
    with (tmp_path / "lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        threading.Timer(0.2, fcntl.flock, (file, fcntl.LOCK_UN)).start()
        with own_state_dir(tmp_path):
            assert owner(tmp_path) == os.getpid()
