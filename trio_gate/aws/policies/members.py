"""Which members of an input hold a policy document.

Rule: a member is policy-like by its name. READ are those whose text is a policy in IAM's grammar, OTHER give access in another language,
PLAIN are settings that are only called policies, NAMED say which policy is meant. A test compares the pinned model with the lists. If a member is on none of them,
because a newer botocore added it, a text that could be a policy (it begins with a brace) is unknown.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from trio_gate.text.folding import fold

Kind = Literal["read", "named", "other", "plain", "unlisted"]

MEMBERS_KEPT = 1 << 14
"""Size of the cache of kinds of members, enough for some thousand operations."""

_POLICY_LIKE = re.compile(r"polic(?:y|ies)(?:document|text|body|injson|json|inputlist|template|content|string|statement)?\Z")


def _listed(text: str) -> frozenset[tuple[str, str]]:
    """Lines of `service[.Operation]: member member …` as pairs."""
    rows = (row.partition(":") for row in text.strip().splitlines())
    return frozenset((where.strip(), member) for where, _, members in rows for member in members.split())


READ = _listed("""
    accessanalyzer: accessPointPolicy bucketPolicy existingPolicyDocument fileSystemPolicy keyPolicies newPolicyDocument
    accessanalyzer: policyDocument queuePolicy repositoryPolicy secretPolicy streamPolicy tablePolicy topicPolicy trustPolicy
    acm-pca: Policy
    aiops: policy
    amp: policyDocument
    apigateway: policy
    apigatewayv2: PolicyDocument
    apiportal: policyDocument
    backup: AccessPointPolicy Policy
    bedrock: resourcePolicy
    bedrock-agent: policy
    bedrock-agentcore-control: policy
    cleanroomsml: configuredAudienceModelPolicy
    cloudfront: PolicyDocument
    cloudhsmv2: Policy
    cloudsearch: AccessPolicies
    cloudtrail: ResourcePolicy
    codeartifact: policyDocument
    codebuild: policy
    comprehend: ModelPolicy ResourcePolicy
    continuum: policy
    dsql: policy
    dynamodb: Policy ResourcePolicy
    ec2.CreateVpcEndpoint: PolicyDocument
    ec2.ModifyVpcEndpoint: PolicyDocument
    ecr: policyText repositoryPolicy
    ecr-public: policyText
    efs: Policy
    eks: policy
    elementalinference: policy
    emr-serverless: policy
    entityresolution: policy
    es: AccessPolicies
    eventbridgev2: PolicyDocument
    events: Policy
    fsx: Policy
    glacier: Policy
    glue: ExecutionRoleSessionPolicy PolicyInJson
    iam: AssumeRolePolicyDocument PermissionsBoundaryPolicyInputList PolicyDocument PolicyInputList ResourcePolicy
    iam: ServiceControlPolicyInputList
    imagebuilder: policy
    iot: policyDocument
    kafka: Policy
    kinesis: Policy
    kms: Policy
    lambda: Policy
    lambda-web: policy
    lexv2-models: policy
    logs: accessPolicy deliveryDestinationPolicy
    logs.PutResourcePolicy: policyDocument
    lookoutequipment: ResourcePolicy
    marketplace-catalog: Policy
    mediapackagev2: Policy
    mediastore: Policy
    mediatailor: Policy
    migration-hub-refactor-spaces: Policy
    network-firewall: Policy
    networkmanager.PutResourcePolicy: PolicyDocument
    oam: Policy
    odb: kmsPolicyDocument s3PolicyDocument stsPolicyDocument
    omics: s3AccessPolicy sessionPolicy
    opensearch: AccessPolicies DataSourceAccessPolicy
    organizations: Content
    osis: Policy
    payment-cryptography: Policy
    pinpoint-sms-voice-v2: Policy
    redshift: Policy
    redshift-serverless: policy
    rekognition: PolicyDocument
    rolesanywhere: sessionPolicy
    route53resolver: FirewallRuleGroupPolicy ResolverQueryLogConfigPolicy ResolverRulePolicy
    rum: PolicyDocument
    s3: Policy
    s3control: Policy
    s3files: policy
    s3tables: resourcePolicy
    s3vectors: policy
    sagemaker: ResourcePolicy
    schemas: Policy
    secretsmanager: ResourcePolicy
    ses: Policy
    sesv2: Policy
    sns: Policy
    sqs: Policy
    ssm: Policy
    ssm-contacts: Policy
    ssm-incidents: policy
    sso-admin: InlinePolicy
    sts: Policy
    transfer: Policy
    vpc-lattice: policy
    waf: Policy
    waf-regional: Policy
    wafv2: Policy
    wellarchitected: policy
    xray: PolicyDocument
""")
"""Documents in IAM's grammar."""

OTHER = _listed("""
    datazone: policy
    ec2: PolicyDocument
    opensearchserverless: policy
    ram: policyTemplate
    sso-admin: ActorPolicy
""")
"""Documents in other languages that give access: Cedar, OpenSearch Serverless' rules, a statement without a principal."""

PLAIN = _listed("""
    autoscaling: TerminationPolicies
    batch: dnsPolicy imagePullPolicy
    bedrock: policies
    bedrock-agent: answerPolicy
    cloudformation: StackPolicyBody
    cloudfront: ContentSecurityPolicy
    config: PolicyText
    ec2: UploadPolicy
    ecr: lifecyclePolicy lifecyclePolicyText
    ecs: attestationPolicy
    elbv2: AlpnPolicy SslPolicy
    emr: LogTypeUploadPolicy
    fsx: SnapshotPolicy
    iot: securityPolicy
    logs.PutAccountPolicy: policyDocument
    logs.PutDataProtectionPolicy: policyDocument
    logs.PutIndexPolicy: policyDocument
    mediastore: LifecyclePolicy
    networkmanager: PolicyDocument
    opensearchserverless.CreateLifecyclePolicy: policy
    opensearchserverless.UpdateLifecyclePolicy: policy
    securityhub: AccessPolicies AccessPolicy AssumeRolePolicyDocument LifecyclePolicyText OriginProtocolPolicy OtherPolicies
    securityhub: Policy RepositoryPolicyText TLSSecurityPolicy ViewerProtocolPolicy
    ses.CreateReceiptFilter: Policy
    sesv2: ReputationEntityPolicy
    sns: DataProtectionPolicy
    ssm: Policies
    storagegateway: NotificationPolicy
    workspaces: ClientExperiencePolicy
    workspaces-web: browserPolicy
""")
"""Nothing that gives access in AWS: names of settings, retention, routing, data protection, what a stack may update, findings."""

NAMED = _listed("""
    eks.AssociateAccessPolicy: policyArn
    iam.AttachGroupPolicy: PolicyArn
    iam.AttachRolePolicy: PolicyArn
    iam.AttachUserPolicy: PolicyArn
    iam.SetDefaultPolicyVersion: VersionId
    iot.AttachPolicy: policyName
    iot.AttachPrincipalPolicy: policyName
    iot.SetDefaultPolicyVersion: policyVersionId
    organizations.AttachPolicy: PolicyId
    quicksight.CreateIAMPolicyAssignment: PolicyArn
    quicksight.UpdateIAMPolicyAssignment: PolicyArn
    ram.AssociateResourceSharePermission: permissionArn
    ram.CreateResourceShare: permissionArns
    ram.ReplacePermissionAssociations: toPermissionArn
    sso-admin.AttachCustomerManagedPolicyReferenceToPermissionSet: Name
    sso-admin.AttachManagedPolicyToPermissionSet: ManagedPolicyArn
    sts: arn
""")
"""Policies that are named and not sent. A permissions boundary is not among them: it only limits."""

TEMPLATES = _listed("""
    apigateway.ImportRestApi: body
    apigateway.PutRestApi: body
    cloudcontrol.CreateResource: DesiredState
    cloudcontrol.UpdateResource: PatchDocument
    cloudformation.ContinueUpdateRollback: StackName
    cloudformation.CreateChangeSet: TemplateBody TemplateURL UsePreviousTemplate
    cloudformation.CreateStack: TemplateBody TemplateURL
    cloudformation.CreateStackInstances: StackSetName
    cloudformation.CreateStackRefactor: StackDefinitions
    cloudformation.CreateStackSet: TemplateBody TemplateURL StackId ExecutionRoleTemplateBody ExecutionRoleTemplateUrl
    cloudformation.ExecuteChangeSet: ChangeSetName
    cloudformation.ExecuteStackRefactor: StackRefactorId
    cloudformation.ImportStacksToStackSet: StackSetName
    cloudformation.RollbackStack: StackName
    cloudformation.UpdateStack: TemplateBody TemplateURL UsePreviousTemplate
    cloudformation.UpdateStackInstances: StackSetName
    cloudformation.UpdateStackSet: TemplateBody TemplateURL UsePreviousTemplate ExecutionRoleTemplateBody ExecutionRoleTemplateUrl
    config.PutConformancePack: TemplateBody TemplateS3Uri TemplateSSMDocumentDetails
    config.PutOrganizationConformancePack: TemplateBody TemplateS3Uri
    iam.AcquireRole: TemplateArn
    iot.CreateProvisioningTemplate: templateBody
    iot.CreateProvisioningTemplateVersion: templateBody
    iot.RegisterThing: templateBody
    iot.StartThingRegistrationTask: templateBody
    serverlessrepo.CreateCloudFormationChangeSet: ApplicationId
    servicecatalog.CreateProvisionedProductPlan: PlanName
    servicecatalog.ExecuteProvisionedProductPlan: PlanId
    servicecatalog.ProvisionProduct: ProvisionedProductName
    servicecatalog.UpdateProvisionedProduct: UpdateToken
""")
"""Templates, which may contain policies."""


@lru_cache(MEMBERS_KEPT)
def kind_of(service: str, operation: str, member: str) -> Kind | None:
    """What a member with that name holds; None if the name does not suggest a policy."""
    for where in (f"{service}.{operation}", service):
        for kind, rows in _LISTS:
            if (where, member) in rows:
                return kind
    return "unlisted" if _POLICY_LIKE.search(fold(member)) else None


_LISTS: tuple[tuple[Kind, frozenset[tuple[str, str]]], ...] = (
    ("read", READ),
    ("named", NAMED),
    ("other", OTHER),
    ("plain", PLAIN),
)
