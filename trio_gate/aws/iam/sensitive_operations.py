"""Calls whose answer holds a secret, and calls whose answer holds credentials.

Rule: two explicit lists by botocore's service and operation; a test checks that each entry exists. An operation that is newer
than the lists may do either, so it is UNKNOWN. *Vending* calls return something that gives access: keys, tokens, passwords,
login links; short-lived or long-lived, new or stored. *Secret* calls return what someone stored or encrypted. A call may be
both. Login links count, links for downloading data do not. Sources: outputs in botocore's models (names and the sensitive
trait), read one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Unknown, Value


def _listed(text: str) -> frozenset[tuple[str, str]]:
    """Parse rows of `service: Operation Operation …` into pairs."""
    rows = (row.partition(":") for row in text.strip().splitlines())
    return frozenset((service.strip(), operation) for service, _, operations in rows for operation in operations.split())


VENDS = _listed("""
    account-access-runtime: GetRoleCredentials
    acm: ExportCertificate GetAcmeExternalAccountBindingCredentials
    amplifybackend: CreateToken GetToken
    amplifyuibuilder: ExchangeCodeForToken RefreshToken
    apigateway: CreateApiKey UpdateApiKey
    appstream: CreateAppBlockBuilderStreamingURL CreateImageBuilderStreamingURL CreateStreamingURL
    appsync: CreateApiKey ListApiKeys UpdateApiKey
    athena: CreatePresignedNotebookUrl GetSessionEndpoint
    bedrock-agentcore: GetResourceApiKey GetResourceOauth2Token GetResourcePaymentToken GetWorkloadAccessToken
    bedrock-agentcore: GetWorkloadAccessTokenForJWT GetWorkloadAccessTokenForUserId ProcessPayment
    chime: CreateBot RegenerateSecurityToken
    chime-sdk-meetings: BatchCreateAttendee CreateAttendee CreateMeetingWithAttendees GetAttendee ListAttendees
    chime-sdk-meetings: UpdateAttendeeCapabilities
    cloudwatchomni: GetSpaceCredentialsForOrganization GetSpaceDataAccess
    codeartifact: GetAuthorizationToken
    codebuild: CreateWebhook StartSandboxConnection UpdateWebhook
    codecatalyst: CreateAccessToken StartDevEnvironmentSession
    codepipeline: GetJobDetails GetThirdPartyJobDetails PollForJobs
    cognito-identity: GetCredentialsForIdentity GetOpenIdToken GetOpenIdTokenForDeveloperIdentity
    cognito-idp: AddUserPoolClientSecret AdminInitiateAuth AdminRespondToAuthChallenge AssociateSoftwareToken
    cognito-idp: CreateUserPoolClient GetClientToken GetDerivedToken GetTokensFromRefreshToken InitiateAuth
    cognito-idp: RespondToAuthChallenge
    connect: CreateAuthCode CreateParticipant GetFederationToken StartAssistantContact StartChatContact StartWebRTCContact
    connectparticipant: CreateParticipantConnection
    datazone: GetConnection GetEnvironmentCredentials GetIamPortalLoginUrl ListConnections
    deadline: AssumeFleetRoleForRead AssumeFleetRoleForWorker AssumeQueueRoleForRead AssumeQueueRoleForUser
    deadline: AssumeQueueRoleForWorker
    devicefarm: CreateTestGridUrl
    devops-agent: AssociateService UpdateAssociation
    ec2: CreateKeyPair ExportClientVpnClientConfiguration ExportVerifiedAccessInstanceClientConfiguration GetPasswordData
    ecr: GetAuthorizationToken
    ecr-public: GetAuthorizationToken
    ecs: ExecuteCommand
    eks-auth: AssumeRoleForPodIdentity
    emr: GetClusterSessionCredentials GetOnClusterAppUIPresignedURL GetPersistentAppUIPresignedURL GetSessionEndpoint
    emr-containers: GetManagedEndpointSessionCredentials
    emr-serverless: GetDashboardForJobRun GetSessionEndpoint
    evs: GetDepotUrl
    gamelift: CreateBuild GetComputeAccess GetComputeAuthToken GetInstanceAccess GetPlayerConnectionDetails
    gamelift: RequestUploadCredentials
    gameliftstreams: CreateStreamSessionAdminShell
    glue: GetSessionEndpoint
    grafana: CreateWorkspaceApiKey CreateWorkspaceServiceAccountToken
    iam: CreateAccessKey CreateLoginProfile CreateServiceSpecificCredential CreateVirtualMFADevice
    iam: ResetServiceSpecificCredential UpdateLoginProfile
    iot: CreateKeysAndCertificate CreateProvisioningClaim
    iot-managed-integrations: CreateProvisioningProfile
    iotsecuretunneling: OpenTunnel RotateTunnelAccessToken
    ivs: CreateChannel CreateStreamKey
    ivs-realtime: CreateIngestConfiguration CreateParticipantToken CreateStage
    ivschat: CreateChatToken
    kinesis-video-signaling: GetIceServerConfig
    kinesisanalyticsv2: CreateApplicationPresignedUrl
    lakeformation: AssumeDecoratedRoleWithSAML GetTemporaryDataLocationCredentials GetTemporaryGlueFunctionCredentials
    lakeformation: GetTemporaryGluePartitionCredentials GetTemporaryGlueTableCredentials
    lambda-microvms: CreateMicrovmAuthToken CreateMicrovmShellAuthToken
    license-manager: CheckoutBorrowLicense CheckoutLicense CreateToken GetAccessToken
    lightsail: CreateBucketAccessKey CreateContainerServiceRegistryLogin CreateGUISessionAccessDetails CreateKeyPair
    lightsail: DownloadDefaultKeyPair GetBucketAccessKeys GetInstanceAccessDetails GetRelationalDatabaseMasterUserPassword
    location: CreateKey
    managedblockchain: CreateAccessor GetAccessor
    mediapackage: CreateChannel RotateChannelCredentials RotateIngestEndpointCredentials
    mwaa: CreateCliToken CreateWebLoginToken
    payment-cryptography: ExportKey
    pca-connector-scep: CreateChallenge GetChallengePassword
    pcs: RegisterComputeNodeGroupInstance
    quicksight: GenerateEmbedUrlForAnonymousUser GenerateEmbedUrlForRegisteredUser
    quicksight: GenerateEmbedUrlForRegisteredUserWithIdentity GetDashboardEmbedUrl GetSessionEmbedUrl
    redshift: GetClusterCredentials GetClusterCredentialsWithIAM GetIdentityCenterAuthToken
    redshift-serverless: GetCredentials GetIdentityCenterAuthToken
    route53domains: RetrieveDomainAuthCode TransferDomainToAnotherAwsAccount
    route53globalresolver: CreateAccessToken GetAccessToken
    s3: CreateSession
    s3control: GetDataAccess
    sagemaker: CreatePartnerAppPresignedUrl CreatePresignedDomainUrl CreatePresignedMlflowAppUrl
    sagemaker: CreatePresignedMlflowTrackingServerUrl CreatePresignedNotebookInstanceUrl StartSession
    securityagent: UpdateIntegration
    signin: CreateBearerToken CreateOAuth2Token CreateOAuth2TokenWithIAM CreateOAuth2TokenWithTokenExchange
    snowball: GetJobUnlockCode
    ssm: CreateActivation GetAccessToken ResumeSession StartSession
    sso: GetRoleCredentials
    sso-oidc: CreateToken CreateTokenWithIAM RegisterClient StartDeviceAuthorization
    sts: AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot GetDelegatedAccessToken GetFederationToken
    sts: GetScopedCredentials GetSessionToken GetWebIdentityToken
    wafv2: CreateAPIKey
    wickr: GetOidcInfo GetOpentdfConfig RegisterOidcConfig RegisterOpentdfConfig
    workmail: AssumeImpersonationRole
""")

READS_SECRET = _listed("""
    acm: ExportCertificate
    amplify: GetApp GetBranch ListApps ListBranches
    amplifybackend: GetBackendAuth
    chime: GetBot ListBots
    cloudhsmv2: DescribeClusters
    codebuild: BatchGetProjects
    codepipeline: ListWebhooks
    cognito-idp: DescribeIdentityProvider DescribeUserPoolClient ListUserPoolClientSecrets
    connecthealth: GetPatientInsightsJob
    datazone: GetConnection ListConnections
    directconnect: DescribeVirtualInterfaces
    ec2: DescribeVerifiedAccessTrustProviders DescribeVpnConnections GetPasswordData GetVpnConnectionDeviceSampleConfiguration
    firehose: DescribeDeliveryStream
    gamelift: GetInstanceAccess
    invoicing: GetProcurementPortalPreference
    iot: CreateTopicRuleDestination GetTopicRule GetTopicRuleDestination ListTopicRuleDestinations
    ivs: BatchGetChannel BatchGetStreamKey GetChannel GetStreamKey GetStreamSession
    kms: Decapsulate Decrypt DeriveSharedSecret Encapsulate GenerateDataKey GenerateDataKeyPair
    lightsail: GetBucketAccessKeys GetInstanceAccessDetails GetRelationalDatabaseMasterUserPassword
    location: DescribeKey
    mailmanager: GetIngressPoint
    mediapackage: DescribeChannel ListChannels
    payment-cryptography: ExportKey
    payment-cryptography-data: DecryptData
    pca-connector-scep: GetChallengePassword
    secretsmanager: BatchGetSecretValue GetSecretValue
    ssm: GetParameter GetParameterHistory GetParameters GetParametersByPath
    storagegateway: DescribeChapCredentials
    wafv2: ListAPIKeys
    wickr: GetOidcInfo GetOpentdfConfig
""")

_VENDS_WITH = {
    ("apigateway", "GetApiKey"): "includeValue",
    ("apigateway", "GetApiKeys"): "includeValues",
}
"""The answer holds the key itself only where this member is true."""

_SECRET_WITHOUT = {("glue", "GetConnection"): "HidePassword", ("glue", "GetConnections"): "HidePassword"}
"""The answer holds the password unless this member is true."""


def listed(service: str, operation: str) -> bool:
    """Whether an operation is on one of the lists, which proves that it was reviewed."""
    return (service, operation) in VENDS | READS_SECRET


def vends_credentials(service: str, operation: str, params: Mapping[str, Value], *, reviewed: bool) -> bool | Unknown:
    """Whether the answer carries credentials, tokens or passwords that open something."""
    switch = _VENDS_WITH.get((service, operation))
    vends = (service, operation) in VENDS or (switch is not None and params.get(switch) not in (None, False))
    return vends or _absent(reviewed=reviewed)


def reads_secret(service: str, operation: str, params: Mapping[str, Value], *, reviewed: bool) -> bool | Unknown:
    """Whether the answer carries a stored secret or the plain text of something encrypted."""
    switch = _SECRET_WITHOUT.get((service, operation))
    reads = (service, operation) in READS_SECRET or (switch is not None and params.get(switch) is not True)
    return reads or _absent(reviewed=reviewed)


def _absent(*, reviewed: bool) -> bool | Unknown:
    """What an operation's absence from a list proves: False if it was reviewed, UNKNOWN otherwise."""
    return False if reviewed else UNKNOWN
