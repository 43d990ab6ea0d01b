"""Which members of a call carry code or content that people should read before they approve, and what it is.

Rule: a member is listed by hand, by its service and name. CODE is shown open and has to be read; OPEN is shown although botocore calls
it sensitive, because it is neither code nor a secret. A name that says "secret" stays hidden in either.

Theory: botocore's `sensitive` trait is meant for logs, and marks code too: a script that nobody reads is approved blindly.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Literal

from trio_gate.aws.policies.members import OTHER, READ
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value

What = Literal["script", "command", "statement", "template", "policy", "definition", "document", "archive", "input"]
"""What a member carries; the value is the word that people read."""

_CODE: Mapping[What, str] = {
    "script": """
        amplify: buildSpec
        apprunner: BuildCommand StartCommand
        appsync: code requestMappingTemplate responseMappingTemplate
        autoscaling: UserData
        bedrock-agent: code
        bedrock-agentcore: code
        cloudfront: ConnectionFunctionCode FunctionCode
        codebuild: buildspec buildspecOverride command
        deadline: scriptBody
        ec2: LaunchTemplateSpecificationUserData UserData
        glue: Code
        lightsail: userData
        sagemaker: StudioLifecycleConfigContent
        sagemaker.CreateNotebookInstanceLifecycleConfig: Content
        sagemaker.UpdateNotebookInstanceLifecycleConfig: Content
        ssm: Commands Script command commandLine commands playbook script
        workspaces-instances: UserData
    """,
    "command": """
        batch: command
        bedrock-agentcore: command
        ecs: command entryPoint
        emr: Args
        emr-containers: entryPointArguments sparkSqlParameters sparkSubmitParameters
        emr-serverless: entryPointArguments sparkSubmitParameters
        iotsitewise: command
        lightsail: command
        sagemaker: ContainerArguments ContainerEntrypoint
    """,
    "statement": """
        athena: QueryStatement QueryString
        dynamodb: Statement
        emr-serverless: query
        events: Sql Sqls
        neptune-graph: queryString
        neptunedata: gremlinQuery openCypherQuery
        pipes: Sqls
        quicksight: SqlQuery
        rds: InitQuery
        rds-data: sql sqlStatements
        redshift-data: Sql Sqls
        supplychain: query
        timestream-query: QueryString
    """,
    "template": """
        apigateway: body
        apigatewayv2: Body
        cloudcontrol: DesiredState PatchDocument
        cloudformation: TemplateBody
        config: PolicyText TemplateBody
        deadline: template
        iot: templateBody
        proton: manifest serviceSpec spec templateFile
        serverlessrepo: TemplateBody
    """,
    "policy": "verifiedpermissions: statement",
    "definition": "stepfunctions: definition",
    "document": """
        greengrassv2: inlineRecipe
        imagebuilder: data
        iot: document
        ssm: Content
    """,
    "archive": """
        gamelift: ZipFile
        lambda: ZipFile
        synthetics: ZipFile
    """,
    "input": """
        bedrock-agentcore: payload
        bedrock-runtime: body
        events: Input InputTemplate
        lambda: Payload
        pipes: InputTemplate
        sagemaker-runtime: Body
        scheduler: Input
        ssm: Input Payload
        stepfunctions: input
    """,
}

_OPEN = """
    emr-containers: entryPoint
    emr-serverless: entryPoint
    ssm: Parameters
"""


def _rows(text: str) -> frozenset[tuple[str, str]]:
    """Lines of `service[.Operation]: member member …` as pairs."""
    rows = (row.partition(":") for row in text.strip().splitlines())
    return frozenset((where.strip(), member) for where, _, members in rows for member in members.split())


CODE: Mapping[tuple[str, str], What] = {
    **dict.fromkeys((*READ, *OTHER), "policy"),
    **{row: what for what, text in _CODE.items() for row in _rows(text)},
}
"""What a member carries, by `service` or `service.Operation` and the member's name."""

OPEN = _rows(_OPEN)
"""Members that are shown, with all that is in them, although the model calls them sensitive."""


@value_class
class Code:
    """The members of one operation that carry code. Without a service it knows none."""

    service: str = ""
    operation: str = ""

    def what(self, member: str) -> What | None:
        """What a member with this name carries; None if it is not listed."""
        return CODE.get((f"{self.service}.{self.operation}", member)) or CODE.get((self.service, member))

    def opens(self, member: str) -> bool:
        """Whether a member is shown although the model calls it sensitive."""
        return (self.service, member) in OPEN


def joined(value: Value, what: What) -> str | bytes | None:
    """Code as one value: a list of lines is joined, a list of arguments is written as a shell would read it.

    None if it is neither text, bytes nor a list of texts, or if each text of the list is a document of its own.
    """
    match value:
        case str() | bytes():
            return value
        case [] | [*_] if value and what != "policy" and all(isinstance(item, str) for item in value):
            lines = [item for item in value if isinstance(item, str)]
            return shlex.join(lines) if what == "command" else "\n".join(lines)
        case _:
            return None
