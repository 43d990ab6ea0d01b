"""What the statements of a query language do, by the verbs in them.

Rule: only verbs are looked for, wherever they stand; text in quotes and comments counts too, as its end differs between dialects. What is
too long to look at counts as destroying.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from trio_gate.aws.review.meaning import values_at
from trio_gate.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.aws.call import Call

Does = Literal["destroys", "deletes", "changes", "reads"]

MAX_STATEMENT = 64 * 1024
"""Characters of the statements of one call that are looked at."""

_WORD = re.compile(r"[a-z]+")
_DESTROYS = frozenset({"drop", "truncate", "delete", "purge", "vacuum", "unload"})
_CHANGES = frozenset(
    {
        "alter",
        "analyze",
        "call",
        "cancel",
        "comment",
        "copy",
        "create",
        "do",
        "exec",
        "execute",
        "grant",
        "import",
        "insert",
        "into",
        "load",
        "lock",
        "merge",
        "msck",
        "optimize",
        "refresh",
        "remove",
        "rename",
        "replace",
        "revoke",
        "set",
        "update",
        "upsert",
    }
)

_PLACES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("athena", "StartQueryExecution"): ("QueryString",),
    ("dynamodb", "BatchExecuteStatement"): ("Statements", "Statement"),
    ("dynamodb", "ExecuteStatement"): ("Statement",),
    ("dynamodb", "ExecuteTransaction"): ("TransactStatements", "Statement"),
    ("neptune-graph", "ExecuteQuery"): ("queryString",),
    ("neptunedata", "ExecuteOpenCypherExplainQuery"): ("openCypherQuery",),
    ("neptunedata", "ExecuteOpenCypherQuery"): ("openCypherQuery",),
    ("rds-data", "BatchExecuteStatement"): ("sql",),
    ("rds-data", "ExecuteSql"): ("sqlStatements",),
    ("rds-data", "ExecuteStatement"): ("sql",),
    ("redshift-data", "BatchExecuteStatement"): ("Sqls",),
    ("redshift-data", "ExecuteStatement"): ("Sql",),
    ("timestream-query", "Query"): ("QueryString",),
}
"""Where statements stand, by service and operation."""


def statement_does(call: Call) -> Does | None:
    """What the statements of a call do; None if it has none. PartiQL deletes one item at a time."""
    place = _PLACES.get((call.service, call.operation))
    if place is None:
        return None
    texts = [text for text in values_at(call.params, place) if isinstance(text, str)]
    if sum(map(len, texts)) > MAX_STATEMENT:
        return "destroys"
    found = {word for text in texts for word in _WORD.findall(fold(text))}
    if found & _DESTROYS:
        return "deletes" if call.service == "dynamodb" else "destroys"
    return "changes" if found & _CHANGES else "reads"
