"""Where botocore's operations are called: hosts of the packaged table, with every service that shares them."""

from __future__ import annotations

import re

from tests.kit.aws.botocore_models import ACCOUNT, LABEL, loader
from tests.kit.aws.naming import catalog, place
from trio_gate.aws.hosts.table import HostTable
from trio_gate.shell.models.packaged_data import packaged_hosts

HOSTS = packaged_hosts()
TABLE = HostTable(HOSTS)
SERVICES = [name for name in loader().list_available_services("service-2") if name in HOSTS["services"]]
SAMPLE = {"s3", "s3control", "dynamodb", "ec2", "sts", "iam", "sqs", "sns", "lambda", "secretsmanager", "cloudwatch", "route53"}
SAMPLE |= {
    "rds",
    "neptune-graph",
    "cloudfront-keyvaluestore",
    "bedrock-agentcore",
    "lexv2-runtime",
    "greengrassv2",
    "iot",
    *SERVICES[::12],
}
REGION = "us-east-1"

ELSEWHERE = {
    "ListDirectoryBuckets": f"s3express-control.{REGION}.amazonaws.com",
    "WriteGetObjectResponse": f"{LABEL}.s3-object-lambda.{REGION}.amazonaws.com",
}
"""Operations whose host neither the service nor a prefix gives."""


def where(service, model):
    """The place of the operation's own host, every service there included."""
    default = HOSTS["services"][service]["default"]
    if not default:
        return place(service)  # has no host that is signed for in a way we serve
    front = re.sub(r"\{(\w+)\}", lambda label: ACCOUNT if label[1] == "AccountId" else LABEL, prefix(model))
    pattern = next(default[key] for key in (REGION, "aws", "*") if key in default)
    if service == "neptune-graph" and front:
        pattern = "{r}.neptune-graph.{s}"
    for slot, name in (("{r}", REGION), ("{s}", "amazonaws.com"), ("{d}", "api.aws")):
        pattern = pattern.replace(slot, name)
    found = TABLE.place(ELSEWHERE.get(model.name, front + pattern))
    catalog().ensure(candidate.service for candidate in found.candidates)
    return found


def prefix(model):
    return model.endpoint["hostPrefix"] if model.endpoint else ""
