"""Networks that an agent may call from: how they are written, and which addresses are in them.

Theory: a socket that takes IPv4 and IPv6 shows an IPv4 peer as an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2). It counts as the
IPv4 address that it is, so networks are written in that form alone.
"""

from __future__ import annotations

import functools
import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING

from trio_gate.config.attribute_types import Kind, text
from trio_gate.config.source import Flaw

if TYPE_CHECKING:
    from trio_gate.config.expressions import Value

    Network = IPv4Network | IPv6Network

_REMEMBERED = 1024
"""Addresses of which it is kept whether they are in the networks of an agent: every request asks."""

_MAPPED = IPv6Network("::ffff:0:0/96")


def _network(value: Value) -> Network:
    written = text(value)
    try:
        found = ipaddress.ip_network(written.replace("%", "no zone"), strict=False)
    except ValueError:
        raise Flaw(value.at, "expected a network", 'such as "10.0.0.0/8", "fd00::/8" or one address') from None
    if "/" in written and ipaddress.ip_interface(written).ip != found.network_address:
        raise Flaw(value.at, "the address has bits beyond the prefix", f'the network is "{found}"')
    if isinstance(found, IPv6Network) and found.subnet_of(_MAPPED):
        raise Flaw(value.at, "IPv4 in the form of IPv6 counts as IPv4", f'the network is "{_unmapped(found)}"')
    if isinstance(found, IPv6Network) and found.prefixlen and found.supernet_of(_MAPPED):
        raise Flaw(
            value.at, f"the network has IPv4 in it, in the form of IPv6 ({_MAPPED}), which counts as IPv4", "write a smaller one"
        )
    return found


network = Kind(form='a network, as `"10.0.0.0/8"`, or an address', read=_network)
"""A network in CIDR notation, or one address."""


def _unmapped(found: IPv6Network) -> IPv4Network:
    return IPv4Network((found.network_address.packed[-4:], found.prefixlen - _MAPPED.prefixlen))


@functools.lru_cache(_REMEMBERED)
def within(networks: tuple[Network, ...], address: str) -> bool:
    """Whether an address is in one of the networks. What is not an address is in none."""
    found = peer(address)
    return found is not None and any(found in one for one in networks)


def peer(address: str) -> IPv4Address | IPv6Address | None:
    """The address of a socket's peer, without its zone; None for what is not an address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
