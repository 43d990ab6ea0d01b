"""The resources that an EC2 call names, by the prefixes of their ids.

Rule: an id of a kind that only its owner can act on belongs to the caller. An id of a kind that accounts share (images,
snapshots, subnets, …) proves neither owner nor ARN. Anything named other than by an id is UNKNOWN, except key pairs; so is a
value in place of an id that is not one we know (`resolve:ssm:…`, another case, another length).
"""

from __future__ import annotations

import re
from string import ascii_lowercase
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.resources.arns import NOT_KNOWN, Resource, is_account, parse, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trio_gate.aws.call import Unknown
    from trio_gate.aws.model.place import Leaf, Place
    from trio_gate.aws.resources.arns import CallerContext

_ID = re.compile(r"([a-z]{1,32}(?:-[a-z]{1,32}){0,8})-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_NUMBER = re.compile(r"[0-9a-f]{8}|[0-9a-f]{17}")
_PREFIX = ascii_lowercase + "-"
_OWN = {
    "acl": "network-acl",
    "cgw": "customer-gateway",
    "dopt": "dhcp-options",
    "eigw": "egress-only-internet-gateway",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "fleet": "fleet",
    "i": "instance",
    "igw": "internet-gateway",
    "key": "key-pair",
    "lt": "launch-template",
    "nat": "natgateway",
    "rtb": "route-table",
    "sfr": "place-fleet-request",
    "sir": "place-instances-request",
    "vgw": "vpn-gateway",
    "vol": "volume",
    "vpce": "vpc-endpoint",
    "vpn": "vpn-connection",
}
"""Prefixes of ids whose resources always belong to the caller."""

_LENT = {
    "ami": "image",
    "sg": "security-group",
    "snap": "snapshot",
    "subnet": "subnet",
    "vpc": "vpc",
}
"""Prefixes of ids that other accounts may use, but only the owner may change."""

_OWNER_ONLY = re.compile(
    "(?:Delete|Modify|Reset)(?:Vpc|Subnet|Snapshot|Image|SecurityGroup)(?:Attribute|Rules)?|DeregisterImage"
    "|(?:Authorize|Revoke)SecurityGroup(?:Ingress|Egress)|UpdateSecurityGroupRuleDescriptions(?:Ingress|Egress)"
)
_NAMED = frozenset(("GroupName", "SecurityGroups", "LaunchTemplateName", "PlacementGroup", "SourceSecurityGroupName", "PublicIp"))
"""Members that name something by a word, which only a lookup could resolve."""

_IDS = frozenset(("Groups", "Resources"))
"""Members that hold ids although their names do not say so."""

_OTHER_IDS = re.compile(".*AvailabilityZoneIds?|ZoneIds|OwnerIds|RestorableByUserIds")
"""Members whose ids are those of zones, or of accounts given by a word such as `self`."""

_MAKES = {
    "RunInstances": "instance/*",
    "CreateVolume": "volume/*",
    "CreateVpc": "vpc/*",
    "CreateSubnet": "subnet/*",
    "CreateSecurityGroup": "security-group/*",
    "CreateSnapshot": "snapshot/*",
}
"""Kinds of resources that a call creates; IAM treats them as all resources of the kind."""


def ec2(operation: str, texts: Sequence[Leaf], caller: CallerContext) -> list[Resource] | None:
    """The resources that an EC2 call names; None if it names nothing by id, so that IAM's resource types decide."""
    made = [caller.arn("ec2", _MAKES[operation])] if operation in _MAKES else []
    found = (_named(operation, place.names, value, caller) for place, _, value in texts if place.names[0] not in _NOISE)
    return [*made, *(one for one in found if one is not None)] or None


def reads_ec2(place: Place) -> bool:
    """Whether the texts of a place belong to a member for an id, or for a word that would need a lookup."""
    name = place.names[-1]
    return name in _NAMED or name == "KeyName" or name.endswith(("Id", "Ids")) or name in _IDS


_NOISE = frozenset({"TagSpecifications", "Tags", "UserData", "ClientToken", "Description", "DryRun", "Filters", "NextToken"})


def _named(operation: str, names: tuple[str, ...], value: str | Unknown, caller: CallerContext) -> Resource | None:
    if value is UNKNOWN:
        return NOT_KNOWN
    if names[-1] == "KeyName":
        return caller.arn("ec2", f"key-pair/{value}") if plain(value) else NOT_KNOWN
    if names[-1] in _NAMED:
        return NOT_KNOWN
    found = _ID.fullmatch(value)
    if found is None:
        return NOT_KNOWN if _ends_as_id(value) or (_holds_ids(names[-1]) and not _means_no_id(value)) else None
    kind = _OWN.get(found[1])
    if len(names) == 1 and _OWNER_ONLY.fullmatch(operation):
        kind = _LENT.get(found[1], kind)
    if kind in {"image", "snapshot"}:
        return Resource(arn=f"arn:{caller.partition}:ec2:{caller.region}::{kind}/{value}", account=caller.account)
    return caller.arn("ec2", f"{kind}/{value}") if kind else NOT_KNOWN


def _ends_as_id(value: str) -> bool:
    """Whether a value looks like an id with a prefix longer than any known one."""
    prefix, _, number = value.rpartition("-")
    return _NUMBER.fullmatch(number) is not None and prefix != "" and not prefix.strip(_PREFIX)


def _holds_ids(name: str) -> bool:
    """Whether a member holds ids of resources."""
    return (name.endswith(("Id", "Ids")) or name in _IDS) and _OTHER_IDS.fullmatch(name) is None


def _means_no_id(value: str) -> bool:
    """Whether a value is not an id at all: an ARN or an account, which are read elsewhere, or empty."""
    return not value or parse(value) is not None or is_account(value)
