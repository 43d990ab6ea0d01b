"""A TLS client that does what Python's does not: it updates its keys as often as a test wants. By the library that Python has loaded."""

from __future__ import annotations

import ctypes
import ssl
from pathlib import Path

SERVER_NAME, REQUESTED = 55, 1
"""SSL_CTRL_SET_TLSEXT_HOSTNAME, SSL_KEY_UPDATE_REQUESTED."""

ROOM = 1024 * 1024


def _library(name: str) -> ctypes.CDLL:
    assert ssl.OPENSSL_VERSION_NUMBER >= 0x1010100F
    places = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if f"/{name}." in line}
    return ctypes.CDLL(places.pop())


def _pointers(library: ctypes.CDLL, **functions: int) -> None:
    """Say which functions return pointers, and how many pointers each takes."""
    for name, count in functions.items():
        function = getattr(library, name)
        function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_void_p] * count


class RawClient:
    """Checks no certificate. Bytes that are to leave are `made`, those that came are for `take`."""

    def __init__(self, name: str) -> None:
        self._ssl, self._crypto = _library("libssl"), _library("libcrypto")
        _pointers(self._ssl, TLS_client_method=0, SSL_CTX_new=1, SSL_new=1)
        _pointers(self._crypto, BIO_s_mem=0, BIO_new=1)
        self._in, self._out = (self._crypto.BIO_new(self._crypto.BIO_s_mem()) for _ in range(2))
        self._it = ctypes.c_void_p(self._ssl.SSL_new(self._ssl.SSL_CTX_new(self._ssl.TLS_client_method())))
        self._ssl.SSL_set_bio(self._it, ctypes.c_void_p(self._in), ctypes.c_void_p(self._out))
        self._ssl.SSL_ctrl(self._it, SERVER_NAME, ctypes.c_long(0), ctypes.c_char_p(name.encode()))
        self._ssl.SSL_set_connect_state(self._it)
        self._room = ctypes.create_string_buffer(ROOM)

    def shake(self) -> bool:
        """Go on with the handshake; whether it is over."""
        return self._ssl.SSL_do_handshake(self._it) == 1

    def take(self, data: bytes) -> None:
        assert self._crypto.BIO_write(ctypes.c_void_p(self._in), bytes(data), len(data)) == len(data)

    def made(self) -> bytes:
        count = self._crypto.BIO_read(ctypes.c_void_p(self._out), self._room, ROOM)
        return self._room.raw[: max(count, 0)]

    def update_key(self) -> None:
        assert self._ssl.SSL_key_update(self._it, REQUESTED) == 1
        assert self.shake()

    def write(self, data: bytes) -> int:
        assert self._ssl.SSL_write(self._it, data, len(data)) == len(data)
        return len(data)
