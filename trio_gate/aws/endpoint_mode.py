"""Requests that come through AWS_ENDPOINT_URL: their Host is the gateway's, so the signature's scope says where they go.

Rule: a scope is always looked up in the host table. If several services share it, the path may begin with `/-/SERVICE` to select
that service and its twins; AWS never sees that prefix. Twins' calls go by one name, whichever twin the agent selects. The agent
signed the path with the prefix, so its signature is verified over the head as it arrived.

Theory: a directory bucket's name ends in its zone, `NAME--ZONE--x-s3`, and SDKs put it first in the path if they are given an endpoint.
Objects and sessions are asked for at the bucket's own host in that zone, all else at the region's control host ("Endpoints and
gateway VPC endpoints" of S3 Express, docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-Regions-and-Zones.html).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.aws.routing.route import TWINS
from trio_gate.errors import Unidentified

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trio_gate.aws.call import Claim, Place
    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.wire.head import RequestHead

_MARK = "-"

_GLACIER = "glacier"
"""This service's paths begin with the account, where `-` means the caller's own: `/-/vaults`."""

_EXPRESS = "s3express"
_DIRECTORIES = ("x-s3", "xa-s3")
_IN_THE_ZONE = frozenset({"session", "list-type", "uploads", "delete"})
"""What is asked of a bucket at its own host, by its parameter; HeadBucket, which has none, is too."""


def by_scope(head: RequestHead, claim: Claim, table: HostTable) -> tuple[RequestHead, Place]:
    """The head as AWS will see it, and where it goes.

    Candidates of global services carry the region that AWS wants, whichever one the agent signed for. As the place was found by
    the scope, the two must not be compared again.

    Raises:
        Unidentified: there is no such service, region or pair, or the path names a service with another signing name.
    """
    segments = head.target.segments
    plain = segments[0] != _MARK or len(segments) < 2 or (claim.service == _GLACIER and segments[1] != _GLACIER)
    if claim.service == _EXPRESS:
        return _by_directory(head if plain else _after(head, 2), claim.region, table)
    if plain:
        return head, table.place_of_scope(claim.service, claim.region)
    twins = next((family for family in TWINS if segments[1] in family), ())
    place = table.place_of_scope(claim.service, claim.region, service=segments[1], twins=twins)
    return _after(head, 2), place


def _by_directory(head: RequestHead, region: str, table: HostTable) -> tuple[RequestHead, Place]:
    """A request to S3 Express. Raises Unidentified, where it names no directory bucket too."""
    domain = table.place_of_scope("s3", region).host.partition(".")[2]
    bucket, *rest = head.target.segments
    asked = {name for name, _ in head.target.query}
    if any(rest) or head.method == "HEAD" or asked & _IN_THE_ZONE:
        parts = bucket.split("--")
        if len(parts) < 3 or parts[-1] not in _DIRECTORIES:
            raise Unidentified("a request that is signed for s3express names no directory bucket, such as NAME--use1-az4--x-s3")
        return _after(head, 1), table.place(f"{bucket}.{_EXPRESS}-{parts[-2]}.{domain}")
    return head, table.place(f"{_EXPRESS}-control.{domain}")


def _after(head: RequestHead, count: int) -> RequestHead:
    """The head without the first segments of its path."""
    return replace(head, target=replace(head.target, segments=head.target.segments[count:] or ("",), arrived=""))


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
