"""The rows of the record, as canonical JSON: sorted keys, no blanks, ASCII. So each row has exactly one spelling to hash.

Rule: a text written here lists its members in that order; a test compares it with what `json` makes of the same values.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from trio_gate.audit.chain import SCHEMA
from trio_gate.audit.record import Intent, Outcome, stamp
from trio_gate.audit.redact import brief, encode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trio_gate.audit.record import Many
    from trio_gate.text.visible import Json


_TIMES = 1024
"""How many times of stages are remembered as they are written: most take some microseconds."""


class Row(NamedTuple):
    """A row of the record: its kind, the id of the request or act that it is about, and its text in ASCII."""

    kind: str
    id: str
    text: bytes


def intent_row(intent: Intent) -> Row:
    """The row that is written before the call is sent."""
    return _row("intent", intent)


def outcome_row(outcome: Outcome) -> Row:
    """The row that is written after the call."""
    text = f'{{"id":{quoted(outcome.id)},"kind":"outcome","outcome":{_outcome(outcome)},"schema":{SCHEMA}}}'
    return Row("outcome", outcome.id, text.encode("ascii"))


def whole_row(intent: Intent, outcome: Outcome) -> Row:
    """Intent and outcome in one row, for refusals and plain reads, which need no row before the call."""
    return _row("refusal" if outcome.end == "refused" else "call", intent, outcome)


def many_row(many: Many) -> Row:
    """One row for many refusals. It reads like any other refusal, with the counts in `counted`."""
    text = many.text
    intent = Intent(id=many.id, time=many.last, agent_address=many.address, outcome="refused", reason=text)
    outcome = Outcome(id=many.id, time=many.last, status=None, end="refused", reason=text)
    counted: dict[str, Json] = {"codes": dict(many.codes), "first": stamp(many.first), "last": stamp(many.last)}
    return _row("refusals", intent, outcome, counted=f',"counted":{encode(counted)}')


def act_row(
    kind: str, intent: Intent, outcome: Outcome, act: Mapping[str, Json], reason: str, people: Sequence[tuple[str, str]]
) -> Row:
    """The row of an act (see `acts`), in the form of a call that is over. `people` are pairs of person and kind."""
    intent = replace(intent, outcome=kind, reason=reason or None, approvers=tuple((name, of, reason) for name, of in people))
    return _row(kind, intent, outcome, act=f',"act":{encode(act)}')


def _row(kind: str, intent: Intent, outcome: Outcome | None = None, *, act: str = "", counted: str = "") -> Row:
    """A row with the facts of an intent; `act` and `counted` are a member more each, after a comma."""
    presigned = "" if intent.presigned is None else f',"presigned":{intent.presigned}'
    proofs = "" if intent.proofs is None else f',"proofs":{encode(list(intent.proofs))}'
    session = "" if intent.session is None else f',"session":{intent.session}'
    level = "" if intent.level is None else f',"level":{quoted(intent.level)}'
    sentence = "" if intent.sentence is None else f',"sentence":{quoted(intent.sentence)}'
    ended = "" if outcome is None else f',"outcome":{_outcome(outcome)}'
    facts = [_NULL if fact is None else quoted(fact) for fact in _facts(intent)]
    access, suffix, account, account_name, action, agent, address, decided, reason, rule = facts[:10]
    digest, grant, host, iam_action, id_, method, partition, region, service = facts[10:]
    text = (
        f'{{"access":{access},"access_key_suffix":{suffix},"account":{account},"account_name":{account_name}{act}'
        f',"action":{action},"agent":{agent},"agent_address":{address}'
        f',"approvers":{_approvers(intent.approvers) if intent.approvers else "[]"}{counted}'
        f',"decision":{{"outcome":{decided},"reason":{reason},"rule":{rule}}}'
        f',"digest":{digest},"generation":{intent.generation},"grant":{grant},"host":{host},"iam_action":{iam_action}'
        f',"id":{id_},"kind":{quoted(kind)}{level},"method":{method}{ended},"params":{intent.params or _NULL},"partition":{partition}'
        f',"path":{_clipped(intent.path)}{presigned}{proofs},"region":{region},"resources":{intent.resources or _NULL}'
        f',"schema":{SCHEMA}{sentence},"service":{service}{session},"time":"{stamp(intent.time)}"}}'
    )
    return Row(kind, intent.id, text.encode("ascii"))


_facts = attrgetter(
    *(
        "access",
        "access_key_suffix",
        "account",
        "account_name",
        "operation",
        "agent",
        "agent_address",
        "outcome",
        "reason",
        "rule",
    ),
    *("digest", "grant", "host", "iam_action", "id", "method", "partition", "region", "service"),
)
"""The texts of an intent that are written as they are, in the order of the row's members."""


def _outcome(outcome: Outcome) -> str:
    seconds = ",".join([f'"{stage}":{_seconds(took // 1000)}' for stage, took in sorted(outcome.nanoseconds.items())])
    return (
        f'{{"aws_request_id":{_text(outcome.aws_request_id)},"bytes_in":{outcome.bytes_in},"bytes_out":{outcome.bytes_out}'
        f',"end":{quoted(outcome.end)},"error_code":{_text(outcome.error_code)},"reason":{_clipped(outcome.reason)}'
        f',"seconds":{{{seconds}}},"status":{_number(outcome.status)},"time":"{stamp(outcome.time)}"'
        f',"upstream_status":{_number(outcome.upstream_status)}}}'
    )


@lru_cache(_TIMES)
def _seconds(microseconds: int) -> str:
    return str(microseconds / 1e6)


def _approvers(approvers: tuple[tuple[str, str, str], ...]) -> str:
    return encode([{"kind": kind, "person": person, "reason": reason} for person, kind, reason in approvers])


def _text(text: str | None) -> str:
    return _NULL if text is None else quoted(text)


def _number(number: int | None) -> str:
    return _NULL if number is None else str(number)


def _clipped(text: str | None) -> str:
    return _NULL if text is None else quoted(brief(text))


_NULL = "null"
