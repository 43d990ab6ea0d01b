"""The source that a connection is counted under: an IPv4 address or an IPv6 network."""

from __future__ import annotations

import functools
import ipaddress

IPV6_NETWORK = 64
"""Prefix length of an IPv6 source: such a network is usually assigned to one user as a whole."""

_REMEMBERED = 1024
"""Addresses whose source is kept: a connection asks for it."""


@functools.lru_cache(_REMEMBERED)
def source(address: str) -> str:
    """The source of an address: the IPv4 address itself, or its IPv6 network. Other text is returned unchanged."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((int(found), IPV6_NETWORK), strict=False))
