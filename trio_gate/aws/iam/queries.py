"""Members that hold a query, a text in a language of its own, which may name more resources than the other members do.

Rule: the resources of a call with a query are not all known, unless the query is read (DynamoDB's PartiQL) or searched for words
that can name something (`may_choose_groups`). Queries that can only filter or compute are not listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Value

QUERIES: Mapping[str, frozenset[str]] = {
    service: frozenset(names)
    for service, names in (
        ("athena", ("QueryString", "QueryStatement")),
        ("auditmanager", ("queryStatement",)),
        ("bcm-data-exports", ("QueryStatement",)),
        ("cleanrooms", ("queryString",)),
        ("cleanroomsml", ("queryString",)),
        ("cloudtrail", ("QueryStatement",)),
        ("cloudwatch", ("QueryString",)),
        ("cloudwatchomni", ("expression", "queryString")),
        ("customer-profiles", ("SegmentSqlQuery",)),
        ("databrew", ("QueryString",)),
        ("emr-containers", ("sparkSqlParameters",)),
        ("emr-serverless", ("query",)),
        ("events", ("Sql", "Sqls")),
        ("glue", ("PreProcessingQuery", "Query", "SampleQuery", "SqlQuery")),
        ("iot", ("sql",)),
        ("iotsitewise", ("queryStatement",)),
        ("iottwinmaker", ("queryStatement",)),
        ("machinelearning", ("SelectSqlQuery",)),
        ("neptune-graph", ("queryString",)),
        ("neptunedata", ("gremlinQuery", "openCypherQuery")),
        ("pipes", ("Sqls",)),
        ("quicksight", ("SqlQuery",)),
        ("rds-data", ("sql", "sqlStatements")),
        ("redshift-data", ("Sql", "Sqls")),
        ("resource-groups", ("Query",)),
        ("sagemaker", ("QueryString",)),
        ("sdb", ("SelectExpression",)),
        ("supplychain", ("query",)),
        ("timestream-query", ("QueryString",)),
    )
}
"""Names of members that hold queries, at any depth, by botocore's service."""

_SOURCES = ("source", "lookup")
"""Commands that name log groups and lookup tables in CloudWatch Logs' own language. In SQL and PPL anything may name one."""


def may_choose_groups(params: Mapping[str, Value]) -> bool:
    """Whether a query of CloudWatch Logs may name log groups or tables itself."""
    query = params.get("queryString")
    if query is None:
        return False
    own = params.get("queryLanguage") in (None, "CWLI")
    return not own or not isinstance(query, str) or any(word in fold(query) for word in _SOURCES)
