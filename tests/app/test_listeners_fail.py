"""Listeners of which one cannot be opened: what was opened is closed, and it is said why."""

from __future__ import annotations

import socket
from contextlib import contextmanager

import pytest

from tests.kit.shortages import no_descriptor
from trio_gate.app.listeners import closed_on_failure, same_sockets
from trio_gate.app.state_dir import StartFailed
from trio_gate.config.model import Address, Listener
from trio_gate.shell.net.accept import OpenListener
from trio_gate.shell.net.connection_limits import Seats

BLOCK = Listener(kind="endpoint", bind=Address(host="127.0.0.1", port=0), tls=False, names=(), certificate=None, key=None)


@contextmanager
def opened():
    """A listener's sockets, as it was opened."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield [OpenListener(kind="endpoint", socket=sock, handle=None, seats=Seats(1, 1))]


@pytest.mark.parametrize(
    ("fault", "seen"),
    [(StartFailed("no"), StartFailed), (ValueError("no"), StartFailed), (OSError("no"), OSError), (KeyError("no"), KeyError)],
)
def test_whatever_fails_what_was_opened_is_closed(fault, seen):
    with opened() as several:
        with pytest.raises(seen, match="no"), closed_on_failure([(BLOCK, several)]):
            raise fault
        assert several[0].socket.fileno() == -1


def test_the_socket_of_another_block_is_taken_over_or_it_is_said_why_not():
    with opened() as several:
        [again] = same_sockets(BLOCK, several)
        with again:
            assert again.getsockname() == several[0].socket.getsockname()
        with no_descriptor(), pytest.raises(StartFailed, match=r"cannot listen on 127\.0\.0\.1 port 0: Too many open files"):
            same_sockets(BLOCK, several)
