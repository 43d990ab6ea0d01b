"""How a request reached the gateway, and the one function that derives from it where the request is going.

Rule: behind CONNECT and TLS the host name decides, and all that name it (CONNECT, SNI, Host) must agree. At an endpoint listener
the scope of the signature decides, and Host only has to name the listener.
"""

from __future__ import annotations

import re
from dataclasses import field, replace
from typing import TYPE_CHECKING, Literal

from trio_gate.aws.endpoint_mode import by_scope, hint
from trio_gate.errors import Denied, Malformed, Unidentified
from trio_gate.text.folding import fold
from trio_gate.values import value_class
from trio_gate.wire.authority import agreed_host

if TYPE_CHECKING:
    from datetime import datetime

    from trio_gate.aws.call import Claim, Place
    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.aws.model.catalog import Catalog
    from trio_gate.aws.routing.route import Ambiguous
    from trio_gate.config.model import OidcProof
    from trio_gate.wire.head import RequestHead

OWN_SERVICE = "trio-gate"
"""The service that requests to the gateway itself are signed for."""

_OWN = ("-", "agent")
"""How their paths begin. No service of AWS has this name, which `endpoint_mode` would look for here."""

IDENTITY_FIELD = "x-trio-gate-token"
"""The field of an agent's request that holds its OIDC token. It stops here."""

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^:\[\]]+))(?::[0-9]{1,5})?")


@value_class
class ClientCertificate:
    """A certificate that the peer of a connection has proven to be its own, verified by one of all configured authorities.

    Attributes:
        sha256: of its DER, in hex. names: its DNS names (SAN), in lower case.
        begins, ends: when it is valid; aware.
        authorities: the files (PEM) that hold the certificate that signed it, or itself.
    """

    sha256: str
    names: tuple[str, ...]
    begins: datetime
    ends: datetime
    authorities: frozenset[str] = field(repr=False)


@value_class
class ProxyToken:
    """A token that a CONNECT has shown: `sha256` (hex) is its own, and was the `agent`'s at that time."""

    agent: str
    sha256: str = field(repr=False)


@value_class
class Ingress:
    """How one connection reached the gateway.

    Attributes:
        kind: the listener's kind; "address" is a proxy listener's own address, where only requests to the gateway itself come.
        sni: the server name of the TLS handshake, lower case; None without one.
        connect: the host of CONNECT, lower case; None elsewhere.
        port: the listener's port, which Host may name besides 443.
        names: the Host names that an endpoint listener answers to, lower case, without port or brackets.
        base: an endpoint listener's URL, for messages.
        certificates: those that the peer has shown: to a proxy that speaks TLS, and to the host that it connects to.
        proxy_token: that of its CONNECT; None where that had none, or no agent has any.
        tokens: OIDC tokens that came with the CONNECT or the request; nothing of them is verified.
        named: the agent whose name came with the token of the CONNECT; None without one.
        identity: what all of `tokens` were found to prove when the request came; None for nothing.
        refused: why the connection's name is not served to anyone; None if it may be served.
    """

    kind: Literal["proxy", "tls", "endpoint", "address"]
    sni: str | None = None
    connect: str | None = None
    port: int = 443
    names: frozenset[str] = frozenset()
    base: str = ""
    refused: Unidentified | None = None
    certificates: tuple[ClientCertificate, ...] = ()
    proxy_token: ProxyToken | None = None
    tokens: tuple[str, ...] = field(default=(), repr=False)
    named: str | None = None
    identity: OidcProof | None = None

    @property
    def proves(self) -> bool:
        """Whether the connection itself, before any request, has shown something that may prove an agent."""
        return bool(self.certificates or self.proxy_token or self.tokens)

    def with_token(self, head: RequestHead) -> Ingress:
        """The same with the OIDC token of a request's own head, where it has one."""
        token = head.one(IDENTITY_FIELD)
        return self if token is None else replace(self, tokens=(*self.tokens, token))


def to_gateway(head: RequestHead, ingress: Ingress) -> bool:
    """Whether a request is one to the gateway itself, at one of its own addresses."""
    return ingress.kind in ("endpoint", "address") and head.target.segments[: len(_OWN)] == _OWN


def check_name(head: RequestHead, ingress: Ingress) -> None:
    """Refuse a request that came under a name that is not served to anyone, and one to the gateway itself that is not for it alone.

    Raises:
        Malformed: SNI, CONNECT and Host differ, or Host is not one of the listener's names.
        Unidentified: the name is not served.
        Denied: a browser sent it to the gateway itself.
    """
    if to_gateway(head, ingress):
        _check_endpoint(head, ingress)
    elif ingress.kind == "address":
        raise Malformed("this address takes only CONNECT, and requests to the gateway itself", status=405)
    if ingress.refused is not None:
        agreed_host(head, sni=ingress.sni, connect=ingress.connect, ports=(ingress.port,))
        raise ingress.refused


def destination(head: RequestHead, claim: Claim, ingress: Ingress, table: HostTable) -> tuple[RequestHead, Place]:
    """The head as AWS will see it, without the `/-/SERVICE` of an endpoint listener's URL, and where the request goes.

    Raises:
        Malformed: SNI, CONNECT and Host differ, or Host is not one of the listener's names (421).
        Denied: a browser sent it.
        Unidentified: there is no such host, service or region.
    """
    if ingress.kind != "endpoint":
        return head, table.place(agreed_host(head, sni=ingress.sni, connect=ingress.connect, ports=(ingress.port,)))
    _check_endpoint(head, ingress)
    return by_scope(head, claim, table)


def _check_endpoint(head: RequestHead, ingress: Ingress) -> None:
    found = _HOST.fullmatch(fold(head.one("host") or ""))
    if found is None or (found[1] or found[2]) not in ingress.names:
        raise Malformed("this Host is not one of the listener's names: use path-style addressing for s3", status=421)
    if any(name == "origin" or name.startswith("sec-fetch-") for name, _ in head.headers):
        raise Denied("browsers may not call this listener")


def explained(fault: Ambiguous, ingress: Ingress, catalog: Catalog) -> Unidentified:
    """The refusal of an ambiguous request; at an endpoint listener it says how to name the service that is meant."""
    if ingress.kind != "endpoint":
        return fault
    ids = {service: catalog.service(service).service_id for service in fault.services}
    return Unidentified(hint(fault.services, ids, ingress.base))
