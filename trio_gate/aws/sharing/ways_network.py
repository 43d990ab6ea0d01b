"""Sharing by making something reachable: addresses, load balancers, endpoints, APIs without authorization, guests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.param_paths import at
from trio_gate.aws.sharing.who import blocks, each, everybody, inner, nobody, open_if, principals, several, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.resources.arns import CallerContext

    Found = Iterator[str | Unknown]
    Params = Mapping[str, Value]
    Way = Callable[[Params, CallerContext], Found]


def _ingress(params: Params, scene: CallerContext) -> Found:
    """A security group's inbound rules; prefix lists are unknown."""
    yield from _sources(params.get("CidrIp"), params.get("SourceSecurityGroupOwnerId"), scene)
    for permission in each(params, "IpPermissions"):
        yield from blocks([inner(one, "CidrIp") for one in several(inner(permission, "IpRanges"))])
        yield from blocks([inner(one, "CidrIpv6") for one in several(inner(permission, "Ipv6Ranges"))])
        yield from principals([inner(one, "UserId") for one in several(inner(permission, "UserIdGroupPairs"))], scene)
        yield from (UNKNOWN for _ in several(inner(permission, "PrefixListIds")))


def _sources(block: Value, owner: Value, scene: CallerContext) -> Found:
    yield from blocks([] if block is None else [block])
    yield from principals([owner], scene)


def _rules(params: Params, scene: CallerContext) -> Found:
    """Changed rules of a security group: the call does not say whether they are inbound, so a block of all addresses is unknown."""
    for rule in each(params, "SecurityGroupRules"):
        for name in ("CidrIpv4", "CidrIpv6"):
            block = inner(rule, "SecurityGroupRule", name)
            for one in blocks([] if block is None else [block]):
                yield UNKNOWN if isinstance(one, str) and one.endswith("/0") else one
        if inner(rule, "SecurityGroupRule", "PrefixListId") is not None:
            yield UNKNOWN


def _network_acl(params: Params, scene: CallerContext) -> Found:
    if params.get("RuleAction") != "deny" and params.get("Egress") is not True:
        yield from blocks([value for value in (params.get("CidrBlock"), params.get("Ipv6CidrBlock")) if value is not None])


def _group_of(block: str, owner: str) -> Way:
    """The former security groups of databases and caches."""
    return lambda params, scene: _sources(params.get(block), params.get(owner), scene)


def _reachable(*path: str, unset: object = False) -> Way:
    """A member that says whether it is publicly reachable; `unset` is AWS's default."""

    def way(params: Params, scene: CallerContext) -> Found:
        value = at(params, *path)
        yield from open_if(unset if value is None else value)

    return way


def _facing(member: str, inside: str) -> Way:
    """A load balancer or server: publicly reachable unless `member` has the value `inside`."""
    return lambda params, _: open_if(UNKNOWN if params.get(member) is UNKNOWN else params.get(member) != inside)


def _cluster(*, creates: bool) -> Way:
    """EKS: the endpoint is public by default, for all addresses unless some are listed."""

    def way(params: Params, scene: CallerContext) -> Found:
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

    def way(params: Params, scene: CallerContext) -> Found:
        value = params.get(member)
        for port in value if isinstance(value, list) else [value]:
            some = [*several(inner(port, "cidrs")), *several(inner(port, "ipv6Cidrs")), *several(inner(port, "cidrListAliases"))]
            yield from blocks(some or ["0.0.0.0/0", "::/0"])

    return way


def _route(*, creates: bool) -> Way:
    """API Gateway 2: a route without authorization."""

    def way(params: Params, scene: CallerContext) -> Found:
        kind = params.get("AuthorizationType")
        yield from open_if(UNKNOWN if kind is UNKNOWN else kind == "NONE" or (creates and kind is None))

    return way


def _method(params: Params, scene: CallerContext) -> Found:
    kind = params.get("authorizationType")
    yield from open_if(UNKNOWN if kind is UNKNOWN else kind in (None, "NONE"))


def _method_patch(params: Params, scene: CallerContext) -> Found:
    for patch in each(params, "patchOperations"):
        if inner(patch, "path") in ("/authorizationType", UNKNOWN):
            value = inner(patch, "value")
            yield from open_if(value == "NONE" if isinstance(value, str) else UNKNOWN)


def _guests(params: Params, scene: CallerContext) -> Found:
    """Cognito: a role for unauthenticated users."""
    roles = params.get("Roles")
    if roles is UNKNOWN or (isinstance(roles, dict) and roles.get("unauthenticated") is not None):
        yield UNKNOWN


def _listed(*names: str) -> Way:
    def way(params: Params, scene: CallerContext) -> Found:
        for name in names:
            value = params.get(name)
            yield from principals(value if isinstance(value, list) else [value], scene)

    return way


def _block_mode(params: Params, scene: CallerContext) -> Found:
    yield from open_if(params.get("InternetGatewayBlockMode") not in ("block-bidirectional", "block-ingress"))


def _emr_block(params: Params, scene: CallerContext) -> Found:
    yield from open_if(at(params, "BlockPublicAccessConfiguration", "BlockPublicSecurityGroupRules") is not True)


_CREATES_DATABASE = (
    "CreateDBInstance",
    "CreateDBInstanceReadReplica",
    "CreateDBCluster",
    "RestoreDBInstanceFromDBSnapshot",
    "RestoreDBInstanceFromS3",
    "RestoreDBInstanceToPointInTime",
    "RestoreDBClusterFromSnapshot",
    "RestoreDBClusterToPointInTime",
)
_ELASTIC_IP = ("AllocateAddress", "AssociateAddress")

_INSIDE = {
    "ec2": ("ImportKeyPair",),
    "ec2-instance-connect": ("SendSSHPublicKey", "SendSerialConsoleSSHPublicKey"),
    "elasticache": ("CreateUser", "CreateUserGroup", "ModifyReplicationGroup", "ModifyUser"),
    "lightsail": ("ImportKeyPair",),
    "logs": ("PutAccountPolicy", "PutDataProtectionPolicy", "PutIndexPolicy"),
    "memorydb": ("CreateUser", "UpdateUser"),
    "neptune": ("AddRoleToDBCluster",),
    "organizations": ("AttachPolicy",),
    "rds": ("AddRoleToDBCluster", "AddRoleToDBInstance"),
    "redshift": ("ModifyClusterIamRoles",),
    "transfer": ("ImportSshPublicKey",),
    "xray": ("PutEncryptionConfig",),
}
"""Changes of permissions that give nobody outside access: keys, users and roles within the account."""

_STRANGERS_OF_IAM = (
    "AddClientIDToOpenIDConnectProvider",
    "AssociateDelegationRequest",
    "EnableOrganizationsRootCredentialsManagement",
    "EnableOrganizationsRootSessions",
    "EnableOutboundWebIdentityFederation",
    "SendDelegationToken",
    "UpdateOpenIDConnectProviderThumbprint",
    "UpdateSAMLProvider",
)
"""Operations that change whom a trusted identity provider stands for, or that let in partners or the organization."""

NETWORK: dict[tuple[str, str], Way] = {
    ("ec2", "AuthorizeSecurityGroupIngress"): _ingress,
    ("ec2", "AuthorizeSecurityGroupEgress"): nobody,
    ("ec2", "ModifySecurityGroupRules"): _rules,
    ("ec2", "UpdateSecurityGroupRuleDescriptionsIngress"): nobody,
    ("ec2", "UpdateSecurityGroupRuleDescriptionsEgress"): nobody,
    ("ec2", "CreateNetworkAclEntry"): _network_acl,
    ("ec2", "ReplaceNetworkAclEntry"): _network_acl,
    ("ec2", "CreateNetworkAcl"): nobody,
    ("ec2", "DeleteNetworkAclEntry"): unknown,
    ("ec2", "ReplaceNetworkAclAssociation"): unknown,
    ("ec2", "CreateManagedPrefixList"): unknown,
    ("ec2", "ModifyManagedPrefixList"): unknown,
    ("ec2", "ModifyVpcBlockPublicAccessOptions"): _block_mode,
    ("ec2", "CreateVpcBlockPublicAccessExclusion"): everybody,
    ("ec2", "ModifyVpcBlockPublicAccessExclusion"): everybody,
    ("ec2", "ModifyVpcEndpointServicePermissions"): _listed("AddAllowedPrincipals"),
    ("ec2", "CreateNetworkInterfacePermission"): _listed("AwsAccountId", "AwsService"),
    ("ec2", "CreateVpcPeeringConnection"): _listed("PeerOwnerId"),
    **{("ec2", name): nobody for name in _ELASTIC_IP},
    ("rds", "AuthorizeDBSecurityGroupIngress"): _group_of("CIDRIP", "EC2SecurityGroupOwnerId"),
    ("redshift", "AuthorizeClusterSecurityGroupIngress"): _group_of("CIDRIP", "EC2SecurityGroupOwnerId"),
    ("elasticache", "AuthorizeCacheSecurityGroupIngress"): _group_of("CIDRIP", "EC2SecurityGroupOwnerId"),
    **{("rds", name): _reachable("PubliclyAccessible", unset=UNKNOWN) for name in _CREATES_DATABASE},
    ("rds", "ModifyDBCluster"): _reachable("PubliclyAccessible"),
    ("rds", "ModifyDBInstance"): _reachable("PubliclyAccessible"),
    ("redshift", "CreateCluster"): _reachable("PubliclyAccessible", unset=UNKNOWN),
    ("redshift", "RestoreFromClusterSnapshot"): _reachable("PubliclyAccessible", unset=UNKNOWN),
    ("redshift", "ModifyCluster"): _reachable("PubliclyAccessible"),
    ("redshift", "AuthorizeEndpointAccess"): _listed("Account"),
    ("redshift-serverless", "CreateWorkgroup"): _reachable("publiclyAccessible"),
    ("redshift-serverless", "UpdateWorkgroup"): _reachable("publiclyAccessible"),
    ("dms", "CreateReplicationInstance"): _reachable("PubliclyAccessible", unset=True),
    ("dms", "CreateInstanceProfile"): _reachable("PubliclyAccessible", unset=UNKNOWN),
    ("dms", "ModifyInstanceProfile"): _reachable("PubliclyAccessible"),
    ("mq", "CreateBroker"): _reachable("PubliclyAccessible", unset=UNKNOWN),
    ("lightsail", "CreateRelationalDatabase"): _reachable("publiclyAccessible"),
    ("lightsail", "CreateRelationalDatabaseFromSnapshot"): _reachable("publiclyAccessible"),
    ("lightsail", "UpdateRelationalDatabase"): _reachable("publiclyAccessible"),
    ("lightsail", "OpenInstancePublicPorts"): _ports("portInfo"),
    ("lightsail", "PutInstancePublicPorts"): _ports("portInfos"),
    ("elbv2", "CreateLoadBalancer"): _facing("Scheme", "internal"),
    ("elb", "CreateLoadBalancer"): _facing("Scheme", "internal"),
    ("lightsail", "CreateLoadBalancer"): everybody,
    ("lightsail", "CreateDistribution"): everybody,
    ("transfer", "CreateServer"): _facing("EndpointType", "VPC"),
    ("apprunner", "CreateService"): _reachable(
        "NetworkConfiguration", "IngressConfiguration", "IsPubliclyAccessible", unset=True
    ),
    ("apprunner", "UpdateService"): _reachable("NetworkConfiguration", "IngressConfiguration", "IsPubliclyAccessible"),
    ("cloudfront", "CreateDistribution"): _reachable("DistributionConfig", "Enabled"),
    ("cloudfront", "CreateDistributionWithTags"): _reachable("DistributionConfigWithTags", "DistributionConfig", "Enabled"),
    ("cloudfront", "UpdateDistribution"): _reachable("DistributionConfig", "Enabled"),
    ("eks", "CreateCluster"): _cluster(creates=True),
    ("eks", "UpdateClusterConfig"): _cluster(creates=False),
    ("eks", "CreateAccessEntry"): _listed("principalArn"),
    ("eks", "AssociateAccessPolicy"): _listed("principalArn"),
    ("eks", "UpdateAccessEntry"): _listed("principalArn"),
    ("es", "AuthorizeVpcEndpointAccess"): _listed("Account"),
    ("opensearch", "AuthorizeVpcEndpointAccess"): _listed("Account", "Service"),
    **{
        (service, name): _reachable("AdvancedSecurityOptions", "AnonymousAuthEnabled")
        for service, name in (
            ("es", "CreateElasticsearchDomain"),
            ("es", "UpdateElasticsearchDomainConfig"),
            ("opensearch", "CreateDomain"),
            ("opensearch", "UpdateDomainConfig"),
        )
    },
    ("apigateway", "PutMethod"): _method,
    ("apigateway", "UpdateMethod"): _method_patch,
    ("apigatewayv2", "CreateRoute"): _route(creates=True),
    ("apigatewayv2", "UpdateRoute"): _route(creates=False),
    ("apigatewayv2", "CreateApi"): _reachable("Target"),
    ("apigatewayv2", "UpdateApi"): _reachable("Target"),
    ("apigatewayv2", "ImportApi"): unknown,
    ("apigatewayv2", "ReimportApi"): unknown,
    ("cognito-identity", "CreateIdentityPool"): _reachable("AllowUnauthenticatedIdentities"),
    ("cognito-identity", "UpdateIdentityPool"): _reachable("AllowUnauthenticatedIdentities"),
    ("cognito-identity", "SetIdentityPoolRoles"): _guests,
    ("backup", "CreateRestoreAccessBackupVault"): unknown,
    ("ec2", "EnableSerialConsoleAccess"): unknown,
    **{("iam", name): unknown for name in _STRANGERS_OF_IAM},
    ("route53", "CreateVPCAssociationAuthorization"): unknown,
    **{(service, name): nobody for service, names in _INSIDE.items() for name in names},
    ("emr", "PutBlockPublicAccessConfiguration"): _emr_block,
}
"""By service and operation."""

OPAQUE = frozenset(
    (service, name)
    for service, names in {
        "amplify": ("CreateBranch", "CreateDeployment", "StartDeployment", "StartJob", "UpdateBranch"),
        "cloudcontrol": ("CreateResource", "UpdateResource"),
        "cloudformation": (
            "ContinueUpdateRollback",
            "CreateStack",
            "CreateStackInstances",
            "CreateStackSet",
            "ExecuteChangeSet",
            "ExecuteStackRefactor",
            "ImportStacksToStackSet",
            "RollbackStack",
            "UpdateStack",
            "UpdateStackInstances",
            "UpdateStackSet",
        ),
        "elasticbeanstalk": ("CloneEnvironment", "CreateEnvironment", "RebuildEnvironment", "UpdateEnvironment"),
        "globalaccelerator": ("CreateEndpointGroup", "CreateListener", "UpdateEndpointGroup", "UpdateListener"),
        "servicecatalog": ("ExecuteProvisionedProductPlan", "ProvisionProduct", "UpdateProvisionedProduct"),
        "serverlessrepo": ("CreateCloudFormationChangeSet",),
    }.items()
    for name in names
)
"""Operations that carry out a template or an earlier plan."""
