"""Which listener an agent uses, and its address as the agent dials it."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, Literal

from trio_gate.cli.wiring.reading import NotWiredError
from trio_gate.config.gateway_block import EVERY_ADDRESS
from trio_gate.config.model import bracketed
from trio_gate.config.passthrough.model import HTTPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trio_gate.cli.wiring.reading import AgentFacts
    from trio_gate.config.model import Listener

    Way = Literal["proxy", "endpoint"]

WAYS: tuple[Way, ...] = ("proxy", "endpoint")


_ADDRESS = re.compile(r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253}):([0-9]{1,5})", re.ASCII)


def address(text: str) -> str:
    """Host and port, as argparse's `type`. Raises ArgumentTypeError."""
    found = _ADDRESS.fullmatch(text)
    if not found or not 0 < int(found[1]) < 1 << 16:
        raise ArgumentTypeError(f"{text!r} is no host with a port, such as gate.example:3128")
    return text


def choose(known: AgentFacts, wanted: Way | None, gateway: str | None = None) -> Listener:
    """The listener that is used: `wanted`, else one that leaves the agent's other hosts alone. Raises NotWiredError.

    A proxy is the only way for agents that show a token to it. Else it is taken where it lets other hosts through, or is all there is.
    Of several it is the one with the port of `gateway`, which the agent dials, else the first.
    """
    by_way = {way: [one for one in known.listeners if one.kind == way] for way in WAYS}
    tokens = known.proxy_token or known.audience is not None
    if known.proxy_token and known.audience is not None:
        raise NotWiredError(f"{known.name} needs a proxy token and an identity token: its program must send the second itself")
    if tokens and wanted == "endpoint":
        raise NotWiredError(f"{known.name} shows a token to the proxy: leave --via out, or give --via proxy")
    if wanted is None:
        wanted = "endpoint" if by_way["endpoint"] and not tokens and not any(map(_lets_all_through, by_way["proxy"])) else "proxy"
    if not by_way[wanted]:
        raise NotWiredError(f"the configuration has no listener {wanted}")
    port = (gateway or "").rpartition(":")[2]
    return next((one for one in by_way[wanted] if str(one.bind.port) == port), by_way[wanted][0])


def _lets_all_through(listener: Listener) -> bool:
    """Whether a proxy tunnels what is not AWS's, to https at any host."""
    places = listener.passthrough.places if listener.passthrough else ()
    return any((place.pattern, place.port) == ("*", HTTPS) for place in places)


def dialled(listener: Listener) -> str:
    """Host and port of a listener as an agent on this machine or, where it has names, on another one dials it. Raises NotWiredError."""
    local = dict(zip(EVERY_ADDRESS, ("127.0.0.1", "::1"), strict=True))
    host = listener.bind.host
    if host in local:
        host = listener.names[0] if listener.names else local[host]
    if listener.bind.port == 0:
        raise NotWiredError(f"the port of the listener {listener.kind} is the system's choice: pass --gateway HOST:PORT")
    return f"{bracketed(host)}:{listener.bind.port}"


def other_hosts(listener: Listener, direct: Iterable[str]) -> str | None:
    """What the user should know of hosts that are not AWS's; None where they are reached as before."""
    if listener.kind != "proxy" or _lets_all_through(listener) or direct:
        return None
    also = " and those of `passthrough`" if listener.passthrough else ""
    return f"the proxy takes AWS's hosts{also} alone: name others that the agent needs by --direct HOST, or in `passthrough`"
