"""What single members say: accounts and principals, blocks of addresses, switches."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import ACCOUNT, OTHER, operations, services
from tests.kit.aws.policies import shape_of
from tests.kit.aws.sharing import BLOCK, ORGANIZATION, ROLE, WORLD, lets_in, without_rows
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.sharing.ways_listed import LISTED, ROWS

VAULT = f"arn:aws:backup:us-east-1:{OTHER}:backup-vault:v"
WAYS = [
    ("acm-pca.CreatePermission", {"Principal": "acm.amazonaws.com"}, ()),
    ("ds.ShareDirectory", {"ShareTarget": {"Id": OTHER, "Type": "ACCOUNT"}}, (OTHER,)),
    ("guardduty.CreateMembers", {"AccountDetails": [{"AccountId": OTHER}, {"AccountId": ACCOUNT}]}, (OTHER,)),
    ("guardduty.CreateMembers", {"AccountDetails": UNKNOWN}, UNKNOWN),
    ("organizations.InviteAccountToOrganization", {"Target": {"Id": "a@example.com", "Type": "EMAIL"}}, ("a@example.com",)),
    ("servicecatalog.CreatePortfolioShare", {"PortfolioId": "p", "AccountId": OTHER}, (OTHER,)),
    ("servicecatalog.CreatePortfolioShare", {"OrganizationNode": {"Value": ORGANIZATION}}, (ORGANIZATION,)),
    ("signer.AddProfilePermission", {"profileName": "p", "principal": ROLE}, (ROLE,)),
    ("wellarchitected.CreateLensShare", {"LensAlias": "l", "SharedWith": OTHER}, (OTHER,)),
    ("ssm.ModifyDocumentPermission", {"AccountIdsToAdd": ["all"]}, ("*",)),
    ("ssm.ModifyDocumentPermission", {"AccountIdsToAdd": [OTHER], "AccountIdsToRemove": ["all"]}, (OTHER,)),
    ("mediaconnect.CreateFlow", {"Entitlements": [{"Subscribers": [OTHER]}], "Name": "f"}, (OTHER,)),
    ("medialive.CreateInputSecurityGroup", {"WhitelistRules": [{"Cidr": WORLD}]}, (WORLD,)),
    ("medialive.CreateInputSecurityGroup", {"WhitelistRules": [{"Cidr": BLOCK}]}, (BLOCK,)),
    ("workspaces.CreateIpGroup", {"GroupName": "g", "UserRules": [{"ipRule": WORLD}]}, (WORLD,)),
    ("gamelift.CreateFleet", {"EC2InboundPermissions": [{"IpRange": "all"}]}, UNKNOWN),
    (
        "ecr.PutReplicationConfiguration",
        {"replicationConfiguration": {"rules": [{"destinations": [{"registryId": OTHER}]}]}},
        (OTHER,),
    ),
    (
        "ecr.PutReplicationConfiguration",
        {"replicationConfiguration": {"rules": [{"destinations": [{"registryId": ACCOUNT}]}]}},
        (),
    ),
    ("backup.StartCopyJob", {"DestinationBackupVaultArn": VAULT}, (VAULT,)),
    ("backup.StartCopyJob", {"DestinationBackupVaultArn": VAULT.replace(OTHER, ACCOUNT)}, ()),
    ("oam.CreateLink", {"SinkIdentifier": f"arn:aws:oam:us-east-1:{OTHER}:sink/s"}, (f"arn:aws:oam:us-east-1:{OTHER}:sink/s",)),
    ("appsync.CreateGraphqlApi", {"name": "a", "authenticationType": "API_KEY"}, ("*",)),
    ("appsync.CreateGraphqlApi", {"name": "a", "authenticationType": "AWS_IAM"}, ()),
    (
        "appsync.UpdateGraphqlApi",
        {"authenticationType": "AWS_IAM", "additionalAuthenticationProviders": [{"authenticationType": "API_KEY"}]},
        ("*",),
    ),
    ("mwaa.CreateEnvironment", {"Name": "e", "WebserverAccessMode": "PUBLIC_ONLY"}, ("*",)),
    ("mwaa.CreateEnvironment", {"Name": "e"}, ()),
    ("mq.CreateBroker", {}, ()),
    ("mq.CreateBroker", {"PubliclyAccessible": True}, ("*",)),
    ("redshift.CreateCluster", {"ClusterIdentifier": "c"}, ()),
    ("dms.CreateReplicationInstance", {"PubliclyAccessible": False}, ()),
    ("dms.CreateReplicationInstance", {"PubliclyAccessible": UNKNOWN}, UNKNOWN),
    ("rds.CreateDBInstance", {"PubliclyAccessible": UNKNOWN}, UNKNOWN),
    ("neptune.CreateDBInstance", {"PubliclyAccessible": False}, ()),
    ("docdb.CreateDBInstance", {"DBInstanceIdentifier": "d"}, ()),
    ("elasticache.CreateServerlessCache", {"ConnectionType": "public"}, ("*",)),
    ("kafka.UpdateConnectivity", {"ConnectivityInfo": {"PublicAccess": {"Type": "DISABLED"}}}, ()),
    ("kafka.UpdateConnectivity", {"ConnectivityInfo": {"PublicAccess": {"Type": "SERVICE_PROVIDED_EIPS"}}}, ("*",)),
    ("ivs.CreateChannel", {"name": "c"}, ("*",)),
    ("ivs.CreateChannel", {"authorized": True}, ()),
    ("apigatewayv2.CreatePortal", {"Authorization": {"None": {}}}, ("*",)),
    ("apigatewayv2.CreatePortal", {"Authorization": {"CognitoConfig": {"AppClientId": "a"}}}, ()),
    ("transfer.CreateWebApp", {"IdentityProviderDetails": {}}, ("*",)),
    ("transfer.CreateWebApp", {"EndpointDetails": {"Vpc": {"VpcId": "v"}}}, ()),
    ("vpc-lattice.CreateService", {"name": "s"}, UNKNOWN),
    ("vpc-lattice.CreateService", {"name": "s", "authType": "AWS_IAM"}, ()),
    (
        "ram.AssociateResourceShare",
        {"resourceShareArn": "a", "resourceArns": ["arn:aws:ec2:us-east-1:111111111111:subnet/s"]},
        UNKNOWN,
    ),
    ("ram.AssociateResourceShare", {"resourceShareArn": "a", "principals": [OTHER]}, (OTHER,)),
    ("ram.UpdateResourceShare", {"resourceShareArn": "a", "allowExternalPrincipals": True}, UNKNOWN),
    ("ram.UpdateResourceShare", {"resourceShareArn": "a", "name": "n"}, ()),
    ("cognito-identity.CreateIdentityPool", {"SupportedLoginProviders": {"accounts.google.com": "a"}}, UNKNOWN),
    ("cognito-identity.CreateIdentityPool", {"IdentityPoolName": "p", "AllowUnauthenticatedIdentities": False}, ()),
    ("cloudfront.CreateDistributionTenant", {"Name": "t"}, ("*",)),
    ("cloudfront.UpdateDistributionTenant", {"Id": "t"}, ()),
    ("ec2.ModifyManagedPrefixList", {"RemoveEntries": [{"Cidr": BLOCK}]}, ()),
    ("ec2.CreateTransitGatewayPeeringAttachment", {"PeerAccountId": OTHER}, (OTHER,)),
    ("quicksight.UpdatePublicSharingSettings", {"PublicSharingEnabled": True}, ("*",)),
    ("quicksight.UpdatePublicSharingSettings", {"PublicSharingEnabled": False}, ()),
    ("lambda.CreateFunctionUrlConfig", {"AuthType": "none"}, ("*",)),
    ("logs.PutAccountPolicy", {"policyType": "SUBSCRIPTION_FILTER_POLICY", "policyName": "p", "policyDocument": "{}"}, UNKNOWN),
    ("logs.PutAccountPolicy", {"policyType": "FIELD_INDEX_POLICY", "policyName": "p", "policyDocument": "{}"}, ()),
    ("dynamodb.ExportTableToPointInTime", {"S3Bucket": "b", "S3BucketOwner": OTHER}, (OTHER,)),
    ("amplify.UpdateApp", {"appId": "a", "enableBasicAuth": False}, UNKNOWN),
    ("amplify.UpdateApp", {"appId": "a", "name": "n"}, ()),
    ("apigatewayv2.CreateRoute", {"AuthorizationType": "CUSTOM"}, ()),
    ("apigateway.PutMethod", {"authorizationType": "COGNITO_USER_POOLS"}, ()),
    ("apigateway.PutMethod", {"authorizationType": UNKNOWN}, UNKNOWN),
]


@pytest.mark.parametrize(("name", "params", "who"), WAYS, ids=lambda one: one if isinstance(one, str) else None)
def test_a_call_says_whom_it_lets_in(name, params, who):
    assert lets_in(name, params, who)


@pytest.mark.parametrize(
    ("name", "params"), [row[:2] for row in WAYS if row[2]], ids=lambda one: one if isinstance(one, str) else None
)
def test_without_its_row_a_call_is_unknown_and_never_harmless(name, params, monkeypatch):
    assert without_rows(monkeypatch, name, params) == UNKNOWN


@pytest.mark.parametrize("row", [line.strip() for line in ROWS.strip().splitlines()])
def test_every_path_is_of_the_model(row):
    where, _, items = row.partition(": ")
    service, operation = where.split(".")
    assert service in services()
    assert operation in operations(service)
    assert (service, operation) in LISTED
    for item in items.split():
        shape = shape_of(service, operation)
        for name in item.lstrip("?").rpartition(":")[2].partition("=")[0].rstrip("+!").split("."):
            while shape.type == "list":
                shape = shape.inner("")
            assert shape.type == "map" or name in shape.members, item
            shape = shape.inner(name)
