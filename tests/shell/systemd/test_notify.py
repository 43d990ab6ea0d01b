"""What the service manager is told, on a real socket of its kind."""

import logging
import os
import secrets
import socket

import pytest

from tests.kit.shortages import no_descriptor
from trio_gate.shell.systemd.notify import notify, watchdog


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


def test_without_descriptors_it_is_a_warning(monkeypatch, caplog):
    monkeypatch.setenv("NOTIFY_SOCKET", "@trio-gate-test")
    with no_descriptor(), caplog.at_level(logging.WARNING):
        notify("WATCHDOG=1")
    assert "cannot send WATCHDOG=1 to the service manager: Too many open files" in caplog.text


@pytest.mark.parametrize(
    ("microseconds", "process", "seconds"),
    [
        (None, None, None),
        ("2500000", None, 2.5),
        ("2500000", "this", 2.5),
        ("2500000", "1", None),
        ("0", None, None),
        ("-1", None, None),
        ("\N{SUPERSCRIPT TWO}", None, None),
        ("soon", None, None),
    ],
)
def test_the_watchdog_is_for_the_process_that_is_named(monkeypatch, microseconds, process, seconds):
    process = str(os.getpid()) if process == "this" else process
    for name, value in (("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", process)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert watchdog() == seconds


def test_a_manager_that_reads_nothing_holds_nobody_up(monkeypatch, tmp_path, caplog):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        while not caplog.records:
            notify("STATUS=busy")
    assert caplog.messages == ["cannot send STATUS=busy to the service manager: Resource temporarily unavailable"]
