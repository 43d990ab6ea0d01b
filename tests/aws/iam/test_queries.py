"""Text in a language of its own may name what the rest of the call does not: then the resources are not all known."""

from __future__ import annotations

import re

import pytest

from tests.kit.aws.meanings import meaning, model, services
from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.queries import QUERIES

LANGUAGE = re.compile(
    r"(?:sqls?|query|querystring|querytext|querystatement|statements?|(?<!schedule)(?<!cron)expression|sqlparameters)$",
    re.IGNORECASE,
)
"""How members are named that hold such a text. Schedules name times alone."""

READ = {("dynamodb", "Statement"), ("logs", "queryString")}
"""Those that are read, with tests of their own."""

FILTERS = {
    ("agent-discovery", "searchQuery"): "words to look for",
    ("agent-registry", "searchQuery"): "words to look for",
    ("amp", "query"): "PromQL over the workspace's own series",
    ("apigateway", "identityValidationExpression"): "a pattern of tokens",
    ("apigateway", "nameQuery"): "words to look for",
    ("apigateway", "pathWithQueryString"): "a path to try, of the API that the path names",
    ("apigatewayv2", "ApiKeySelectionExpression"): "what of a request chooses",
    ("apigatewayv2", "IdentityValidationExpression"): "a pattern of tokens",
    ("apigatewayv2", "ModelSelectionExpression"): "what of a request chooses",
    ("apigatewayv2", "RouteResponseSelectionExpression"): "what of a request chooses",
    ("apigatewayv2", "RouteSelectionExpression"): "what of a request chooses",
    ("apigatewayv2", "TemplateSelectionExpression"): "what of a request chooses",
    ("application-autoscaling", "Expression"): "arithmetic of metrics",
    ("application-signals", "Expression"): "arithmetic of metrics",
    ("appsync", "identityValidationExpression"): "a pattern of tokens",
    ("artifact", "query"): "a question in words",
    ("athena", "Expression"): "a pattern of names",
    ("autoscaling", "Expression"): "arithmetic of metrics",
    ("bedrock", "alternateExpression"): "logic over a policy's own variables",
    ("bedrock", "expression"): "logic over a policy's own variables",
    ("bedrock", "scenarioExpression"): "logic over a policy's own variables",
    ("bedrock-agent", "expression"): "logic over a node's own inputs",
    ("bedrock-agent", "sql"): "an example to learn from, which nobody runs",
    ("bedrock-agentcore", "searchQuery"): "words to look for",
    ("bedrock-agentcore-control", "statement"): "a policy",
    ("cloudsearch", "SortExpression"): "arithmetic of the domain's own fields",
    ("cloudsearchdomain", "filterQuery"): "a filter of the domain's own documents",
    ("cloudsearchdomain", "query"): "words to look for in the domain",
    ("cloudwatch", "AggregationExpression"): "arithmetic of metrics",
    ("cloudwatch", "Expression"): "arithmetic of metrics",
    ("cloudwatch", "Query"): "PromQL over the account's own series",
    ("cloudwatchomni", "searchQuery"): "words to look for",
    ("config", "Expression"): "a filter of the account's or the aggregator's own items: it has no FROM",
    ("customer-profiles", "Expression"): "arithmetic of a profile's attributes",
    ("customer-profiles", "RecommenderFilterExpression"): "a filter of items",
    ("databrew", "CheckExpression"): "a check of columns",
    ("databrew", "Expression"): "a filter of times",
    ("datapipeline", "expression"): "arithmetic of an object's own fields",
    ("datazone", "expression"): "a filter of names",
    ("devops-agent", "expression"): "a time",
    ("dynamodb", "ConditionExpression"): "a filter of the table's own items",
    ("dynamodb", "FilterExpression"): "a filter of the table's own items",
    ("dynamodb", "KeyConditionExpression"): "a filter of the table's own items",
    ("dynamodb", "ProjectionExpression"): "names of attributes",
    ("dynamodb", "SearchConditionExpression"): "a filter of the table's own items",
    ("dynamodb", "UpdateExpression"): "what becomes of an item's own attributes",
    ("elbv2", "Query"): "part of a URL to send clients to",
    ("elementalinference", "requestExpression"): "what of a request is taken",
    ("elementalinference", "responseExpression"): "what of an answer is taken",
    ("eventbridgev2", "Expression"): "JSONata over the event",
    ("events", "expression"): "where tasks are placed",
    ("gamelift", "FilterExpression"): "a filter of sessions",
    ("gamelift", "SortExpression"): "an order of sessions",
    ("geo-places", "QueryText"): "words to look for",
    ("glacier", "Expression"): "SQL over the archive that the call names",
    ("glue", "Expression"): "a filter of the table's own partitions, or of names",
    ("inspector2", "frequencyExpression"): "a time",
    ("iot", "queryString"): "a filter of the index that the call names",
    ("iot-managed-integrations", "OtaTargetQueryString"): "a filter of things",
    ("iotfleetwise", "conditionExpression"): "logic over a vehicle's own signals",
    ("iotfleetwise", "expression"): "logic over a vehicle's own signals",
    ("iotsitewise", "expression"): "arithmetic of an asset's own properties",
    ("iottwinmaker", "expression"): "arithmetic of an entity's own properties",
    ("iotwireless", "Expression"): "a rule's name",
    ("iotwireless", "QueryString"): "a filter of devices",
    ("kendra", "FilterQuery"): "a filter of the source's own documents",
    ("kendra", "QueryText"): "words to look for in the index",
    ("kendra-ranking", "SearchQuery"): "words to look for",
    ("lexv2-models", "expression"): "logic over a slot's own parts",
    ("mediaconnect", "MatchExpression"): "a pattern of streams",
    ("mturk", "Query"): "words to look for",
    ("observabilityadmin", "QueryString"): "a part to leave out of logs",
    ("personalize", "expression"): "arithmetic of the group's own columns",
    ("personalize", "filterExpression"): "a filter of the group's own items",
    ("personalize", "schedulingExpression"): "a time",
    ("pipes", "expression"): "where tasks are placed",
    ("qapps", "problemStatement"): "a wish in words",
    ("qbusiness", "queryText"): "words to look for",
    ("qconnect", "queryText"): "words to look for",
    ("qconnect", "retrievalQuery"): "words to look for",
    ("rds", "InitQuery"): "settings of a session",
    ("resource-explorer-2", "QueryString"): "words to look for in the view that the call names",
    ("s3", "Expression"): "SQL over the object that the call names",
    ("scheduler", "expression"): "where tasks are placed",
    ("ssm", "Expression"): "a column's name",
    ("verifiedpermissions", "statement"): "a policy",
    ("wisdom", "queryText"): "words to look for",
    ("workdocs", "Query"): "words to look for",
    ("workdocs", "QueryText"): "words to look for",
    ("workdocs", "SearchQuery"): "words to look for",
    ("xray", "EntitySelectorExpression"): "a filter of traces",
    ("xray", "FilterExpression"): "a filter of traces",
}
"""What only filters or computes, and why."""

TIMES_AND_PLACES = {"securityhub", "lakeformation", "wafv2", "ecs", "quicksight", "frauddetector", "securityagent", "synthetics"}
"""Services whose members of such names hold findings, row filters, placement, arithmetic or times."""


def texts(service):
    """Members of inputs that hold strings and are named like a language."""
    known = model(service)["shapes"]
    seen, todo = set(), [one["input"]["shape"] for one in model(service)["operations"].values() if "input" in one]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        shape = known[name]
        for member, inner in shape.get("members", {}).items():
            told = known[inner["shape"]]
            element = known[told["member"]["shape"]] if told["type"] == "list" else told
            if LANGUAGE.search(member) and element["type"] == "string" and "enum" not in element:
                yield member
            todo.append(inner["shape"])
        todo.extend(shape[one]["shape"] for one in ("member", "value") if one in shape)


@pytest.mark.parametrize("service", services())
def test_each_text_that_is_named_like_a_language_is_read_unknown_or_only_filters(service):
    for member in set(texts(service)):
        known = member in QUERIES.get(service, ()) or (service, member) in READ or (service, member) in FILTERS
        assert known or service in TIMES_AND_PLACES, f"{service}: what may {member} name?"


def test_each_excuse_is_of_a_member_that_is_there():
    for service, member in (*FILTERS, *READ):
        assert member in set(texts(service)), f"{service} has no {member}"


@pytest.mark.parametrize(("service", "member"), [(service, name) for service, names in QUERIES.items() for name in sorted(names)])
def test_each_query_is_there_and_leaves_nothing_certain(service, member):
    operations = model(service)["operations"]
    assert member in set(texts(service))
    for operation in operations:
        found = meaning(service, operation, {"a": [{member: "SELECT 1"}], "ResourceName": "x"})
        assert found.resources is UNKNOWN
        assert found.cross_account is not False


def test_what_the_call_names_beside_its_query_stays_its_main_resource():
    cluster = "arn:aws:rds:us-east-1:111111111111:cluster:prod"
    found = meaning("rds-data", "ExecuteStatement", {"resourceArn": cluster, "sql": "SELECT 1"})
    assert (found.resource, found.resources) == (cluster, UNKNOWN)
