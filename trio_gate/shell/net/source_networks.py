"""Where a connection comes from, as far as addresses tell one peer from another."""

from __future__ import annotations

import ipaddress

IPV6_NETWORK = 64
"""Bits that tell sources apart: who has one address of such a network has all."""


def source(address: str) -> str:
    """Whose address it is: an IPv4 address, or an IPv6 network; what is no address stands for itself."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((int(found), IPV6_NETWORK), strict=False))
