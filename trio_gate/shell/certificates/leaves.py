"""Server certificates: leaves of the gateway's CAs, made when first asked for, and the operator's own files.

Rule: a leaf is short-lived, and its key is kept in memory only. It is replaced long before it expires, so ask for the context again
for each connection. A leaf for a refused name is made for one connection and not kept.
"""

from __future__ import annotations

import logging
import os
import ssl
import time
from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from trio_gate.errors import CertificatesUnavailable
from trio_gate.shell.certificates.authority import BACKDATED, key_pem
from trio_gate.shell.net.contexts import for_server
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trio_gate.ports import Clock
    from trio_gate.shell.certificates.authority import CertificateAuthority

LIFETIME = timedelta(hours=48)
RENEWED_AFTER = timedelta(hours=24)
"""The age at which a leaf is replaced, well before its end."""

MAX_LEAVES = 256
"""Most leaves kept of either kind; the least recently used is dropped."""

LOOK_EVERY = 1.0
"""Seconds between two looks at whether an operator's files have changed."""

log = logging.getLogger(__name__)


@value_class
class _Leaf:
    context: ssl.SSLContext
    made: datetime


class LeafCertificates:
    """Makes server contexts with leaves of one CA, all with one key that lives as long as this object."""

    def __init__(self, authority: CertificateAuthority, *, clock: Clock) -> None:
        self._authority = authority
        self._clock = clock
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._leaves: OrderedDict[tuple[str, ...], _Leaf] = OrderedDict()
        self._free: OrderedDict[tuple[str, ...], _Leaf] = OrderedDict()

    def context(self, names: Sequence[str], *, free: bool = False, clients: str = "") -> ssl.SSLContext:
        """The context for DNS names and IP addresses. `free` ones, of which anybody can invent more, replace only each other.

        `clients` as in `contexts.for_server`.
        """
        leaves, wanted, now = self._free if free else self._leaves, (*names, clients), self._clock.now()
        leaf = leaves.get(wanted)
        if leaf is None or not timedelta() <= now - leaf.made < RENEWED_AFTER:  # the clock may be set back, too
            leaf = leaves[wanted] = self._make(tuple(names), now, clients)
        leaves.move_to_end(wanted)
        if len(leaves) > MAX_LEAVES:
            leaves.popitem(last=False)
        return leaf.context

    def may_pass(self, host: str) -> bool:
        """Whether the CA may sign for a refused host, so that the refusal can be sent inside TLS."""
        return self._authority.may_sign(host)

    def passing(self, host: str) -> ssl.SSLContext:
        """A context for one connection to a refused host."""
        return self._make((host,), self._clock.now()).context

    def _make(self, names: tuple[str, ...], now: datetime, clients: str = "") -> _Leaf:
        certificate = self._authority.issue(names, self._key.public_key(), now - BACKDATED, now + LIFETIME)
        context = for_server(clients)
        pem = certificate.public_bytes(serialization.Encoding.PEM) + key_pem(self._key)
        handle = os.memfd_create("leaf")  # the ssl module reads keys only from files, and this one is not on disk
        try:
            os.write(handle, pem)
            context.load_cert_chain(f"/proc/self/fd/{handle}")
        finally:
            os.close(handle)
        return _Leaf(context=context, made=now)


class FileCertificates:
    """Contexts from an operator's PEM files, which are read again when they have changed; see `file_context`.

    Files that are wrong then are logged, and what was read before stays. Raises CertificatesUnavailable when it is made.
    """

    def __init__(self, certificate: str, key: str) -> None:
        self._files = (certificate, key)
        self._looked = time.monotonic()
        self._states = self._states_now()
        self._contexts = {"": file_context(certificate, key)}

    def context(self, clients: str = "") -> ssl.SSLContext:
        """The context for `clients`, as in `contexts.for_server`."""
        if time.monotonic() - self._looked >= LOOK_EVERY:
            self._look()
        context = self._contexts.get(clients)
        if context is None:
            context = file_context(*self._files, clients)
            self._contexts = {"": self._contexts[""], clients: context}
        return context

    def _look(self) -> None:
        self._looked, states = time.monotonic(), self._states_now()
        if states == self._states:
            return
        self._states = states
        try:
            self._contexts = {"": file_context(*self._files)}
        except CertificatesUnavailable as fault:
            log.error("the certificate that was read before stays: %s", fault)  # noqa: TRY400 - the fault is the files'
        else:
            log.info("%s was read again", self._files[0])

    def _states_now(self) -> list[tuple[int, int, int] | None]:
        return [_state(file) for file in self._files]


def _state(file: str) -> tuple[int, int, int] | None:
    """What differs when a file was replaced or written; None where it is not there."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def file_context(certificate: str, key: str, clients: str = "") -> ssl.SSLContext:
    """A server context from PEM files: the certificate with its chain, and its key. Raises CertificatesUnavailable."""
    context = for_server(clients)
    try:
        for file in (certificate, key):
            os.close(os.open(file, os.O_RDONLY | os.O_CLOEXEC))
        context.load_cert_chain(certificate, key, password="")  # without it OpenSSL would ask at the terminal
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise CertificatesUnavailable(f"{key} is not the key of {certificate}") from None
        raise CertificatesUnavailable(f"{certificate} and {key} are not a PEM certificate with its unencrypted key") from None
    except OSError as error:
        raise CertificatesUnavailable(f"the file {error.filename} cannot be read: {error.strerror}") from None
    return context
