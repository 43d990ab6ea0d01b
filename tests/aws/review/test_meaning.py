"""What the review says of calls: of their answers, and of what they do."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import OTHER, TABLES, meaning, model, operations, services
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.review.meaning import decided
from trio_gate.aws.review.rows import read_rows
from trio_gate.shell.models.packaged_data import packaged_tables

CREDENTIALS = {"secretaccesskey", "secretkey", "sessiontoken"}
HANDS_OUT = [
    ("sts", "AssumeRole", {}, True, False),
    ("sts", "GetScopedCredentials", {}, True, False),
    ("sts", "GetWhatIsNewHere", {}, UNKNOWN, UNKNOWN),
    ("newservice", "ListThings", {}, UNKNOWN, UNKNOWN),
    ("sts", "GetCallerIdentity", {}, False, False),
    ("iam", "CreateAccessKey", {}, True, False),
    ("iam", "CreateLoginProfile", {}, True, False),
    ("iam", "ListAccessKeys", {}, False, False),
    ("s3", "CreateSession", {}, True, False),
    ("s3", "GetObject", {}, False, False),
    ("ecr", "GetAuthorizationToken", {}, True, False),
    ("ssm", "StartSession", {}, True, False),
    ("ssm", "GetParameter", {"Name": "/prod/db"}, False, False),
    ("ssm", "GetParameter", {"Name": "/prod/db", "WithDecryption": False}, False, False),
    ("ssm", "GetParameter", {"Name": "/prod/db", "WithDecryption": True}, False, True),
    ("ssm", "GetParameter", {"Name": "/prod/db", "WithDecryption": UNKNOWN}, False, UNKNOWN),
    ("ssm", "GetParameter", {"Name": "/aws/service/ami", "WithDecryption": True}, False, False),
    ("ssm", "GetParameter", {"Name": "/aws/service/../prod", "WithDecryption": True}, False, True),
    ("ssm", "GetParameter", {"Name": "/aws/services", "WithDecryption": True}, False, True),
    ("ssm", "GetParameter", {"Name": "arn:aws:ssm:us-east-1::parameter/aws/service/x", "WithDecryption": True}, False, True),
    ("ssm", "GetParameters", {"Names": ["/aws/service/a", "/prod"], "WithDecryption": True}, False, True),
    ("ssm", "GetParametersByPath", {"Path": "/aws/service", "WithDecryption": True}, False, False),
    ("ssm", "GetParametersByPath", {"Path": "/aws", "WithDecryption": True}, False, True),
    ("secretsmanager", "GetSecretValue", {}, False, True),
    ("secretsmanager", "ListSecrets", {}, False, False),
    ("kms", "Decrypt", {}, False, True),
    ("kms", "GenerateDataKeyWithoutPlaintext", {}, False, False),
    ("stepfunctions", "StartSyncExecution", {}, True, False),
    ("quicksight", "RegisterUser", {}, True, False),
    ("lambda", "CreateFunctionUrlConfig", {}, False, False),
    ("acm", "ExportCertificate", {}, True, True),
    ("apigateway", "GetApiKeys", {}, False, False),
    ("apigateway", "GetApiKeys", {"includeValues": True}, True, True),
    ("apigateway", "GetApiKey", {"includeValue": UNKNOWN}, UNKNOWN, UNKNOWN),
    ("glue", "GetConnection", {}, False, True),
    ("glue", "GetConnection", {"HidePassword": True}, False, False),
    ("glue", "GetConnection", {"HidePassword": UNKNOWN}, False, UNKNOWN),
    ("cloudcontrol", "GetResource", {}, False, True),
    ("eks", "DescribeCluster", {}, False, False),
    ("rds", "DescribeDBInstances", {}, False, False),
]


@pytest.mark.parametrize(("service", "operation", "params", "vends", "secret"), HANDS_OUT)
def test_calls_say_what_they_hand_out(service, operation, params, vends, secret):
    found = meaning(service, operation, params)
    assert (found.vends_credentials, found.reads_secret) == (vends, secret)


@pytest.mark.parametrize(
    ("service", "operation", "exposes"),
    [
        ("lambda", "GetFunctionConfiguration", True),
        ("ecs", "DescribeTaskDefinition", True),
        ("ec2", "DescribeInstanceAttribute", True),
        ("ec2", "DescribeLaunchTemplateVersions", True),
        ("cloudformation", "GetTemplate", True),
        ("elasticbeanstalk", "DescribeConfigurationSettings", True),
        ("codebuild", "BatchGetProjects", True),
        ("secretsmanager", "GetSecretValue", True),
        ("ec2", "DescribeInstances", False),
        ("ssm", "ListCommandInvocations", True),
        ("sagemaker", "DescribePipeline", True),
        ("imagebuilder", "GetComponent", True),
        ("sqs", "ReceiveMessage", True),
        ("appsync", "GetFunction", True),
        ("iotsitewise", "GetAssetPropertyValue", False),
        ("devicefarm", "GetProject", True),
        ("glue", "GetCrawler", False),
        ("quicksight", "DescribeUser", False),
        ("s3", "GetObject", False),
        ("ecs", "DescribeServices", False),
        ("cloudformation", "DescribeStackEvents", False),
        ("dynamodb", "GetItem", False),
    ],
)
def test_environments_user_data_and_templates_are_where_secrets_are_left(service, operation, exposes):
    assert meaning(service, operation).may_expose_secrets is exposes


@pytest.mark.parametrize(
    ("service", "operation", "params", "access"),
    [
        ("sqs", "ReceiveMessage", {}, "write"),
        ("bedrock-runtime", "InvokeModel", {}, "write"),
        ("bedrock-runtime", "Converse", {}, "write"),
        ("sagemaker-runtime", "InvokeEndpoint", {}, "write"),
        ("cloudformation", "DetectStackDrift", {}, "write"),
        ("logs", "StartQuery", {}, "read"),
        ("logs", "StopQuery", {}, "write"),
        ("cloudwatch", "GetMetricData", {}, "read"),
        ("ce", "GetCostAndUsage", {}, "read"),
        ("iam", "CreateRole", {}, "permissions"),
        ("iam", "TagRole", {}, "tagging"),
        ("ec2", "AuthorizeSecurityGroupIngress", {}, "permissions"),
        ("ec2", "ModifyImageAttribute", {}, "permissions"),
        ("ec2", "ImportKeyPair", {}, "permissions"),
        ("kinesis", "DeleteResourcePolicy", {}, "permissions"),
        ("opensearch", "UpdateDomainConfig", {"AccessPolicies": "{}"}, "permissions"),
        ("opensearch", "UpdateDomainConfig", {"ClusterConfig": {"InstanceCount": 9}}, "write"),
        ("ec2", "AssociateIamInstanceProfile", {}, "permissions"),
        ("redshift", "AuthorizeEndpointAccess", {}, "permissions"),
        ("organizations", "DisablePolicyType", {}, "permissions"),
        ("cognito-idp", "SignUp", {"Password": "x"}, "permissions"),
        ("elbv2", "CreateTrustStore", {}, "permissions"),
        ("schemas", "PutResourcePolicy", {}, "permissions"),
        ("sso-admin", "CreateApplication", {}, "permissions"),
        ("aiops", "PutInvestigationGroupPolicy", {}, "permissions"),
        ("rekognition", "DetectLabels", {}, "write"),
        ("qconnect", "QueryAssistant", {}, "write"),
        ("dlm", "DeleteLifecyclePolicy", {}, "write"),
        ("rds", "ModifyDBInstance", {}, "write"),
        ("rds", "ModifyDBInstance", {"MasterUserPassword": "new"}, "permissions"),
        ("rds", "ModifyDBInstance", {"MasterUserPassword": UNKNOWN}, "permissions"),
        ("rds", "CreateDBInstance", {"MasterUserPassword": "first"}, "write"),
        ("newservice", "ListThings", {}, "write"),
    ],
)
def test_who_may_do_what_is_permissions_and_a_read_that_acts_is_a_write(service, operation, params, access):
    assert meaning(service, operation, params).access == access


@pytest.mark.parametrize(
    ("service", "operation", "params", "runs"),
    [
        ("ec2", "RunInstances", {}, False),
        ("ec2", "RunInstances", {"UserData": "IyEvYmluL3No"}, True),
        ("lambda", "UpdateFunctionCode", {"ZipFile": b"PK"}, True),
        ("lambda", "UpdateFunctionCode", {"S3Bucket": "code", "S3Key": "k"}, True),
        ("lambda", "UpdateFunctionConfiguration", {"Layers": UNKNOWN}, UNKNOWN),
        ("lambda", "UpdateFunctionConfiguration", {"Timeout": 3}, False),
        ("cloudformation", "CreateStack", {"TemplateBody": "{}"}, True),
        ("cloudformation", "CreateStack", {"TemplateURL": "https://x"}, True),
        ("ecs", "RunTask", {"overrides": {"containerOverrides": [{"command": ["sh"]}]}}, True),
        ("ecs", "RunTask", {}, False),
        ("s3", "PutObject", {}, False),
        ("ssm", "SendCommand", {"DocumentName": "AWS-RunShellScript"}, True),
        ("ssm", "StartSession", {"Target": "i-1"}, False),
        ("ssm", "StartSession", {"DocumentName": "d", "Parameters": {"command": ["id"]}}, True),
        ("ssm", "CreateDocument", {"Content": "{}"}, True),
        ("ssm", "StartAutomationExecution", {"DocumentName": "d", "Parameters": {"a": ["b"]}}, True),
        ("emr", "AddJobFlowSteps", {}, True),
        ("glue", "StartJobRun", {"JobName": "j"}, False),
        ("glue", "StartJobRun", {"JobName": "j", "Arguments": {"--scriptLocation": "s3://b/k"}}, True),
        ("codedeploy", "CreateDeployment", {"revision": {"revisionType": "S3"}}, True),
        ("ec2", "ModifyInstanceAttribute", {"UserData": {"Value": "x"}}, True),
        ("ec2", "ModifyInstanceAttribute", {"Attribute": "userData", "Value": "x"}, True),
        ("ec2", "ModifyInstanceAttribute", {"Attribute": "instanceType", "Value": "x"}, False),
        ("sagemaker", "CreateNotebookInstanceLifecycleConfig", {"OnStart": [{"Content": "x"}]}, True),
        ("imagebuilder", "CreateComponent", {"data": "x"}, True),
        ("greengrassv2", "CreateComponentVersion", {"inlineRecipe": b"x"}, True),
        ("datapipeline", "PutPipelineDefinition", {}, True),
        ("events", "PutTargets", {}, UNKNOWN),
        ("cloudcontrol", "CreateResource", {}, UNKNOWN),
        ("rds-data", "ExecuteStatement", {"sql": "select 1"}, UNKNOWN),
        ("sso-oidc", "CreateToken", {"code": "x"}, False),
        ("glue", "GetUserDefinedFunction", {"FunctionName": "f"}, False),
        (
            "network-firewall",
            "CreateRuleGroup",
            {"RuleGroup": {"RuleVariables": {"IPSets": {"a": {"Definition": ["x"]}}}}},
            False,
        ),
    ],
)
def test_code_that_a_call_carries_is_seen(service, operation, params, runs):
    assert meaning(service, operation, params).runs_code is runs


@pytest.mark.parametrize(
    ("service", "operation", "params", "spends"),
    [
        ("ec2", "RunInstances", {}, True),
        ("ec2", "CreateNatGateway", {}, True),
        ("ec2", "CreateSecurityGroup", {}, False),
        ("ec2", "TerminateInstances", {}, False),
        ("ec2", "DescribeInstances", {}, False),
        ("ec2", "ModifyInstanceAttribute", {"InstanceType": {"Value": "m7i.48xlarge"}}, True),
        ("ec2", "ModifyInstanceAttribute", {"SourceDestCheck": {"Value": False}}, False),
        ("ec2", "ModifyVpcEndpoint", {}, UNKNOWN),
        ("rds", "ModifyDBInstance", {"DBInstanceClass": "db.r7g.16xlarge", "AllocatedStorage": 400}, True),
        ("rds", "AddTagsToResource", {}, False),
        ("autoscaling", "CreateAutoScalingGroup", {}, True),
        ("ecs", "UpdateService", {"desiredCount": 9}, True),
        ("ecs", "UpdateService", {}, False),
        ("bedrock-runtime", "InvokeModel", {}, True),
        ("cloudwatch", "GetMetricData", {}, True),
        ("ce", "GetCostAndUsage", {}, True),
        ("logs", "StartQuery", {}, True),
        ("athena", "StartQueryExecution", {}, True),
        ("s3", "GetObject", {}, False),
        ("s3", "PutObject", {}, True),
        ("s3", "PutBucketPolicy", {}, False),
        ("sns", "Publish", {}, True),
        ("iam", "CreateRole", {}, False),
        ("discovery", "StartExportTask", {}, False),
        ("lambda", "Invoke", {}, True),
        ("lambda", "DeleteFunction", {}, False),
        ("kms", "CreateKey", {}, True),
        ("shield", "CreateSubscription", {}, True),
        ("marketplace-agreement", "AcceptAgreementRequest", {}, True),
        ("cloudformation", "UpdateStack", {}, UNKNOWN),
    ],
)
def test_what_is_paid_for_is_said(service, operation, params, spends):
    assert meaning(service, operation, params).spends is spends


def test_of_at_most_a_tenth_of_what_changes_something_it_is_open_whether_it_costs():
    rows = [row for rows in map(read_rows, packaged_tables("reviewed").values()) for row in rows.values()]
    changes = [row for row in rows if row.access not in {"read", "list"}]
    assert sum(row.marks.get("spends") is UNKNOWN for row in changes) * 10 <= len(changes)


@pytest.mark.parametrize(
    ("when", "params", "holds"),
    [
        ("A", {}, False),
        ("A", {"A": ""}, False),
        ("A", {"A": "x"}, True),
        ("A.B", {"A": [{}, {"B": 1}]}, True),
        ("A.B", {"A": [{}, UNKNOWN]}, UNKNOWN),
        ("A.*.B", {"A": {"x": {"B": "y"}}}, True),
        ("A,C", {"A": UNKNOWN, "C": "x"}, True),
        ("!A", {}, True),
        ("!A", {"A": True}, False),
        ("!A", {"A": UNKNOWN}, UNKNOWN),
        ("!A", {"A": False}, True),
        ("!A", {"A": ""}, True),
        ("!A", {"A": "last-snapshot"}, False),
        ("!A.B", {"A": {"B": {"C": "x"}}}, False),
        ("!A.B", {"A": {}}, True),
        ("A=0", {"A": 0}, True),
        ("A=0", {"A": 7}, False),
        ("A=OFF", {"A": "off"}, True),
        ("A=false", {"A": False}, True),
        ("A=false", {"A": "False"}, True),
        ("A=false", {}, False),
        ("A=false", {"A": UNKNOWN}, UNKNOWN),
    ],
)
def test_members_decide_a_mark(when, params, holds):
    [row] = read_rows(f"Do write vends?{when}").values()
    assert decided("s", row, params).mark("vends") is holds


@pytest.mark.long("the model of every service")
def test_an_answer_that_has_a_secret_key_is_never_harmless():
    missed = [
        (service, operation)
        for service in services()
        for operation, rows in model(service)["operations"].items()
        if CREDENTIALS & _members(model(service)["shapes"], rows.get("output"))
        if not TABLES.row(service, operation).marks.keys() & {"vends", "secret"}
    ]
    assert missed == []


@pytest.mark.long("the model of every service")
def test_every_operation_of_botocore_has_a_row():
    assert [(service, name) for service in services() for name in operations(service) if TABLES.row(service, name) is None] == []


class WithoutOne(Tables):
    """Tables that were made before one operation was there."""

    gone: tuple[str, str] | None = None

    def row(self, service, operation):
        return None if (service, operation) == self.gone else super().row(service, operation)


def without(service, operation):
    tables = WithoutOne(packaged_tables)
    tables.gone = (service, operation)
    return tables


HARM = {
    "vends_credentials": True,
    "reads_secret": True,
    "may_expose_secrets": True,
    "runs_code": True,
    "spends": True,
    "cross_account": True,
    "makes_public": True,
    "access": "permissions",
}
"""What a facet may say of an operation that nobody reviewed, besides that it is unknown."""
OF_NAMES = ("resource", "resources", "resource_accounts", "iam_actions", "policies", "shares_with")


def harmless(call):
    """The facets of a call that say that it does no harm."""
    said = {name: getattr(call, name) for name in (*HARM, *OF_NAMES)}
    return {name: value for name, value in said.items() if value is not UNKNOWN and value != HARM.get(name)}


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("sqs", "ListQueues", {}),
        ("dynamodb", "GetItem", {"TableName": "t", "Key": {}}),
        ("ec2", "DescribeInstances", {}),
        ("iam", "DeleteRole", {"RoleName": "r"}),
        ("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::111111111111:role/r"}),
        ("s3", "DeleteObject", {"Bucket": "b", "Key": "k"}),
    ],
)
def test_nothing_is_harmless_of_an_operation_without_a_row(service, operation, params):
    old, new = meaning(service, operation, params), meaning(service, operation, params, tables=without(service, operation))
    assert (old.reviewed, new.reviewed, new.iam_action) == (True, False, old.iam_action)
    assert harmless(new) == {"access": "write"}


@pytest.mark.long("every operation, without its row")
def test_whichever_row_is_taken_away_no_facet_becomes_harmless():
    tables = WithoutOne(packaged_tables)
    open_ones = []
    for service in services():
        for operation, one in model(service)["operations"].items():
            tables.gone = (service, operation)
            params = least(model(service)["shapes"], one["input"]["shape"]) if "input" in one else {}
            call = meaning(service, operation, params, tables=tables)
            if call.reviewed or harmless(call) not in ({"access": "write"}, {}):
                open_ones.append((service, operation, harmless(call)))
    assert open_ones == []


def least(shapes, name, depth=0):
    """A value of a shape with the members alone that it requires."""
    shape = shapes[name]
    match shape["type"]:
        case "structure":
            return (
                {}
                if depth > 6
                else {one: least(shapes, shape["members"][one]["shape"], depth + 1) for one in shape.get("required", ())}
            )
        case "list":
            return [] if depth > 6 else [least(shapes, shape["member"]["shape"], depth + 1)]
        case "map":
            return {}
        case "boolean":
            return True
        case "blob":
            return b"x"
        case "string" | "timestamp" | "character":
            return shape.get("enum", ["x"])[0]
        case _:
            return 1


def test_what_a_newer_operation_surely_reaches_is_said():
    params = {"TableName": f"arn:aws:dynamodb:us-east-1:{OTHER}:table/t"}
    assert meaning("dynamodb", "GetItem", params, tables=without("dynamodb", "GetItem")).cross_account is True


def test_a_twin_is_reviewed_as_itself():
    tables = without("rds", "CreateDBCluster")
    assert tables.row("docdb", "CreateDBCluster") is not None
    assert tables.row("rds", "CreateDBCluster") is None


def _members(shapes, output):
    """Names of all string members of an answer, folded."""
    found, seen, queue = set(), set(), [output["shape"]] if output else []
    while queue:
        name = queue.pop()
        if name in seen:
            continue
        seen.add(name)
        shape = shapes[name]
        for member, ref in shape.get("members", {}).items():
            queue.append(ref["shape"])
            if shapes[ref["shape"]]["type"] == "string" and not shapes[ref["shape"]].get("enum"):
                found.add(member.lower())
        queue += [shape[part]["shape"] for part in ("member", "value") if part in shape]
    return found
