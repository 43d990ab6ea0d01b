"""Requests that come through AWS_ENDPOINT_URL: their Host is the gateway's, so the signature's scope says where they go.

Rule: a scope is always looked up in the host table. If several services share it, the path may begin with `/-/SERVICE` to select
that service and its twins; AWS never sees that prefix. Twins' calls go by one name, whichever twin the agent selects. The agent
signed the path with the prefix, so its signature is verified over the head as it arrived.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.aws.routing.route import TWINS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trio_gate.aws.call import Claim, Place
    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.wire.head import RequestHead

_MARK = "-"

_GLACIER = "glacier"
"""This service's paths begin with the account, where `-` means the caller's own: `/-/vaults`."""


def by_scope(head: RequestHead, claim: Claim, table: HostTable) -> tuple[RequestHead, Place]:
    """The head as AWS will see it, and where it goes.

    Candidates of global services carry the region that AWS wants, whichever one the agent signed for. As the place was found by
    the scope, the two must not be compared again.

    Raises:
        Unidentified: there is no such service, region or pair, or the path names a service with another signing name.
    """
    segments = head.target.segments
    if segments[0] != _MARK or len(segments) < 2 or (claim.service == _GLACIER and segments[1] != _GLACIER):
        return head, table.place_of_scope(claim.service, claim.region)
    twins = next((family for family in TWINS if segments[1] in family), ())
    place = table.place_of_scope(claim.service, claim.region, service=segments[1], twins=twins)
    return replace(head, target=replace(head.target, segments=segments[2:] or ("",), arrived="")), place


def hint(services: Iterable[str], service_ids: Mapping[str, str], base: str) -> str:
    """The advice for an agent whose request fits several services.

    Args:
        services: botocore's names.
        service_ids: the models' `serviceId` by name, such as "Bedrock Agent".
        base: the listener's URL.
    """
    root = base.rstrip("/")
    settings = [f"AWS_ENDPOINT_URL_{_variable(service_ids[name])}={root}/{_MARK}/{name}" for name in services]
    return f"the request fits several services: set {' or '.join(settings)}"


def _variable(service_id: str) -> str:
    return service_id.upper().replace(" ", "_").replace("-", "_")
