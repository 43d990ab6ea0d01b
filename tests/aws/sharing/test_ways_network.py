"""Whom calls let in to what runs: a table of ways, with values on both sides."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import OTHER
from tests.kit.aws.policies import document, statement
from tests.kit.aws.sharing import BLOCK, OWN_ROLE, ROLE, WORLD, lets_in, without_rows
from trio_gate.aws.call import UNKNOWN


def ingress(**permission):
    return {"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **permission}]}


def vpc(**config):
    return {"name": "c", "resourcesVpcConfig": config}


WAYS = [
    ("eks.CreateCluster", {"name": "c", "resourcesVpcConfig": {"endpointPublicAccess": UNKNOWN}}, UNKNOWN),
    ("cognito-identity.SetIdentityPoolRoles", {"Roles": {"authenticated": OWN_ROLE}}, ()),
    ("ec2.AuthorizeSecurityGroupIngress", ingress(IpRanges=[{"CidrIp": WORLD}]), (WORLD,)),
    ("ec2.AuthorizeSecurityGroupIngress", ingress(IpRanges=[{"CidrIp": BLOCK}]), (BLOCK,)),
    ("ec2.AuthorizeSecurityGroupIngress", ingress(Ipv6Ranges=[{"CidrIpv6": "::/0"}]), ("::/0",)),
    ("ec2.AuthorizeSecurityGroupIngress", ingress(IpRanges=[{"CidrIp": "0.0.0.0/00"}]), (WORLD,)),
    ("ec2.AuthorizeSecurityGroupIngress", ingress(IpRanges=[{"CidrIp": "203.0.113.7/0"}]), (WORLD,)),
    ("ec2.AuthorizeSecurityGroupIngress", ingress(IpRanges=[{"CidrIp": "all"}]), UNKNOWN),
    ("ec2.AuthorizeSecurityGroupIngress", ingress(IpRanges=[{"CidrIp": "128.0.0.0/1"}]), ("128.0.0.0/1",)),
    ("ec2.AuthorizeSecurityGroupIngress", ingress(IpRanges=[{"CidrIp": "10.0.0.0/8"}]), ("10.0.0.0/8",)),
    ("ec2.AuthorizeSecurityGroupIngress", ingress(Ipv6Ranges=[{"CidrIpv6": "fc00::/7"}]), ("fc00::/7",)),
    ("ec2.AuthorizeSecurityGroupIngress", ingress(PrefixListIds=[{"PrefixListId": "pl-1"}]), UNKNOWN),
    ("ec2.AuthorizeSecurityGroupIngress", ingress(UserIdGroupPairs=[{"GroupId": "sg-2", "UserId": OTHER}]), (OTHER,)),
    ("ec2.AuthorizeSecurityGroupIngress", ingress(UserIdGroupPairs=[{"GroupId": "sg-2"}]), ()),
    ("ec2.AuthorizeSecurityGroupIngress", {"GroupId": "sg-1", "CidrIp": WORLD, "FromPort": 22}, (WORLD,)),
    ("ec2.AuthorizeSecurityGroupEgress", ingress(IpRanges=[{"CidrIp": WORLD}]), ()),
    ("ec2.ModifySecurityGroupRules", {"SecurityGroupRules": [{"SecurityGroupRule": {"CidrIpv4": WORLD}}]}, (WORLD,)),
    ("ec2.ModifySecurityGroupRules", {"SecurityGroupRules": [{"SecurityGroupRule": {"CidrIpv6": "::/0"}}]}, ("::/0",)),
    ("ec2.ModifySecurityGroupRules", {"SecurityGroupRules": [{"SecurityGroupRule": {"CidrIpv4": BLOCK}}]}, (BLOCK,)),
    ("ec2.ModifySecurityGroupRules", {"SecurityGroupRules": [{"SecurityGroupRule": {"PrefixListId": "pl-1"}}]}, UNKNOWN),
    ("ec2.CreateNetworkAclEntry", {"CidrBlock": WORLD, "RuleAction": "allow", "Egress": False}, (WORLD,)),
    ("ec2.CreateNetworkAclEntry", {"CidrBlock": WORLD, "RuleAction": "allow", "Egress": True}, ()),
    ("ec2.DeleteNetworkAclEntry", {"RuleNumber": 1, "Egress": False}, UNKNOWN),
    ("ec2.ModifyManagedPrefixList", {"AddEntries": [{"Cidr": WORLD}]}, UNKNOWN),
    ("ec2.ModifyVpcBlockPublicAccessOptions", {"InternetGatewayBlockMode": "off"}, ("*",)),
    ("ec2.ModifyVpcBlockPublicAccessOptions", {"InternetGatewayBlockMode": "block-ingress"}, ()),
    ("ec2.ModifyVpcEndpointServicePermissions", {"AddAllowedPrincipals": ["*", ROLE]}, ("*", ROLE)),
    ("ec2.CreateVpcPeeringConnection", {"VpcId": "v", "PeerVpcId": "w", "PeerOwnerId": OTHER}, (OTHER,)),
    ("ec2.CreateVpcPeeringConnection", {"VpcId": "v", "PeerVpcId": "w"}, ()),
    ("rds.AuthorizeDBSecurityGroupIngress", {"DBSecurityGroupName": "g", "CIDRIP": WORLD}, (WORLD,)),
    ("redshift.AuthorizeClusterSecurityGroupIngress", {"EC2SecurityGroupName": "g", "EC2SecurityGroupOwnerId": OTHER}, (OTHER,)),
    ("rds.CreateDBInstance", {"PubliclyAccessible": True}, ("*",)),
    ("rds.CreateDBInstance", {"PubliclyAccessible": False}, ()),
    ("rds.CreateDBInstance", {}, UNKNOWN),
    ("rds.ModifyDBInstance", {}, ()),
    ("rds.ModifyDBInstance", {"PubliclyAccessible": True}, ("*",)),
    ("redshift.ModifyCluster", {"PubliclyAccessible": True}, ("*",)),
    ("redshift-serverless.CreateWorkgroup", {"publiclyAccessible": True}, ("*",)),
    ("dms.CreateReplicationInstance", {}, ("*",)),
    ("mq.CreateBroker", {"PubliclyAccessible": False}, ()),
    ("lightsail.CreateRelationalDatabase", {"publiclyAccessible": True}, ("*",)),
    ("lightsail.OpenInstancePublicPorts", {"portInfo": {"fromPort": 22}}, (WORLD, "::/0")),
    ("lightsail.PutInstancePublicPorts", {"portInfos": [{"fromPort": 22, "cidrs": [BLOCK]}]}, (BLOCK,)),
    ("elbv2.CreateLoadBalancer", {"Name": "n"}, ("*",)),
    ("elbv2.CreateLoadBalancer", {"Name": "n", "Type": "gateway"}, ()),
    ("elbv2.CreateLoadBalancer", {"Name": "n", "Scheme": UNKNOWN}, UNKNOWN),
    ("rds.CreateDBCluster", {"Engine": "aurora-postgresql"}, ()),
    ("rds.CreateDBCluster", {"Engine": "aurora-postgresql", "WithExpressConfiguration": True}, ("*",)),
    ("rds.CreateDBCluster", {"Engine": "aurora-postgresql", "EnableInternetAccessGateway": True}, ("*",)),
    (
        "rds.CreateDBCluster",
        {"Engine": "aurora-postgresql", "WithExpressConfiguration": True, "EnableInternetAccessGateway": False},
        (),
    ),
    ("rds.ModifyDBCluster", {"EnableInternetAccessGateway": True}, ("*",)),
    ("rds.ModifyDBCluster", {"EnableInternetAccessGateway": False}, ()),
    ("rds.CreateDBCluster", {"Engine": "mysql"}, UNKNOWN),
    ("rds.CreateDBCluster", {"Engine": "mysql", "PubliclyAccessible": True}, ("*",)),
    ("transfer.CreateServer", {"EndpointType": "VPC", "EndpointDetails": {"AddressAllocationIds": ["eipalloc-1"]}}, ("*",)),
    ("transfer.UpdateServer", {"ServerId": "s", "EndpointType": "PUBLIC"}, ("*",)),
    ("transfer.UpdateServer", {"ServerId": "s"}, ()),
    ("apigateway.UpdateRestApi", {"patchOperations": [{"op": "replace", "path": "/name", "value": "n"}]}, ()),
    (
        "apigateway.UpdateRestApi",
        {"patchOperations": [{"op": "replace", "path": "/endpointConfiguration/types/PRIVATE", "value": "REGIONAL"}]},
        UNKNOWN,
    ),
    ("mediapackage.CreateOriginEndpoint", {"ChannelId": "c", "Id": "i"}, ("*",)),
    ("mediapackage.CreateOriginEndpoint", {"Whitelist": [BLOCK]}, (BLOCK,)),
    ("mediapackage.CreateOriginEndpoint", {"Authorization": {"CdnIdentifierSecret": "a"}}, ()),
    ("mediapackage.UpdateOriginEndpoint", {"Id": "i"}, ()),
    ("lightsail.CreateInstances", {"instanceNames": ["i"]}, ("*",)),
    (
        "emr.PutBlockPublicAccessConfiguration",
        {
            "BlockPublicAccessConfiguration": {
                "BlockPublicSecurityGroupRules": True,
                "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 22, "MaxRange": 22}],
            }
        },
        (),
    ),
    (
        "emr.PutBlockPublicAccessConfiguration",
        {
            "BlockPublicAccessConfiguration": {
                "BlockPublicSecurityGroupRules": True,
                "PermittedPublicSecurityGroupRuleRanges": [{"MinRange": 0, "MaxRange": 65535}],
            }
        },
        UNKNOWN,
    ),
    ("elbv2.CreateLoadBalancer", {"Name": "n", "Scheme": "internal"}, ()),
    ("elb.CreateLoadBalancer", {"LoadBalancerName": "n", "Scheme": "internet-facing"}, ("*",)),
    ("transfer.CreateServer", {"EndpointType": "VPC"}, ()),
    ("transfer.CreateServer", {}, ("*",)),
    ("apprunner.CreateService", {"ServiceName": "s"}, ("*",)),
    ("cloudfront.CreateDistribution", {"DistributionConfig": {"Enabled": True}}, ("*",)),
    ("eks.CreateCluster", {"name": "c", "resourcesVpcConfig": {}}, (WORLD,)),
    ("eks.CreateCluster", vpc(endpointPublicAccess=True, publicAccessCidrs=[BLOCK]), (BLOCK,)),
    ("eks.CreateCluster", vpc(endpointPublicAccess=False), ()),
    ("eks.UpdateClusterConfig", vpc(endpointPublicAccess=True), (WORLD,)),
    ("eks.UpdateClusterConfig", vpc(publicAccessCidrs=[WORLD]), (WORLD,)),
    ("eks.UpdateClusterConfig", {"name": "c", "logging": {}}, ()),
    ("eks.UpdateClusterConfig", {"name": "c", "resourcesVpcConfig": UNKNOWN}, UNKNOWN),
    ("eks.CreateAccessEntry", {"clusterName": "c", "principalArn": ROLE}, (ROLE,)),
    ("eks.AssociateAccessPolicy", {"clusterName": "c", "principalArn": OWN_ROLE, "policyArn": "p"}, ()),
    ("opensearch.AuthorizeVpcEndpointAccess", {"DomainName": "d", "Account": OTHER}, (OTHER,)),
    ("opensearch.CreateDomain", {"DomainName": "d", "AccessPolicies": document(statement(Principal="*"))}, ("*",)),
    ("opensearch.UpdateDomainConfig", {"DomainName": "d", "AdvancedSecurityOptions": {"AnonymousAuthEnabled": True}}, ("*",)),
    ("apigateway.PutMethod", {"authorizationType": "NONE"}, ("*",)),
    ("apigateway.PutMethod", {"authorizationType": "AWS_IAM"}, ()),
    ("apigateway.UpdateMethod", {"patchOperations": [{"op": "replace", "path": "/authorizationType", "value": "NONE"}]}, ("*",)),
    ("apigateway.UpdateMethod", {"patchOperations": [{"op": "replace", "path": "/apiKeyRequired", "value": "true"}]}, ()),
    ("apigatewayv2.CreateRoute", {"ApiId": "a", "RouteKey": "k"}, ("*",)),
    ("apigatewayv2.CreateRoute", {"ApiId": "a", "RouteKey": "k", "AuthorizationType": "JWT"}, ()),
    ("apigatewayv2.UpdateRoute", {"ApiId": "a", "RouteId": "r"}, ()),
    ("cognito-identity.CreateIdentityPool", {"AllowUnauthenticatedIdentities": True}, ("*",)),
    ("cognito-identity.UpdateIdentityPool", {"AllowUnauthenticatedIdentities": False}, ()),
    ("cognito-identity.SetIdentityPoolRoles", {"Roles": {"unauthenticated": OWN_ROLE}}, ("*",)),
    (
        "emr.PutBlockPublicAccessConfiguration",
        {"BlockPublicAccessConfiguration": {"BlockPublicSecurityGroupRules": False}},
        ("*",),
    ),
]


@pytest.mark.parametrize(("name", "params", "who"), WAYS, ids=lambda one: one if isinstance(one, str) else None)
def test_a_call_says_whom_it_lets_in(name, params, who):
    assert lets_in(name, params, who)


@pytest.mark.parametrize(
    ("name", "params"),
    [row[:2] for row in WAYS if row[2] != ()],
    ids=lambda one: one if isinstance(one, str) else None,
)
def test_without_its_row_a_call_is_unknown_and_never_harmless(name, params, monkeypatch):
    assert without_rows(monkeypatch, name, params) != ()
