"""Calls whose actions are not visible in the parameters, because they carry out a template or definition.

Rule: the IAM actions of such a call are UNKNOWN. A member whose name says that it holds a definition has this effect in every service
except those that do not act on it; other calls are listed by operation. If the call names a role for the work, only that role is needed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from trio_gate.aws.param_paths import at, given
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value
    from trio_gate.aws.model.shape import Shape

_OPERATIONS = frozenset(
    (service, operation)
    for service, operations in {
        "cloudcontrol": "CreateResource DeleteResource UpdateResource",
        "cloudformation": "CancelUpdateStack CreateStackInstances CreateStackRefactor DeleteStackInstances DetectStackDrift "
        "DetectStackResourceDrift DetectStackSetDrift ExecuteChangeSet ExecuteStackRefactor ImportStacksToStackSet StartResourceScan "
        "UpdateStackInstances",
        "config": "PutConformancePack PutOrganizationConformancePack",  # a template, or an SSM document with one
        "datapipeline": "ActivatePipeline PutPipelineDefinition",
        "ecs": "CreateDaemon CreateService CreateTaskSet RunTask StartTask UpdateDaemon UpdateService",
        "elasticbeanstalk": "ApplyEnvironmentManagedAction ComposeEnvironments CreateConfigurationTemplate CreateEnvironment "
        "RebuildEnvironment TerminateEnvironment UpdateConfigurationTemplate UpdateEnvironment",
        "glue": "CreateBlueprint StartBlueprintRun UpdateBlueprint",
        "imagebuilder": "CreateComponent CreateWorkflow ImportComponent",
        "launch-wizard": "CreateDeployment DeleteDeployment UpdateDeployment",
        "sagemaker": "CreateProject UpdateProject",
        "serverlessrepo": "CreateCloudFormationChangeSet",
        "servicecatalog": "CreateProvisionedProductPlan ExecuteProvisionedProductPlan ExecuteProvisionedProductServiceAction "
        "ImportAsProvisionedProduct ProvisionProduct TerminateProvisionedProduct UpdateProvisionedProduct "
        "UpdateProvisionedProductProperties",
        "ssm": "StartAutomationExecution StartChangeRequestExecution",
        "ssm-quicksetup": "CreateConfigurationManager UpdateConfigurationDefinition",
    }.items()
    for operation in operations.split()
)

_UNLESS = {
    ("cloudformation", "ContinueUpdateRollback"): "RoleARN",
    ("cloudformation", "CreateChangeSet"): "RoleARN",
    ("cloudformation", "CreateStack"): "RoleARN",
    ("cloudformation", "CreateStackSet"): "AdministrationRoleARN",
    ("cloudformation", "DeleteStack"): "RoleARN",
    ("cloudformation", "RollbackStack"): "RoleARN",
    ("cloudformation", "UpdateStack"): "RoleARN",
    ("cloudformation", "UpdateStackSet"): "AdministrationRoleARN",
}
"""Operations that act as the caller, or with a role given earlier, unless this member names a role."""

_LAUNCHES = frozenset(("autoscaling", "batch", "ec2", "eks"))
_LAUNCH_TEMPLATE = frozenset(
    ("launchtemplate", "launchtemplates", "launchtemplateconfigs", "launchtemplatedata", "mixedinstancespolicy")
)
"""Members, in lower case, of those services: the content of a launch template is not among the parameters."""

_DEFINITION = re.compile(
    r"(?:app|inline)?template(?:body|url|uri|s3uri|file)?|buildspec(?:override)?|definition(?:string|s3location|uri|zip)?"
    r"|pipelinedefinition|pipelineconfigurationbody|manifest|spec|runbooks?|inlinerecipe|blueprintlocation"
)
"""Names, in lower case, of members that hold or point to a definition, if they are texts or blobs."""

_LONGEST_NAME = 64

_BY_SERVICE = {
    "apigateway": frozenset(("body",)),  # an OpenAPI document names the roles of integrations
    "apigatewayv2": frozenset(("body",)),
    "iot": frozenset(("sql",)),  # functions of the query language take roles
    "mwaa-serverless": frozenset(("definitions3location",)),
    "observabilityadmin": frozenset(("body",)),  # of a pipeline
    "sagemaker": frozenset(("pipelinedefinitions3location",)),
    "ssm": frozenset(("content",)),  # of a document
}
"""More such members by service, of any type, whose names alone would not show it."""

_NOT_ACTED_ON = {
    "appsync": "definition",  # of a type
    "b2bi": "template",  # of a mapping of texts
    "bedrock": "definition",  # of a topic, a rule
    "bedrock-agent": "definition",  # of a flow, member by member
    "bedrock-agentcore-control": "definition",
    "cloudwatchomni": "definition",  # of a view
    "connect": "template",  # of a view
    "dms": "definition",  # of tables
    "glue": "template",  # of a request
    "importexport": "manifest",  # of a parcel
    "kendra": "template",  # of a data source, whose role is a member
    "network-firewall": "definition",  # of a variable
    "pinpoint-email": "template",  # of a message
    "qconnect": "definition templateuri",
    "quicksight": "definition template",  # of a dashboard
    "rds": "manifest",  # of an engine
    "securityhub": "definition",
    "ses": "template",  # of a message
    "sesv2": "template",
    "socialmessaging": "template templatebody",
    "wisdom": "templateuri",
}
"""Members, in lower case, with definitions that AWS does not carry out with anybody's permissions."""

_ANY_OPERATION = ":scheduler:::aws-sdk:"
"""Part of the ARN of a schedule's target that means any AWS operation, with its parameters in a text."""


class Unseen(NamedTuple):
    """When a call of an operation may need actions that its parameters do not show: if any of this holds.

    Attributes:
        service: botocore's name.
        always: in every call.
        unless: unless this member names a role; empty for none.
        scheduled: if it is a schedule for any AWS operation.
        searched: if it carries a definition.
    """

    service: str
    always: bool
    unless: str
    scheduled: bool
    searched: bool

    def acts(self, params: Mapping[str, Value]) -> bool:
        """Whether a call with these parameters may need such actions."""
        if self.always or self.unless:
            return self.always or not given(params, self.unless)
        if self.scheduled and _ANY_OPERATION in str(at(params, "Target", "Arn")):
            return True
        return self.searched and _carries(self.service, params)


def unseen_of(service: str, operation: str, shape: Shape | None, *, reads: bool) -> Unseen | None:
    """When the calls of an operation need actions that are not seen; None for never. `shape` is of the operation's input."""
    found = Unseen(
        service=service,
        always=(service, operation) in _OPERATIONS,
        unless=_UNLESS.get((service, operation), ""),
        scheduled=service == "scheduler",
        searched=not reads and (shape is None or _reaches(service, shape)),
    )
    return found if any(found[1:]) else None


def _reaches(service: str, shape: Shape) -> bool:
    """Whether an input has a member that may hold a definition; only then are parameters searched."""
    seen, todo = {shape}, [shape]
    while todo:
        for name, member in todo.pop().members.items():
            if _whole(service, name) or _text(service, name):
                return True
            if member.shape not in seen:
                seen.add(member.shape)
                todo.append(member.shape)
    return False


def _carries(service: str, params: Mapping[str, Value]) -> bool:
    todo: list[Value] = [dict(params)]
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            todo += value
        elif isinstance(value, dict):
            for name, item in value.items():
                if item in (None, "", b"", [], {}):
                    continue
                if _whole(service, name) or (not isinstance(item, dict) and _text(service, name)):
                    return True
                todo.append(item)
    return False


def _whole(service: str, name: str) -> bool:
    """Whether a member of any type makes the actions unknown."""
    end = fold(name[:_LONGEST_NAME])
    return end in _BY_SERVICE.get(service, ()) or (service in _LAUNCHES and end in _LAUNCH_TEMPLATE)


def _text(service: str, name: str) -> bool:
    """Whether a member holds a definition if it is a text or a blob."""
    end = fold(name[:_LONGEST_NAME])
    return _DEFINITION.fullmatch(end) is not None and end not in _NOT_ACTED_ON.get(service, "").split()
