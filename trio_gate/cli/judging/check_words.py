"""What `trio-gate check` says of texts in conditions that no call can have, such as `aws.service == "IAM"`.

Rule: these are remarks. Only facets with few known words are looked at; a text for another one may mean something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from trio_gate.aws.call import Access
from trio_gate.effect.reasons import Level
from trio_gate.errors import did_you_mean
from trio_gate.policy.cel import compared
from trio_gate.shell.models.installed_operations import services
from trio_gate.shell.models.packaged_data import packaged_hosts, packaged_tables
from trio_gate.wire.parse import METHODS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from trio_gate.config.model import Config

_IAM = ("aws.iam_action", "aws.iam_actions")
_OWN = {"aws.service": {"rds-db"}, "aws.action": {"connect"}}
"""Words for what the gateway signs and no service has."""


def word_lines(config: Config) -> Iterator[str]:
    """The lines, without line ends."""
    found = [(rule, facet, text) for rule in config.rules for facet, text in compared(rule.condition or "")]
    known = _known(config) if found else {}
    for rule, facet, text in found:
        words = known.get(facet)
        if facet in _IAM and ":" not in text:
            yield f'warning: rule "{rule.name}" ({rule.where}): no call has {facet} == "{text}": {_prefix(text)}'
        if words is not None and text not in words:
            yield f'warning: rule "{rule.name}" ({rule.where}): no call has {facet} == "{text}"{_hint(facet, text, words)}'


def _prefix(text: str) -> str:
    return f'an IAM action has a prefix, as "s3:{text}"; aws.action has none'


def _known(config: Config) -> Mapping[str, Collection[str]]:
    """The words of each facet that has few."""
    reviewed, partitions = packaged_tables("reviewed"), packaged_hosts()["partitions"]
    actions = {line.partition(" ")[0] for service in reviewed for line in reviewed[service].splitlines()}
    own = {operation.operation for operation in config.operations}
    accounts = {number: label for endpoint in config.endpoints for number, label in endpoint.accounts.items()}
    return {
        "aws.level": get_args(Level),
        "aws.method": METHODS,
        "aws.service": {*services(), *reviewed, *_OWN["aws.service"]},
        "aws.action": actions | own | _OWN["aws.action"],
        "aws.access": get_args(Access),
        "aws.region": {region for one in partitions.values() for region in one["regions"]},
        "aws.partition": partitions.keys(),
        "aws.account": accounts.keys(),
        "aws.account_name": {label for label in accounts.values() if label is not None},
        "agent.name": {agent.name for agent in config.agents},
    }


def _hint(facet: str, text: str, words: Collection[str]) -> str:
    prefix, colon, rest = text.partition(":")
    if facet == "aws.action" and colon:
        return f': an action has no prefix, write "{rest}", or aws.iam_action == "{prefix.lower()}:{rest}"'
    like = text.lower() if text.lower() in words else None
    near = f"did you mean `{like}`?" if like else did_you_mean(text, words)
    return f": {near}" if near else ""
