"""Sharing by making something reachable: addresses, load balancers, endpoints, APIs without authorization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.param_paths import at
from trio_gate.aws.sharing.recipients import blocks, each, everybody, inner, open_if, principals, several
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.resources.arns import CallerContext

    Found = Iterator[str | Unknown]
    Params = Mapping[str, Value]
    Way = Callable[[Params, CallerContext], Found]


def _ingress(params: Params, caller: CallerContext) -> Found:
    """Inbound rules of a security group. The addresses in a prefix list are unknown."""
    yield from _sources(params.get("CidrIp"), params.get("SourceSecurityGroupOwnerId"), caller)
    for permission in each(params, "IpPermissions"):
        yield from blocks([inner(one, "CidrIp") for one in several(inner(permission, "IpRanges"))])
        yield from blocks([inner(one, "CidrIpv6") for one in several(inner(permission, "Ipv6Ranges"))])
        yield from principals([inner(one, "UserId") for one in several(inner(permission, "UserIdGroupPairs"))], caller)
        yield from (UNKNOWN for _ in several(inner(permission, "PrefixListIds")))


def _sources(block: Value, owner: Value, caller: CallerContext) -> Found:
    yield from blocks([] if block is None else [block])
    yield from principals([owner], caller)


def _rules(params: Params, caller: CallerContext) -> Found:
    """Changed rules of a security group. The call does not say in which direction a rule applies, so each counts as inbound."""
    for rule in each(params, "SecurityGroupRules"):
        named = [inner(rule, "SecurityGroupRule", name) for name in ("CidrIpv4", "CidrIpv6")]
        yield from blocks([block for block in named if block is not None])
        if inner(rule, "SecurityGroupRule", "PrefixListId") is not None:
            yield UNKNOWN


def _network_acl(params: Params, caller: CallerContext) -> Found:
    if params.get("RuleAction") != "deny" and params.get("Egress") is not True:
        yield from blocks([value for value in (params.get("CidrBlock"), params.get("Ipv6CidrBlock")) if value is not None])


def _group_of(block: str, owner: str) -> Way:
    """The former security groups of databases and caches."""
    return lambda params, caller: _sources(params.get(block), params.get(owner), caller)


def _database_cluster(params: Params, caller: CallerContext) -> Found:
    """RDS: if the call does not say, the subnets decide. Aurora clusters have no public address, though instances or a gateway may."""
    public, engine = params.get("PubliclyAccessible"), params.get("Engine")
    aurora = isinstance(engine, str) and fold(engine).startswith("aurora")
    yield from open_if(UNKNOWN if public is None and not aurora else public)
    yield from open_if(params.get("EnableInternetAccessGateway", params.get("WithExpressConfiguration")))


def _balancer(params: Params, caller: CallerContext) -> Found:
    """A load balancer faces the internet unless it is internal; one for gateways has no scheme."""
    scheme, kind = params.get("Scheme"), params.get("Type")
    yield from open_if(UNKNOWN if UNKNOWN in (scheme, kind) else scheme != "internal" and kind != "gateway")


def _file_server(*, creates: bool) -> Way:
    """Transfer: a server is public unless it is in a VPC without public addresses."""

    def way(params: Params, caller: CallerContext) -> Found:
        kind, addresses = params.get("EndpointType"), at(params, "EndpointDetails", "AddressAllocationIds")
        public = kind == "PUBLIC" or (kind is None and creates) or bool(addresses)
        yield from open_if(UNKNOWN if UNKNOWN in (kind, addresses) else public)

    return way


def _cluster(*, creates: bool) -> Way:
    """EKS: the endpoint is public unless disabled, and reachable from all addresses unless some are listed."""

    def way(params: Params, caller: CallerContext) -> Found:
        config = params.get("resourcesVpcConfig")
        if config is UNKNOWN:
            yield UNKNOWN
            return
        public, some = inner(config or {}, "endpointPublicAccess"), inner(config or {}, "publicAccessCidrs")
        if public is True or (public is None and (creates or some is not None)):
            yield from blocks(several(some) or (["0.0.0.0/0"] if public or creates else []))
        elif public is UNKNOWN:
            yield UNKNOWN

    return way


def _ports(member: str) -> Way:
    """Lightsail: ports are open to all addresses unless some are listed."""

    def way(params: Params, caller: CallerContext) -> Found:
        value = params.get(member)
        for port in value if isinstance(value, list) else [value]:
            some = [*several(inner(port, "cidrs")), *several(inner(port, "ipv6Cidrs")), *several(inner(port, "cidrListAliases"))]
            yield from blocks(some or ["0.0.0.0/0", "::/0"])

    return way


def _method_patch(params: Params, caller: CallerContext) -> Found:
    """API Gateway: a method whose authorization changes."""
    for patch in each(params, "patchOperations"):
        if inner(patch, "path") in ("/authorizationType", UNKNOWN):
            value = inner(patch, "value")
            yield from open_if(value == "NONE" if isinstance(value, str) else UNKNOWN)


def _api_patch(params: Params, caller: CallerContext) -> Found:
    """API Gateway: an API or domain that may have been private. Its policy is read as a document."""
    for patch in each(params, "patchOperations"):
        path, value = inner(patch, "path"), inner(patch, "value")
        if path is UNKNOWN or (isinstance(path, str) and path.startswith("/endpointConfiguration") and value != "PRIVATE"):
            yield UNKNOWN


def _stream(*, creates: bool) -> Way:
    """MediaPackage: who has its address may watch, unless addresses are listed or a code is asked for."""

    def way(params: Params, caller: CallerContext) -> Found:
        listed, code = each(params, "Whitelist"), params.get("Authorization")
        yield from blocks(listed)
        yield from open_if(UNKNOWN if code is UNKNOWN else creates and not listed and code is None)

    return way


def _emr_block(params: Params, caller: CallerContext) -> Found:
    """EMR: port ranges that are exempt from the block are open, except that of SSH."""
    blocked = at(params, "BlockPublicAccessConfiguration", "BlockPublicSecurityGroupRules")
    exempt = each(params, "BlockPublicAccessConfiguration", "PermittedPublicSecurityGroupRuleRanges")
    yield from open_if(blocked is not True)
    yield from (UNKNOWN for one in exempt if inner(one, "MinRange") != 22 or inner(one, "MaxRange") not in (None, 22))


NETWORK: dict[tuple[str, str], Way] = {
    ("ec2", "AuthorizeSecurityGroupIngress"): _ingress,
    ("ec2", "ModifySecurityGroupRules"): _rules,
    ("ec2", "CreateNetworkAclEntry"): _network_acl,
    ("ec2", "ReplaceNetworkAclEntry"): _network_acl,
    ("ec2", "CreateVpcBlockPublicAccessExclusion"): everybody,
    ("ec2", "ModifyVpcBlockPublicAccessExclusion"): everybody,
    ("rds", "AuthorizeDBSecurityGroupIngress"): _group_of("CIDRIP", "EC2SecurityGroupOwnerId"),
    ("redshift", "AuthorizeClusterSecurityGroupIngress"): _group_of("CIDRIP", "EC2SecurityGroupOwnerId"),
    ("elasticache", "AuthorizeCacheSecurityGroupIngress"): _group_of("CIDRIP", "EC2SecurityGroupOwnerId"),
    ("rds", "CreateDBCluster"): _database_cluster,
    ("rds", "RestoreDBClusterFromSnapshot"): _database_cluster,
    ("rds", "RestoreDBClusterToPointInTime"): _database_cluster,
    ("lightsail", "OpenInstancePublicPorts"): _ports("portInfo"),
    ("lightsail", "PutInstancePublicPorts"): _ports("portInfos"),
    ("lightsail", "CreateInstances"): everybody,
    ("lightsail", "CreateInstancesFromSnapshot"): everybody,
    ("lightsail", "CreateLoadBalancer"): everybody,
    ("lightsail", "CreateDistribution"): everybody,
    ("elbv2", "CreateLoadBalancer"): _balancer,
    ("elb", "CreateLoadBalancer"): _balancer,
    ("transfer", "CreateServer"): _file_server(creates=True),
    ("transfer", "UpdateServer"): _file_server(creates=False),
    ("eks", "CreateCluster"): _cluster(creates=True),
    ("eks", "UpdateClusterConfig"): _cluster(creates=False),
    ("apigateway", "UpdateMethod"): _method_patch,
    ("apigateway", "UpdateRestApi"): _api_patch,
    ("apigateway", "UpdateDomainName"): _api_patch,
    ("mediapackage", "CreateOriginEndpoint"): _stream(creates=True),
    ("mediapackage", "UpdateOriginEndpoint"): _stream(creates=False),
    ("emr", "PutBlockPublicAccessConfiguration"): _emr_block,
}
"""By service and operation. A Lightsail instance starts with ports for SSH and HTTP open to everybody."""
