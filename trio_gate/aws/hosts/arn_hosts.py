"""Hosts that SDKs build from an ARN in the parameters: which accounts such a host may name besides the caller's.

Rule: only parameters that the services' endpoint rules read (botocore's `contextParam` and `operationContextParams`) count. An
ARN anywhere else, such as in an item to be stored, allows no host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.aws.resources.arns import is_account, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trio_gate.aws.call import Value

_MEMBERS = {
    "dynamodb": frozenset(
        {
            "BackupArn",
            "BulkOperationArn",
            "ExportArn",
            "GlobalTableName",
            "ImportArn",
            "ResourceArn",
            "TableArn",
            "TableName",
            "TargetTableName",
        }
    ),
    "dynamodbstreams": frozenset({"ShardIterator", "StreamArn"}),
    "eventbridgev2": frozenset({"EventBusArn", "ResourceArn"}),
    "kinesis": frozenset({"ConsumerARN", "ResourceARN", "StreamARN"}),
}
_IN_ARNS = {"dynamodbstreams": "dynamodb", "eventbridgev2": "events"}


def owners(service: str, params: Mapping[str, Value]) -> set[str]:
    """The accounts in the ARNs that a service's host may be built from; `service` is botocore's name."""
    if service not in _MEMBERS:
        return set()
    values = [value for name, value in params.items() if name in _MEMBERS[service]]
    arns = map(parse, [*values, *(_deeper(params) if service == "dynamodb" else ())])
    return {arn.account for arn in arns if arn and arn.service == _IN_ARNS.get(service, service) and is_account(arn.account)}


def _deeper(params: Mapping[str, Value]) -> Iterator[Value]:
    """The tables in batches, transactions and imports."""
    items, acts, made = (params.get(name) for name in ("RequestItems", "TransactItems", "TableCreationParameters"))
    if isinstance(items, dict):
        yield from items
    parts = [part for act in acts if isinstance(act, dict) for part in act.values()] if isinstance(acts, list) else []
    yield from (part.get("TableName") for part in (*parts, made) if isinstance(part, dict))
