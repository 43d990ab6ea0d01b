"""Dialling AWS: from a name to addresses, from an address to TCP, from TCP to TLS.

Rule: a name is resolved once, every address is checked, and only checked addresses are dialled. AWS's names must resolve to public
addresses, unless an `upstream` block says otherwise, and never to the gateway's own listeners. Agents are never shown an address.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import re
import socket
from typing import TYPE_CHECKING

import trio

from trio_gate.config.model import Address
from trio_gate.errors import UpstreamError
from trio_gate.shell.net.transport import trouble
from trio_gate.shell.upstream.tls_socket import TlsSocket

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from trio_gate.shell.upstream.lookups import Answers, Resolve

    IP = ipaddress.IPv4Address | ipaddress.IPv6Address

PORT = 443

_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NEVER_PUBLIC = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "168.63.129.16/32", "3fff::/20")))
"""Networks that some versions of Python call global: that of protocols, where Oracle's cloud had its metadata, the address at which Azure's machines ask
their host, and that for documentation."""

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")

log = logging.getLogger(__name__)


async def dial(
    host: str, at: Address | None, context: ssl.SSLContext, *, connect_timeout: float, forbidden: Callable[[str, int], bool]
) -> TlsSocket:
    """Connect to `host`, at its own address or at `at`; return after the TLS handshake, with a certificate for `host`.

    `connect_timeout` is in seconds, for everything. `forbidden` says whether an IP address and port is one of our own
    listeners. Raises UpstreamError (502, 504).
    """
    if not _NAME.fullmatch(host):
        raise UpstreamError("the host to be dialled is not a host name")
    try:
        with trio.fail_after(connect_timeout):
            there = at or Address(host=host, port=PORT)
            found = await _checked(host, there, _shared, anywhere=at is not None, forbidden=forbidden)
            return await _secure(host, await _connect(host, found), context)
    except trio.BrokenResourceError as broken:
        raise UpstreamError(f"TLS with {host}: {trouble(broken)}") from None
    except trio.TooSlowError:
        raise UpstreamError(f"{host} did not take a connection within {connect_timeout:g} seconds", status=504) from None


async def reach(
    host: str, at: Address, *, anywhere: bool, connect_timeout: float, forbidden: Callable[[str, int], bool], resolve: Resolve
) -> socket.socket:
    """Connect to `host` at an address, without TLS; see `dial`. `resolve` looks its name up.

    Unless it may lead `anywhere`, it must lead to a public address, which is none of this machine's own either. Raises UpstreamError, and
    what `resolve` does.
    """
    try:
        with trio.fail_after(connect_timeout):
            found = await _checked(host, at, resolve, anywhere=anywhere, forbidden=forbidden)
            reached = await _connect(host, found)
    except trio.TooSlowError:
        raise UpstreamError(f"{host} did not take a connection within {connect_timeout:g} seconds", status=504) from None
    if not anywhere and _is_here(reached):
        reached.close()
        raise UpstreamError(f"{host} leads to the gateway's own machine")
    return reached


def _is_here(reached: socket.socket) -> bool:
    """Whether both ends of a connection have the same address; one that has broken is not said to."""
    try:
        return bool(reached.getsockname()[0] == reached.getpeername()[0])
    except OSError:
        return False


def unfit(address: str) -> str | None:
    """The kind of a non-public address, None for a public one. IPv6 addresses that embed IPv4 count as that."""
    ip = _meant(address)
    if ip.is_loopback:
        return "loopback"
    if ip.is_link_local:
        return "link-local"
    if ip.is_unspecified:
        return "unspecified"
    if ip.is_multicast:
        return "multicast"
    public = ip.is_global and not any(ip in one for one in _NEVER_PUBLIC) and (ip.version == 4 or ip in _GLOBAL_UNICAST)
    return None if public else "private"


def _meant(address: str) -> IP:
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(ip.packed[-4:])
    return ip.ipv4_mapped or ip.sixtofour or ip


async def _checked(
    host: str, at: Address, resolve: Resolve, *, anywhere: bool, forbidden: Callable[[str, int], bool]
) -> list[Address]:
    """The addresses of a name, all of which may be dialled. Raises UpstreamError."""
    found = await _resolved(host, at, resolve)
    for address in found:
        _check(host, address, anywhere=anywhere, forbidden=forbidden)
    return found


async def _shared(name: bytes, port: int) -> Answers:
    """Look up a name in the domains of AWS or of the configuration, whose servers no agent runs, in the threads that all share."""
    return await trio.socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)


async def _resolved(host: str, at: Address, resolve: Resolve) -> list[Address]:
    try:
        answers = await resolve(at.host.encode("ascii"), at.port)
    except (OSError, UnicodeError, RuntimeError) as error:  # the last if no thread can be had
        log.info("cannot resolve %s for %s: %s", at.host, host, error)
        raise UpstreamError(f"the address of {host} cannot be resolved") from None
    return [Address(host=str(address[0]), port=at.port) for *_, address in answers]


def _check(host: str, address: Address, *, anywhere: bool, forbidden: Callable[[str, int], bool]) -> None:
    """Raise UpstreamError if this address must not be dialled for `host`."""
    if forbidden(str(_meant(address.host)), address.port):
        raise UpstreamError(f"{host} leads to this gateway itself")
    kind = None if anywhere else unfit(address.host)
    if kind:
        log.warning("%s resolves to %s, which is %s", host, address.host, kind)
        raise UpstreamError(
            f"{host} resolves to an address that this gateway may not connect to: tell your operator",
            detail=f"{host} resolves to a {kind} address: an `upstream` block must allow that",
        )


async def _connect(host: str, found: list[Address]) -> socket.socket:
    """The first address that answers. Each has its share of the time that is left."""
    failure = UpstreamError(f"{host} did not take a connection in time", status=504)
    for tried, address in enumerate(found):
        now = trio.current_time()
        share = (trio.current_effective_deadline() - now) / (len(found) - tried)
        with trio.move_on_at(now + share):
            try:
                return await _tcp(address)
            except ConnectionRefusedError:
                failure = UpstreamError(f"{host} refused the connection")
            except OSError as error:
                failure = UpstreamError(f"{host} cannot be reached: {(error.strerror or 'unknown').lower()}")
    raise failure


async def _tcp(address: Address) -> socket.socket:
    sock = trio.socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        await sock.connect((address.host, address.port))
    except BaseException:
        sock.close()
        raise
    return socket.socket(fileno=sock.detach())


async def _secure(host: str, sock: socket.socket, context: ssl.SSLContext) -> TlsSocket:
    try:
        _check_alive(sock)
        transport = TlsSocket(sock, context, server_hostname=host)
    except OSError as fault:
        sock.close()
        raise trio.BrokenResourceError from fault
    try:
        await transport.handshake()
    except BaseException:
        transport.close()
        raise
    return transport


def _check_alive(sock: socket.socket) -> None:
    """Raise OSError for a connection that the peer has reset by now: TLS could not be begun, nor the socket closed after that."""
    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))
