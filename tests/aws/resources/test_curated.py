"""A call that leaves out what it acts on acts on a default: it is named, or unknown, and never nothing."""

from __future__ import annotations

import re

import pytest

from tests.kit.aws.meanings import ACCOUNT, meaning, model
from trio_gate.aws.call import UNKNOWN

HERE = f"us-east-1:{ACCOUNT}"
BUS, CATALOG = f"arn:aws:events:{HERE}:event-bus/default", f"arn:aws:glue:{HERE}:catalog"
PRIMARY, CLUSTER = f"arn:aws:athena:{HERE}:workgroup/primary", f"arn:aws:ecs:{HERE}:cluster/default"

SAID = re.compile(
    r"(?:if|when)\b[^.]{0,80}(?:not|n't|n\u2019t|omit|no)\b[^.]{0,80}\b(?:default|primary) "
    r"(?:cluster|event bus|workgroup|catalog|queue|namespace|vault|pool|graph|hub|domain|billing view)"
    r"|determined implicitly|defaults to the principal|assumes the user|caller's primary"
    r"|by default, the account id|defaults to the (?:current )?account id|account id is used by default",
    re.IGNORECASE,
)
"""How the models say that something is assumed which the call acts on."""


@pytest.mark.parametrize(
    ("service", "operation", "params", "found"),
    [
        ("ecs", "ListTasks", {}, (CLUSTER,)),
        ("ecs", "ListServices", {}, (CLUSTER,)),
        ("ecs", "ListDaemons", {}, (CLUSTER,)),
        ("ecs", "ListDaemons", {"clusterArn": f"arn:aws:ecs:{HERE}:cluster/c"}, (f"arn:aws:ecs:{HERE}:cluster/c",)),
        ("ecs", "DescribeClusters", {}, (CLUSTER,)),
        ("ecs", "DescribeClusters", {"clusters": ["c"]}, (f"arn:aws:ecs:{HERE}:cluster/c",)),
        ("ecs", "ListServiceDeployments", {"service": "s"}, (f"arn:aws:ecs:{HERE}:service/default/s", CLUSTER)),
        ("ecs", "ListClusters", {}, ()),
        ("events", "PutPermission", {"Principal": ACCOUNT, "Action": "events:PutEvents", "StatementId": "s"}, (BUS,)),
        ("events", "RemovePermission", {"RemoveAllPermissions": True}, (BUS,)),
        ("events", "ListRules", {}, (BUS,)),
        ("events", "ListRuleNamesByTarget", {"TargetArn": f"arn:aws:sqs:{HERE}:q"}, (f"arn:aws:sqs:{HERE}:q", BUS)),
        ("athena", "ListNamedQueries", {}, (PRIMARY,)),
        ("athena", "ListDataCatalogs", {}, ()),
        ("lakeformation", "GetDataLakeSettings", {}, (CATALOG,)),
        ("lakeformation", "ListLFTags", {}, (CATALOG,)),
        ("lakeformation", "ListLFTags", {"CatalogId": ACCOUNT}, ()),
        ("iam", "ListAccessKeys", {}, UNKNOWN),
        ("iam", "GetLoginProfile", {}, UNKNOWN),
        ("iam", "ListRoles", {}, ()),
        ("s3control", "ListAccessGrants", {"AccountId": ACCOUNT}, (f"arn:aws:s3:{HERE}:access-grants/default",)),
        ("s3control", "ListJobs", {"AccountId": ACCOUNT}, ()),
        ("neptunedata", "ListLoaderJobs", {}, UNKNOWN),
        ("organizations", "ListParents", {"ChildId": ACCOUNT}, UNKNOWN),
        ("quicksight", "ListAnalyses", {"AwsAccountId": ACCOUNT}, ()),
        ("cloudwatch", "ListMetrics", {"Namespace": "AWS/EC2"}, ()),
        ("billing", "ListBillingViewSegments", {}, UNKNOWN),
    ],
)
def test_what_a_call_acts_on_by_default(service, operation, params, found):
    made = meaning(service, operation, params)
    assert made.resources == found
    assert made.cross_account is False
    assert made.resource == (found if found is UNKNOWN else found[0] if found else None)


def test_no_model_speaks_of_a_default_where_a_call_is_said_to_name_nothing(each_service):
    silent = []
    for operation, one in model(each_service)["operations"].items():
        given = model(each_service)["shapes"][one["input"]["shape"]] if "input" in one else {}
        if given.get("required") or meaning(each_service, operation, {}).resources != ():
            continue
        told = [one.get("documentation", ""), *(ref.get("documentation", "") for ref in given.get("members", {}).values())]
        silent += [operation for text in told if SAID.search(re.sub("<[^>]*>", "", text))][:1]
    assert silent == []
