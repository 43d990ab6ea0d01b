"""Sharing that single members show: accounts and principals, address blocks, switches.

Rule: a row is `service.Operation: item item …`. An item is a path, which goes through lists, and with `*` through maps. `Path` holds
accounts or principals, `all:Path` as well, with "all" for everybody, and `cidr:Path` holds address blocks. A switch gives everybody
access: `Path=VALUE` if it has that value, `Path!=VALUE,VALUE` unless it has one of those, `Path+` if it is sent, `Path!` if it is not.
With `?` before a switch the answer is unknown instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.review.meaning import values_at
from trio_gate.aws.sharing.recipients import EVERYBODY, blocks, principals
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from trio_gate.aws.call import Unknown, Value
    from trio_gate.aws.resources.arns import CallerContext

    Found = Iterator[str | Unknown]
    Params = Mapping[str, Value]
    Way = Callable[[Params, CallerContext], Found]

ROWS = """
    acm-pca.CreatePermission: Principal
    amplify.UpdateApp: ?enableBasicAuth=false
    apigateway.PutMethod: authorizationType!=AWS_IAM,CUSTOM,COGNITO_USER_POOLS
    apigatewayv2.CreateApi: Target+
    apigatewayv2.CreatePortal: Authorization.None+
    apigatewayv2.CreateRoute: AuthorizationType!=JWT,AWS_IAM,CUSTOM
    apigatewayv2.UpdateApi: Target+
    apigatewayv2.UpdatePortal: Authorization.None+
    apigatewayv2.UpdateRoute: AuthorizationType=NONE
    apiportal.CreatePortal: authorization.authorizationConfig.none+
    apiportal.UpdatePortal: authorization.authorizationConfig.none+
    apprunner.CreateService: NetworkConfiguration.IngressConfiguration.IsPubliclyAccessible!=false
    apprunner.UpdateService: NetworkConfiguration.IngressConfiguration.IsPubliclyAccessible=true
    appstream.UpdateImagePermissions: SharedAccountId
    appsync.CreateApi: eventConfig.authProviders.authType=API_KEY
    appsync.CreateGraphqlApi: authenticationType=API_KEY additionalAuthenticationProviders.authenticationType=API_KEY
    appsync.UpdateApi: eventConfig.authProviders.authType=API_KEY
    appsync.UpdateGraphqlApi: authenticationType=API_KEY additionalAuthenticationProviders.authenticationType=API_KEY
    auditmanager.RegisterOrganizationAdminAccount: adminAccountId
    auditmanager.StartAssessmentFrameworkShare: destinationAccount
    backup.CreateBackupPlan: BackupPlan.Rules.CopyActions.DestinationBackupVaultArn
    backup.StartCopyJob: DestinationBackupVaultArn
    backup.UpdateBackupPlan: BackupPlan.Rules.CopyActions.DestinationBackupVaultArn
    bedrock-agentcore-control.CreateGateway: authorizerType=NONE
    bedrock-agentcore-control.UpdateGateway: authorizerType=NONE
    chime-sdk-voice.PutVoiceConnectorTermination: cidr:Termination.CidrAllowedList
    cloudfront.CreateDistribution: DistributionConfig.Enabled=true
    cloudfront.CreateDistributionTenant: Enabled!=false
    cloudfront.CreateDistributionWithTags: DistributionConfigWithTags.DistributionConfig.Enabled=true
    cloudfront.CreateStreamingDistribution: StreamingDistributionConfig.Enabled!=false
    cloudfront.CreateStreamingDistributionWithTags: StreamingDistributionConfigWithTags.StreamingDistributionConfig.Enabled!=false
    cloudfront.UpdateDistribution: DistributionConfig.Enabled=true
    cloudfront.UpdateDistributionTenant: Enabled=true
    cloudfront.UpdateStreamingDistribution: StreamingDistributionConfig.Enabled!=false
    cloudtrail.RegisterOrganizationDelegatedAdmin: MemberAccountId
    codebuild.UpdateProjectVisibility: projectVisibility=PUBLIC_READ
    codeguruprofiler.PutPermission: principals
    codestar-notifications.CreateNotificationRule: Targets.TargetAddress
    codestar-notifications.Subscribe: Target.TargetAddress
    cognito-identity.CreateIdentityPool: AllowUnauthenticatedIdentities=true ?SupportedLoginProviders+ ?CognitoIdentityProviders+ ?OpenIdConnectProviderARNs+
    cognito-identity.SetIdentityPoolRoles: Roles.unauthenticated+
    cognito-identity.UpdateIdentityPool: AllowUnauthenticatedIdentities=true ?SupportedLoginProviders+ ?CognitoIdentityProviders+ ?OpenIdConnectProviderARNs+
    config.PutAggregationAuthorization: AuthorizedAccountId
    detective.CreateMembers: Accounts.AccountId
    detective.EnableOrganizationAdminAccount: AccountId
    directconnect.AllocateConnectionOnInterconnect: ownerAccount
    directconnect.AllocateHostedConnection: ownerAccount
    directconnect.AllocatePrivateVirtualInterface: ownerAccount
    directconnect.AllocatePublicVirtualInterface: ownerAccount
    directconnect.AllocateTransitVirtualInterface: ownerAccount
    directconnect.CreateDirectConnectGatewayAssociationProposal: directConnectGatewayOwnerAccount
    dms.CreateInstanceProfile: PubliclyAccessible!=false
    dms.CreateReplicationInstance: PubliclyAccessible!=false
    dms.ModifyInstanceProfile: PubliclyAccessible=true
    docdb.ModifyDBClusterSnapshotAttribute: all:ValuesToAdd
    ds.ShareDirectory: ShareTarget.Id
    dynamodb.ExportTableToPointInTime: S3BucketOwner
    ec2.AssociateCapacityReservationBillingOwner: UnusedReservationBillingOwnerId
    ec2.CreateNetworkInterfacePermission: AwsAccountId AwsService
    ec2.CreateTransitGateway: Options.AutoAcceptSharedAttachments=enable
    ec2.CreateTransitGatewayPeeringAttachment: PeerAccountId
    ec2.CreateVpcPeeringConnection: PeerOwnerId
    ec2.EnableAddressTransfer: TransferAccountId
    ec2.EnableIpamOrganizationAdminAccount: DelegatedAdminAccountId
    ec2.ModifyManagedPrefixList: ?AddEntries+
    ec2.ModifyTransitGateway: Options.AutoAcceptSharedAttachments=enable
    ec2.ModifyVpcBlockPublicAccessOptions: InternetGatewayBlockMode=off
    ec2.ModifyVpcEndpointServicePermissions: AddAllowedPrincipals
    ecr.PutReplicationConfiguration: replicationConfiguration.rules.destinations.registryId
    ecr.StartReplicationBackfill: destination.registryId
    ecs.CreateService: gatewayConnectors.filters.accessTypes=PUBLIC
    ecs.UpdateService: gatewayConnectors.filters.accessTypes=PUBLIC
    efs.CreateReplicationConfiguration: Destinations.FileSystemId
    eks.AssociateAccessPolicy: principalArn
    eks.CreateAccessEntry: principalArn
    eks.UpdateAccessEntry: principalArn
    elasticache.CreateServerlessCache: ConnectionType=public
    entityresolution.AddPolicyStatement: principal
    es.AuthorizeVpcEndpointAccess: Account
    es.CreateElasticsearchDomain: AdvancedSecurityOptions.AnonymousAuthEnabled=true
    es.UpdateElasticsearchDomainConfig: AdvancedSecurityOptions.AnonymousAuthEnabled=true
    events.PutTargets: Targets.Arn
    fms.AssociateAdminAccount: AdminAccount
    fms.PutAdminAccount: AdminAccount
    gamelift.CreateFleet: cidr:EC2InboundPermissions.IpRange
    gamelift.CreateVpcPeeringAuthorization: GameLiftAwsAccountId
    gamelift.CreateVpcPeeringConnection: PeerVpcAwsAccountId
    gamelift.UpdateFleetPortSettings: cidr:InboundPermissionAuthorizations.IpRange
    globalaccelerator.CreateCrossAccountAttachment: Principals
    globalaccelerator.UpdateCrossAccountAttachment: AddPrincipals
    guardduty.CreateMembers: AccountDetails.AccountId
    guardduty.EnableOrganizationAdminAccount: AdminAccountId
    guardduty.InviteMembers: AccountIds
    inspector2.AssociateMember: accountId
    inspector2.EnableDelegatedAdminAccount: delegatedAdminAccountId
    iot.TransferCertificate: targetAwsAccount
    ivs.CreateChannel: authorized!=true
    ivs.UpdateChannel: authorized=false
    kafka.CreateCluster: BrokerNodeGroupInfo.ConnectivityInfo.PublicAccess.Type=SERVICE_PROVIDED_EIPS ClientAuthentication.Unauthenticated.Enabled=true
    kafka.CreateReplicator: KafkaClusters.AmazonMskCluster.MskClusterArn
    kafka.UpdateConnectivity: ConnectivityInfo.PublicAccess.Type=SERVICE_PROVIDED_EIPS
    kms.CreateGrant: GranteePrincipal RetiringPrincipal
    lambda.CreateFunctionUrlConfig: AuthType!=AWS_IAM
    lambda.PutFunctionEventInvokeConfig: DestinationConfig.OnSuccess.Destination DestinationConfig.OnFailure.Destination
    lambda.UpdateFunctionEventInvokeConfig: DestinationConfig.OnSuccess.Destination DestinationConfig.OnFailure.Destination
    lambda.UpdateFunctionUrlConfig: AuthType=NONE
    lexv2-models.CreateResourcePolicyStatement: principal.arn principal.service
    license-manager.CreateGrant: Principals
    lightsail.CreateContainerService: deployment.publicEndpoint+
    lightsail.CreateContainerServiceDeployment: publicEndpoint+
    lightsail.CreateRelationalDatabase: publiclyAccessible=true
    lightsail.CreateRelationalDatabaseFromSnapshot: publiclyAccessible=true
    lightsail.UpdateDistribution: isEnabled=true
    lightsail.UpdateRelationalDatabase: publiclyAccessible=true
    logs.CreateDelivery: deliveryDestinationArn
    logs.PutAccountPolicy: ?policyType=SUBSCRIPTION_FILTER_POLICY
    logs.PutSubscriptionFilter: destinationArn
    macie2.CreateInvitations: accountIds
    macie2.CreateMember: account.accountId
    macie2.EnableOrganizationAdminAccount: adminAccountId
    mediaconnect.AddFlowOutputs: cidr:Outputs.CidrAllowList
    mediaconnect.CreateFlow: Entitlements.Subscribers cidr:Source.WhitelistCidr cidr:Sources.WhitelistCidr cidr:Outputs.CidrAllowList
    mediaconnect.GrantFlowEntitlements: Entitlements.Subscribers
    mediaconnect.UpdateFlowEntitlement: Subscribers
    medialive.CreateInputSecurityGroup: cidr:WhitelistRules.Cidr
    medialive.TransferInputDevice: TargetCustomerId
    medialive.UpdateInputSecurityGroup: cidr:WhitelistRules.Cidr
    migration-hub-refactor-spaces.CreateApplication: ApiGatewayProxy.EndpointType!=PRIVATE
    mq.CreateBroker: PubliclyAccessible=true
    mwaa.CreateEnvironment: WebserverAccessMode=PUBLIC_ONLY WebserverAccessMode=PUBLIC_AND_PRIVATE
    mwaa.UpdateEnvironment: WebserverAccessMode=PUBLIC_ONLY WebserverAccessMode=PUBLIC_AND_PRIVATE
    neptune.CreateDBInstance: PubliclyAccessible=true ?PubliclyAccessible!
    neptune.ModifyDBClusterSnapshotAttribute: all:ValuesToAdd
    neptune.ModifyDBInstance: PubliclyAccessible=true
    oam.CreateLink: SinkIdentifier
    omics.CreateShare: principalSubscriber
    opensearch.AuthorizeVpcEndpointAccess: Account Service
    opensearch.CreateDomain: AdvancedSecurityOptions.AnonymousAuthEnabled=true
    opensearch.UpdateDomainConfig: AdvancedSecurityOptions.AnonymousAuthEnabled=true
    organizations.InviteAccountToOrganization: Target.Id
    organizations.RegisterDelegatedAdministrator: AccountId
    partnercentral-account.PutProfileVisibility: Visibility=PUBLIC
    pca-connector-scep.CreateConnector: VpcEndpointId!
    proton.CreateEnvironmentAccountConnection: managementAccountId
    qbusiness.AssociatePermission: principal
    qbusiness.CreateApplication: identityType=ANONYMOUS
    quicksight.RegisterUser: ?IdentityType=QUICKSIGHT
    quicksight.UpdateAnalysisPermissions: GrantPermissions.Principal
    quicksight.UpdateDashboardPermissions: GrantPermissions.Principal GrantLinkPermissions.Principal
    quicksight.UpdateDataSetPermissions: GrantPermissions.Principal
    quicksight.UpdateDataSourcePermissions: GrantPermissions.Principal
    quicksight.UpdateFolderPermissions: GrantPermissions.Principal
    quicksight.UpdatePublicSharingSettings: PublicSharingEnabled=true
    quicksight.UpdateTemplatePermissions: GrantPermissions.Principal
    quicksight.UpdateThemePermissions: GrantPermissions.Principal
    quicksight.UpdateTopicPermissions: GrantPermissions.Principal
    ram.AssociateResourceShare: principals ?resourceArns+
    ram.CreateResourceShare: principals
    ram.UpdateResourceShare: ?allowExternalPrincipals=true
    rds.CreateDBInstance: PubliclyAccessible=true ?PubliclyAccessible!
    rds.CreateDBInstanceReadReplica: PubliclyAccessible=true ?PubliclyAccessible!
    rds.CreateDBShardGroup: PubliclyAccessible=true ?PubliclyAccessible!
    rds.ModifyDBCluster: EnableInternetAccessGateway=true
    rds.ModifyDBClusterSnapshotAttribute: all:ValuesToAdd
    rds.ModifyDBInstance: PubliclyAccessible=true
    rds.ModifyDBSnapshotAttribute: all:ValuesToAdd
    rds.RestoreDBInstanceFromDBSnapshot: PubliclyAccessible=true ?PubliclyAccessible!
    rds.RestoreDBInstanceFromS3: PubliclyAccessible=true ?PubliclyAccessible!
    rds.RestoreDBInstanceToPointInTime: PubliclyAccessible=true ?PubliclyAccessible!
    redshift-serverless.CreateWorkgroup: publiclyAccessible=true
    redshift-serverless.UpdateWorkgroup: publiclyAccessible=true
    redshift.AuthorizeDataShare: ConsumerIdentifier
    redshift.AuthorizeEndpointAccess: Account
    redshift.AuthorizeSnapshotAccess: AccountWithRestoreAccess
    redshift.CreateCluster: PubliclyAccessible=true
    redshift.ModifyCluster: PubliclyAccessible=true
    redshift.RegisterNamespace: ConsumerIdentifiers
    redshift.RestoreFromClusterSnapshot: PubliclyAccessible=true
    route53domains.TransferDomainToAnotherAwsAccount: AccountId
    s3.PutBucketNotificationConfiguration: NotificationConfiguration.TopicConfigurations.TopicArn NotificationConfiguration.QueueConfigurations.QueueArn NotificationConfiguration.LambdaFunctionConfigurations.LambdaFunctionArn
    s3control.CreateAccessGrant: Grantee.GranteeIdentifier
    s3tables.PutTableBucketReplication: configuration.rules.destinations.destinationTableBucketARN
    s3tables.PutTableReplication: configuration.rules.destinations.destinationTableBucketARN
    sagemaker.CreateFlowDefinition: HumanLoopConfig.WorkteamArn
    sagemaker.CreateLabelingJob: HumanTaskConfig.WorkteamArn
    secretsmanager.AssociateCrossAccountReplica: CrossAccountReplicaARN
    securityhub.CreateMembers: AccountDetails.AccountId
    securityhub.EnableOrganizationAdminAccount: AdminAccountId
    securityhub.InviteMembers: AccountIds
    securitylake.CreateSubscriber: subscriberIdentity.principal
    securitylake.RegisterDataLakeDelegatedAdministrator: accountId
    securitylake.UpdateSubscriber: subscriberIdentity.principal
    servicecatalog.AssociatePrincipalWithPortfolio: PrincipalARN
    servicecatalog.CreatePortfolioShare: AccountId OrganizationNode.Value
    signer.AddProfilePermission: principal
    sns.AddPermission: AWSAccountId
    sqs.AddPermission: AWSAccountIds
    ssm.ModifyDocumentPermission: all:AccountIdsToAdd
    sso-admin.CreateAccountAssignment: PrincipalId
    timestream-influxdb.CreateDbCluster: publiclyAccessible=true
    timestream-influxdb.CreateDbInstance: publiclyAccessible=true
    timestream-influxdb.RestoreFromDbBackup: publiclyAccessible=true
    transfer.CreateWebApp: EndpointDetails.Vpc!
    vpc-lattice.CreateService: ?authType!=AWS_IAM
    vpc-lattice.CreateServiceNetwork: ?authType!=AWS_IAM
    vpc-lattice.UpdateService: ?authType=NONE
    vpc-lattice.UpdateServiceNetwork: ?authType=NONE
    wellarchitected.CreateLensShare: SharedWith
    wellarchitected.CreateProfileShare: SharedWith
    wellarchitected.CreateTemplateShare: SharedWith
    wellarchitected.CreateWorkloadShare: SharedWith
    workspaces-web.CreateIpAccessSettings: cidr:ipRules.ipRange
    workspaces-web.UpdateIpAccessSettings: cidr:ipRules.ipRange
    workspaces.AuthorizeIpRules: cidr:UserRules.ipRule
    workspaces.CreateIpGroup: cidr:UserRules.ipRule
    workspaces.UpdateConnectionAliasPermission: ConnectionAliasPermission.SharedAccountId
    workspaces.UpdateRulesOfIpGroup: cidr:UserRules.ipRule
    workspaces.UpdateWorkspaceImagePermission: SharedAccountId
"""


def _rows() -> Iterator[tuple[tuple[str, str], Way]]:
    for row in ROWS.strip().splitlines():
        where, _, items = row.strip().partition(": ")
        service, _, operation = where.partition(".")
        yield (service, operation), _all([_item(item) for item in items.split()])


def _all(ways: list[Way]) -> Way:
    def way(params: Params, caller: CallerContext) -> Found:
        for one in ways:
            yield from one(params, caller)

    return way


def _item(text: str) -> Way:
    if text[0] == "?" or text[-1] in "+!" or "=" in text:
        return _switch(text.removeprefix("?"), UNKNOWN if text[0] == "?" else EVERYBODY)
    kind, _, named = text.rpartition(":")
    path = tuple(named.split("."))
    if kind == "cidr":
        return lambda params, _: blocks([value for value in values_at(params, path) if value is not None])
    return lambda params, caller: principals(values_at(params, path), caller, everybody=kind or EVERYBODY)


def _switch(text: str, who: str | Unknown) -> Way:
    named, _, word = text.partition("=")
    unless = named.endswith("!")
    path = tuple(named.rstrip("+!").split("."))

    def way(params: Params, _scene: CallerContext) -> Found:
        values = [value for value in values_at(params, path) if value is not None]
        holds = [_is(value, word) if word else True for value in values]
        if UNKNOWN in values:
            yield UNKNOWN
        elif (not holds or not all(holds)) if unless else any(holds):
            yield who

    return way


def _is(value: Value, said: str) -> bool:
    return fold(value) in fold(said).split(",") if isinstance(value, str) else value is (said == "true")


LISTED: dict[tuple[str, str], Way] = dict(_rows())
"""By service and operation."""
