"""Sockets that are passed to a program: real ones, by a program that passes them as systemd does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest

from tests.kit.systemd.activation import activated
from trio_gate.shell.systemd.sockets import Passed, passed

KINDS = ("proxy", "tls", "endpoint", "admin")
SAY = """\
import os, subprocess, sys
from trio_gate.shell.systemd.sockets import passed
try:
    found = passed(os.environ, os.getpid(), ("proxy",))
except ValueError as fault:
    sys.exit(str(fault))
print([(name, sock.getsockname()[1], sock.getblocking()) for name, sock in found._named])
print(sorted(name for name in os.environ if name.startswith("LISTEN_")))
print(subprocess.run(["ls", "-l", "/proc/self/fd"], close_fds=False, stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout.count("socket"))
"""


@pytest.fixture
def made():
    """Makes sockets, and closes them at the end."""
    with ExitStack() as opened:
        yield lambda *given, **more: opened.enter_context(socket.create_server(("127.0.0.1", 0), *given, **more))


def said(sockets, **env):
    inherited = [one.fileno() for one in sockets]
    command = [*activated(sockets), sys.executable, "-c", SAY]
    return subprocess.run(command, env={**os.environ, **env}, pass_fds=inherited, capture_output=True, text=True, check=False)


def test_they_are_found_by_number_and_name_and_given_to_no_other_program(made):
    first, second = made(), made()
    done = said([first, second], LISTEN_FDNAMES="proxy:other")
    found = [("proxy", first.getsockname()[1], False), ("other", second.getsockname()[1], False)]
    assert done.stdout.splitlines() == [str(found), "[]", "0"], done.stderr


def test_sockets_of_another_process_are_none(made):
    env = {"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "proxy"}
    assert not passed(env, os.getpid(), KINDS)
    assert env == {}


@pytest.mark.parametrize("count", ["", "-1", "two", "\N{SUPERSCRIPT TWO}"])
def test_their_number_is_a_number(count):
    with pytest.raises(ValueError, match="LISTEN_FDS is no number"):
        passed({"LISTEN_PID": "7", "LISTEN_FDS": count}, 7, KINDS)


def test_more_than_there_are():
    script = SAY.replace("passed(os.environ, os.getpid()", "passed({'LISTEN_PID': '7', 'LISTEN_FDS': '9'}, 7")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == "passed descriptor 3 cannot be used: Bad file descriptor\n"


def test_what_does_not_listen_for_tcp_is_refused(made, tmp_path):
    with (tmp_path / "file").open("w") as file, socket.socket() as idle, socket.socket(socket.AF_UNIX) as local:
        local.bind(str(tmp_path / "local"))
        local.listen()
        for wrong in (file, idle, local):
            assert said([made(), wrong]).stderr == "passed descriptor 4 is no listening TCP socket\n"


def test_one_for_ipv4_and_ipv6_at_once_is_refused(made):
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as both:
        port = both.getsockname()[1]
        assert said([both]).stderr == f"the passed socket for [::]:{port} is for IPv4, too: set BindIPv6Only=ipv6-only\n"


def places(sockets):
    """Where they listen; they are closed."""
    found = []
    for one in sockets:
        with one:
            found.append(one.getsockname())
    return found


def test_each_listener_takes_those_at_its_address(made):
    first, second, third = made(), made(), made()
    port = first.getsockname()[1]
    sockets = Passed([("gate.socket", first), ("tls", second), ("tls", third)], KINDS)
    assert sockets.take("proxy", {"127.0.0.2"}, port) == []
    assert places(sockets.take("proxy", {"127.0.0.1", "::1"}, port)) == [first.getsockname()]
    assert sockets.take("proxy", {"127.0.0.1"}, port) == []
    assert sockets.take("proxy", {"127.0.0.1"}, 0) == []  # a port of the system's choice is known by its name alone
    assert places(sockets.take("tls", {"127.0.0.1"}, 0)) == [second.getsockname()]
    with pytest.raises(ValueError, match=rf"has the address of a passed socket: 127\.0\.0\.1:{third.getsockname()[1]}$"):
        sockets.check_used()
    assert places(sockets.take("tls", {"127.0.0.1"}, 0)) == [third.getsockname()]
    sockets.check_used()


def test_one_whose_listener_is_gone_is_taken_again(made):
    first, second = made(), made()
    port, other = (sock.getsockname()[1] for sock in (first, second))
    sockets = Passed([("", first), ("", second)], KINDS)
    for one in (port, other):
        for taken in sockets.take("proxy", {"127.0.0.1"}, one):
            taken.close()
    sockets.give_back({second.getsockname()})
    assert sockets.take("proxy", {"127.0.0.1"}, other) == []
    [again] = sockets.take("proxy", {"127.0.0.1"}, port)
    with again, socket.create_connection(first.getsockname()):
        again.accept()[0].close()


def test_a_name_and_an_address_that_do_not_go_together(made):
    sock = made()
    port = sock.getsockname()[1]
    message = f"a passed socket is named admin, and has the address of a listener of another kind: 127.0.0.1:{port}"
    with pytest.raises(ValueError, match=message):
        Passed([("admin", sock)], KINDS).take("proxy", {"127.0.0.1"}, port)
