"""`trio-gate reload` waits for what the gateway says, and its exit status is that."""

import fcntl
import hashlib
import os
import threading
from contextlib import ExitStack

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
        gate.config.write_bytes(good.replace("\n", "\r\n").encode())
        assert reloaded(str(gate.config)) == (0, "reloaded, generation 4\n", "")
        line = 1 + good[: good.index('action = "allow"')].count("\n")
        gate.config.write_text(good.replace('action = "allow"', 'action = "permit"'))
        status, _, said = reloaded("--state-dir", str(tmp_path / "state"))
        assert status == 1
        assert said.startswith(f"trio-gate: not reloaded: the configuration has faults: {gate.config.name}:{line}:")
        assert said.count("\n") == 1
        gate.config.write_text(good.replace("admin               { bind", 'admin { names = ["x.example"]  bind'))
        status, _, said = reloaded(str(gate.config))
        assert (status, "takes a restart" in said) == (1, True)
        gate.config.write_text(good.replace('state_dir = "./state"', 'state_dir = "./other"'))
        other = f"trio-gate: no gateway runs on {tmp_path / 'other'}, the state_dir of {gate.config}: if that was changed, restart the gateway\n"
        assert reloaded(str(gate.config)) == (1, "", other)
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


def test_a_file_that_the_gateway_does_not_run_with_is_said_to_be_another(tmp_path, monkeypatch, capsys):
    (tmp_path / "a.hcl").write_text('gateway {\n  state_dir = "."\n}\n')
    rows = iter([[], *[[row("other", 2)]] * 1000])
    monkeypatch.setattr(reload, "PATIENCE", 0.2)
    monkeypatch.setattr(reload.os, "kill", lambda *_: None)
    monkeypatch.setattr(reload, "read_last", lambda *_: next(rows))
    with own_state_dir(tmp_path):
        assert reload.run(type("Args", (), {"config": str(tmp_path / "a.hcl"), "state_dir": None})) == 1
    assert "did not read this file: it runs with another" in capsys.readouterr().err


@pytest.mark.parametrize("taken", [True, False])
def test_one_that_ends_is_not_waited_for(tmp_path, monkeypatch, capsys, taken):
    rows = iter([[], [], [row("any", 2)] if taken else []])
    runs = ExitStack()
    monkeypatch.setattr(reload.os, "kill", lambda *_: None)
    monkeypatch.setattr(reload, "read_last", lambda *_: next(rows))
    monkeypatch.setattr(reload.time, "sleep", lambda _: runs.close())
    with runs:
        runs.enter_context(own_state_dir(tmp_path))
        status = reload.run(type("Args", (), {"config": None, "state_dir": str(tmp_path)}))
    said = capsys.readouterr()
    if taken:
        assert (status, said.out) == (0, "reloaded, generation 2\n")
    else:
        assert (status, said.err.endswith("ended, and did not say before whether it reloaded\n")) == (1, True)


def test_one_that_begins_gets_no_signal(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(reload.os, "kill", lambda *_: pytest.fail("a signal was sent"))
    with own_state_dir(tmp_path):
        (tmp_path / "lock").write_text("")
        assert reload.run(type("Args", (), {"config": None, "state_dir": str(tmp_path)})) == 1
    assert capsys.readouterr().err == f"trio-gate: no gateway runs on {tmp_path}\n"


def test_a_folder_that_cannot_be_looked_into_is_named(tmp_path, capsys):
    (tmp_path / "state").write_text("no folder")
    assert reload.run(type("Args", (), {"config": None, "state_dir": str(tmp_path / "state")})) == 1
    assert capsys.readouterr().err == f"trio-gate: cannot ask the gateway on {tmp_path / 'state'}: Not a directory\n"


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
