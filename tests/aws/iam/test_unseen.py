"""Calls that act through a definition, a template or what is stored: what they ask for is unknown."""

from __future__ import annotations

import pytest

from tests.kit.aws.meanings import ACCOUNT, meaning, model, operations, writes
from tests.kit.aws.naming import catalog
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam import unseen

ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


def actions(service, operation, params):
    catalog().ensure([service])
    shape = catalog().service(service).operations[operation].input
    with_shape = meaning(service, operation, params, shape=shape).iam_actions
    assert (meaning(service, operation, params).iam_actions is UNKNOWN) == (with_shape is UNKNOWN)
    return with_shape


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("amplify", "UpdateBranch", {"buildSpec": "version: 1"}),
        ("apigateway", "PutRestApi", {"restApiId": "a", "body": b"{}"}),
        ("apigatewayv2", "ImportApi", {"Body": "openapi: 3.0.1"}),
        ("autoscaling", "UpdateAutoScalingGroup", {"MixedInstancesPolicy": {"LaunchTemplate": {}}}),
        ("cloudformation", "CreateChangeSet", {"TemplateURL": "https://x"}),
        ("cloudformation", "CreateStackInstances", {"StackSetName": "s"}),
        ("cloudformation", "CreateStackSet", {"TemplateBody": "{}"}),
        ("cloudformation", "UpdateStack", {"StackName": "s", "UsePreviousTemplate": True}),
        ("codebuild", "StartBuild", {"buildspecOverride": "version: 0.2"}),
        ("codebuild", "UpdateProject", {"source": {"type": "S3", "buildspec": "version: 0.2"}}),
        ("config", "PutConformancePack", {"TemplateS3Uri": "s3://b/k"}),
        ("datapipeline", "PutPipelineDefinition", {"pipelineObjects": []}),
        ("ec2", "CreateFleet", {"LaunchTemplateConfigs": [{"Overrides": []}]}),
        ("ecs", "RunTask", {"taskDefinition": "f"}),
        ("iot", "CreateTopicRule", {"topicRulePayload": {"sql": "SELECT get_dynamodb('t', 'k', 'v', concat('a', 'b'))"}}),
        ("iot", "RegisterThing", {"templateBody": "{}"}),
        ("mwaa-serverless", "UpdateWorkflow", {"DefinitionS3Location": {"Bucket": "b", "ObjectKey": "k"}}),
        ("osis", "UpdatePipeline", {"PipelineConfigurationBody": "version: '2'"}),
        ("proton", "UpdateEnvironment", {"spec": "a: b"}),
        ("sagemaker", "UpdatePipeline", {"PipelineDefinition": "{}"}),
        ("sagemaker", "CreatePipeline", {"PipelineDefinitionS3Location": {"Bucket": "b"}, "RoleArn": ROLE}),
        ("scheduler", "UpdateSchedule", {"Target": {"Arn": "arn:aws-cn:scheduler:::aws-sdk:iam:createUser", "RoleArn": ROLE}}),
        ("servicecatalog", "ExecuteProvisionedProductPlan", {"PlanId": "p"}),
        ("ssm", "CreateDocument", {"Content": "{}", "Name": "d"}),
        ("ssm", "StartAutomationExecution", {"DocumentName": "d", "Parameters": {"AutomationAssumeRole": [ROLE]}}),
        ("stepfunctions", "CreateStateMachine", {"definition": "{}", "roleArn": ROLE}),
        ("stepfunctions", "UpdateStateMachine", {"definition": UNKNOWN}),
    ],
)
def test_what_it_asks_for_is_unknown(service, operation, params):
    assert actions(service, operation, params) is UNKNOWN


@pytest.mark.parametrize(
    ("service", "operation", "params", "more"),
    [
        ("cloudformation", "CreateChangeSet", {"TemplateBody": "{}", "RoleARN": ROLE}, {"iam:PassRole"}),
        ("cloudformation", "CreateStackSet", {"TemplateBody": "{}", "AdministrationRoleARN": ROLE}, {"iam:PassRole"}),
        ("cloudformation", "ValidateTemplate", {"TemplateBody": "{}"}, set()),
        ("codebuild", "StartBuild", {"projectName": "p", "buildspecOverride": ""}, set()),
        ("ec2", "RunInstances", {"ImageId": "ami-1", "LaunchTemplate": {}}, set()),
        ("events", "PutTargets", {"Targets": [{"Id": "1", "Arn": "a", "Input": "{}"}]}, set()),
        ("events", "PutTargets", {"Targets": [{"Id": "1", "Arn": "a", "RoleArn": ROLE}]}, {"iam:PassRole"}),
        ("scheduler", "CreateSchedule", {"Target": {"Arn": "arn:aws:sqs:::q", "RoleArn": ROLE}}, {"iam:PassRole"}),
        ("ses", "SendTemplatedEmail", {"Template": "t", "TemplateData": "{}"}, set()),
        ("stepfunctions", "StartExecution", {"stateMachineArn": "a", "input": '{"definition": "x"}'}, set()),
    ],
)
def test_what_its_parameters_show_is_known(service, operation, params, more):
    main, *rest = actions(service, operation, params)
    assert set(rest) == more
    assert main == meaning(service, operation).iam_action


def texts(raw, name, seen=()):
    """The names of members that hold a text, a blob or a document."""
    shape = raw["shapes"][name]
    if shape["type"] == "structure" and name not in seen:
        for member, ref in shape.get("members", {}).items():
            if raw["shapes"][ref["shape"]]["type"] in ("string", "blob") or raw["shapes"][ref["shape"]].get("document"):
                yield member
            yield from texts(raw, ref["shape"], (*seen, name))
    elif shape["type"] in ("list", "map"):
        yield from texts(raw, shape["member" if shape["type"] == "list" else "value"]["shape"], seen)


def test_every_member_that_is_called_a_definition_makes_a_write_unknown_or_is_listed(each_service):
    raw = model(each_service)
    for operation, one in writes(each_service):
        for member in set(texts(raw, one["input"]["shape"])):
            if unseen._DEFINITION.fullmatch(member.lower()) and (each_service, operation) not in unseen._UNLESS:
                told = meaning(each_service, operation, {member: "x"}).iam_actions
                listed = member.lower() in unseen._NOT_ACTED_ON.get(each_service, "").split()
                assert (told is UNKNOWN) is not listed, (operation, member)


def test_every_row_is_met():
    for service, operation in unseen._OPERATIONS | set(unseen._UNLESS):
        assert operation in operations(service), (service, operation)
    for (service, operation), member in unseen._UNLESS.items():
        raw = model(service)
        assert member in raw["shapes"][raw["operations"][operation]["input"]["shape"]]["members"]
    rows = {**{service: names.split() for service, names in unseen._NOT_ACTED_ON.items()}, **unseen._BY_SERVICE}
    for service, names in rows.items():
        members = {name.lower() for shape in model(service)["shapes"].values() for name in shape.get("members", {})}
        assert set(names) <= members, service
