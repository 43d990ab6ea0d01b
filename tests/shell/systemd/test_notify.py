"""What the service manager is told, on a real socket of its kind."""

import logging
import secrets
import socket

import pytest

from trio_gate.shell.systemd.notify import notify


@pytest.mark.parametrize("kind", ["a path", "an abstract name"])
def test_a_state_arrives(monkeypatch, tmp_path, kind):
    name = str(tmp_path / "notify") if kind == "a path" else f"@trio-gate-test-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        manager.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        notify("READY=1")
        assert manager.recv(64) == b"READY=1"


@pytest.mark.parametrize("name", ["", "relative", "vsock:2:1234"])
def test_without_a_socket_nothing_is_said(monkeypatch, caplog, name):
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    notify("READY=1")
    assert not caplog.records


def test_a_socket_that_is_gone_is_a_warning(monkeypatch, caplog, tmp_path):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    with caplog.at_level(logging.WARNING):
        notify("STOPPING=1")
    assert [record.getMessage() for record in caplog.records] == [
        "cannot send STOPPING=1 to the service manager: No such file or directory"
    ]
