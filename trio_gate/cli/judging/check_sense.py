"""What `trio-gate check` says of settings that are sound each by itself, and do not do what they seem to.

Rule: these are remarks. What `serve` would refuse is in `check_start`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.cli.judging.check_forms import all_regions
from trio_gate.config.attribute_types import is_loopback
from trio_gate.errors import did_you_mean
from trio_gate.policy.cel import reads_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.config.model import Config

OFTEN_UNKNOWN = {
    "aws.cross_account": "an ARN of S3 names no account",
    "aws.iam_actions": "a document may ask for more",
    "aws.makes_public": "a template or an invitation does not say",
    "aws.organization_name": "AWS has to be asked first",
    "aws.policies": "a call may only name a policy",
    "aws.resource": "a call may act on several things alike",
    "aws.resource_accounts": "an ARN of S3 names no account",
    "aws.resources": "a query names what it reads in its text",
    "aws.shares_with": "a template or an invitation does not say",
}
"""Facets that calls of every day have unknown, and one reason each."""


def sense_lines(config: Config) -> Iterator[str]:
    """The lines, without line ends."""
    yield from _unknown(config)
    yield from _labels(config)
    yield from _regions(config)
    yield from (f"warning: {text}" for text in readable_tokens(config))


def _unknown(config: Config) -> Iterator[str]:
    for rule in config.rules:
        if rule.action != "allow" or rule.condition is None:
            continue
        for facet in dict.fromkeys(".".join(read.path[:2]) for read in reads_of(rule.condition)):
            if facet in OFTEN_UNKNOWN:
                yield (
                    f'note: rule "{rule.name}" ({rule.where}) allows by {facet}, which is unknown for many calls: '
                    f"{OFTEN_UNKNOWN[facet]}; where it decides, such a call is denied and no later rule is asked"
                )


def _labels(config: Config) -> Iterator[str]:
    owners: dict[str, list[str]] = {}
    for endpoint in config.endpoints:
        for account, label in endpoint.accounts.items():
            if label is not None:
                owners.setdefault(label, []).append(account)
    for label, accounts in owners.items():
        if len(accounts) > 1:
            yield f'warning: accounts {" and ".join(accounts)} have the same label "{label}": rules and people cannot tell them apart by it'


def _regions(config: Config) -> Iterator[str]:
    known = all_regions()
    for endpoint in config.endpoints:
        if endpoint.region not in known:
            near = did_you_mean(endpoint.region, known)
            yield f'warning: endpoint {endpoint.name}: no region is called "{endpoint.region}"{f": {near}" if near else ""}'


def readable_tokens(config: Config) -> Iterator[str]:
    """What proxies everyone on the network can read the tokens of agents at, and whose."""
    shown = [agent.name for agent in config.agents if agent.proxy_tokens or agent.oidc]
    for listener in config.gateway.listeners:
        if listener.kind == "proxy" and not listener.tls and not is_loopback(listener.bind.host) and shown:
            whose = f"agent{'s' if len(shown) > 1 else ''} {', '.join(shown)}"
            yield (
                f"listener proxy on {listener.bind} is off loopback without `tls`: everyone on the way can read "
                f"the tokens that {whose} may show to it"
            )
