"""What `trio-gate check` says of texts in conditions that no call can have, such as `aws.service == "IAM"`.

Rule: these are remarks. Only where the words or the form of a facet are known is something said; a text for another one may mean
something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from trio_gate.aws.call import Access
from trio_gate.aws.iam.names import PREFIX
from trio_gate.cli.judging.check_forms import TESTS, WITH_STARS, all_regions, form_fault, policy_fault, said
from trio_gate.effect.reasons import Level
from trio_gate.errors import did_you_mean
from trio_gate.policy.cel import compared, finds
from trio_gate.shell.models.installed_operations import inputs, services, version
from trio_gate.shell.models.packaged_data import packaged_hosts, packaged_tables, reviewed_botocore
from trio_gate.wire.parse import METHODS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from trio_gate.config.model import Config
    from trio_gate.policy.literals import Compared

_OWN = {"aws.service": {"rds-db"}, "aws.action": {"connect"}}
"""Words for what the gateway signs and no service has."""

_SHOWN = 3
"""IAM actions that are shown of those with one name."""

PROTOCOLS = frozenset({"ec2", "json", "query", "rest-json", "rest-xml", "smithy-rpc-v2-cbor"})
"""Botocore's names for the protocols of AWS."""


def word_lines(config: Config) -> Iterator[str]:
    """The lines, without line ends."""
    found = [(rule, one) for rule in config.rules for one in compared(rule.condition or "")]
    known = _known(config) if found else {}
    for rule, one in found:
        if one.facet.startswith("aws.policies"):
            if (fault := policy_fault(one)) is not None:
                yield f'warning: rule "{rule.name}" ({rule.where}): {fault}'
            continue
        words = known.get(one.facet)
        fault = form_fault(one) if one.how != "matches" and (words is None or "*" in one.text) else None
        if fault is None and words is not None and not _is_any(one, words):
            fault = f"no call has {said(one)}{_hint(one, words)}"
        if fault is not None:
            weight = "note" if "*" in one.text and one.how != "matches" and one.facet in WITH_STARS else "warning"
            yield f'{weight}: rule "{rule.name}" ({rule.where}): {fault}'


def all_actions(config: Config) -> Collection[str]:
    """The names of all operations that are reviewed, here or in the configuration, or that the installed botocore has."""
    reviewed = packaged_tables("reviewed")
    actions = {line.partition(" ")[0] for service in reviewed for line in reviewed[service].splitlines()}
    if version() != reviewed_botocore():
        actions = actions.union(*map(inputs, services()))
    return actions | {operation.operation for operation in config.operations} | _OWN["aws.action"]


def _is_any(one: Compared, words: Collection[str]) -> bool:
    test = TESTS[one.how]
    return one.text in words if one.how == "==" else any(test(word, one.text) for word in words)


def _known(config: Config) -> Mapping[str, Collection[str]]:
    """The words of each facet that has few."""
    reviewed = packaged_tables("reviewed")
    accounts = {number: label for endpoint in config.endpoints for number, label in endpoint.accounts.items()}
    return {
        "aws.level": get_args(Level),
        "aws.method": METHODS,
        "aws.protocol": PROTOCOLS,
        "aws.service": {*services(), *reviewed, *_OWN["aws.service"]},
        "aws.action": all_actions(config),
        "aws.access": get_args(Access),
        "aws.region": all_regions(),
        "aws.partition": packaged_hosts()["partitions"].keys(),
        "aws.account": accounts.keys(),
        "aws.account_name": {label for label in accounts.values() if label is not None},
        "agent.name": {agent.name for agent in config.agents},
    }


def _hint(one: Compared, words: Collection[str]) -> str:
    if one.how == "matches":
        like = next((word for word in sorted(words) if finds(f"(?i){one.text}", word)), None)
        return "" if like is None else f": with `(?i)` before it, it would find `{like}`"
    prefix, colon, rest = one.text.partition(":")
    if one.facet == "aws.action" and colon:
        return f': an action has no prefix, write "{rest}", or aws.iam_action == "{prefix.lower()}:{rest}"'
    if one.facet == "aws.action" and (iam := _iam_actions(one)):
        return f": it is IAM's name, write aws.iam_action == {iam}"
    if one.facet == "aws.service" and (called := _signed_as(one.text, words)):
        return f": did you mean {called}?"
    test, text = TESTS[one.how], one.text.strip().lower()
    like = next((word for word in sorted(words) if text and test(word.lower(), text)), None)
    if like is not None:
        at = like.lower().index(text)
        return f": did you mean `{like[at : at + len(text)]}`?"
    near = did_you_mean(one.text, words) if one.how == "==" else None
    return f": {near}" if near else ""


def _iam_actions(one: Compared) -> str:
    """The IAM actions with a name, at most a few of those that there are."""
    tables = {prefix: packaged_tables(f"actions/{prefix}") for prefix in packaged_tables("services")} if one.how == "==" else {}
    found = [prefix for prefix, table in sorted(tables.items()) if one.text.lower() in table]
    return " or ".join(f'"{prefix}:{one.text}"' for prefix in found[:_SHOWN])


def _signed_as(name: str, services: Collection[str]) -> str:
    """The services that sign with a name, or whose IAM actions begin with it."""
    hosts = packaged_hosts()["services"]
    found = [one for one in sorted(services) if name in (PREFIX.get(one), hosts.get(one, {}).get("signing_name"))]
    return " or ".join(f"`{one}`" for one in found)
