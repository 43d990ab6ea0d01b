"""The source that a connection is counted under: an IPv4 address or an IPv6 network."""

from __future__ import annotations

import functools
from ipaddress import IPv6Address, IPv6Network

from trio_gate.config.agents.networks import peer

IPV6_NETWORK = 64
"""Prefix length of an IPv6 source: such a network is usually assigned to one user as a whole."""

_REMEMBERED = 1024
"""Addresses whose source is kept: a connection asks for it."""


@functools.lru_cache(_REMEMBERED)
def source(address: str) -> str:
    """The source of an address: the IPv4 address itself, or its IPv6 network. Other text is returned unchanged."""
    found = peer(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((int(found), IPV6_NETWORK), strict=False))
    return address if found is None else str(found)
