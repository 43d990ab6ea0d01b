"""Describes a configuration as text for `trio-gate check`, without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.config.attribute_types import shown_seconds
from trio_gate.config.model import RIGHTS
from trio_gate.config.receivers.model import Program, Slack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.config.model import Agent, Approver, Config, Credential, Endpoint, Gateway, OperationReview, RoleSettings, Rule
    from trio_gate.config.receivers.model import Receiver


def describe(config: Config) -> str:
    """The configuration in lines: listeners, endpoints with accounts, agents, people, approvers, rules in order, notes."""
    return "\n".join(_lines(config)) + "\n"


def _lines(config: Config) -> Iterator[str]:
    yield from _gateway(config.gateway)
    for endpoint in config.endpoints:
        yield from _endpoint(endpoint)
    for upstream in config.upstreams:
        roots = f", roots from {upstream.ca_file}" if upstream.ca_file else ""
        yield f"upstream {upstream.hosts} is dialled at {upstream.address}{roots}"
    for agent in config.agents:
        yield f"agent {agent.name}: keys end in {agent.key_suffix}, {_accounts(agent.accounts)}{_also(agent.assume)}{_bounds(agent)}"
    for person in config.people:
        able = [right.removeprefix("may_") for right in RIGHTS if getattr(person, right)]
        yield f"person {person.name} ({person.kind})" + (f", may {' and '.join(able)}" if able else "")
    for group in config.approvers:
        people = ", ".join(group.people)
        yield f"approver {group.id}: {group.quorum} of {people}, within {shown_seconds(group.timeout)}{_held(group)}"
    yield from map(_operation, config.operations)
    yield "rules, the first that matches decides:" if config.rules else "rules: none"
    for number, rule in enumerate(config.rules, start=1):
        yield from _rule(number, rule)
    yield from (f"note: {note}" for note in config.notes)


def _bounds(agent: Agent) -> str:
    """What else proves an agent, from where it may call, and how much."""
    limits = agent.limits
    said = [f"from {', '.join(map(str, agent.networks))}"] if agent.networks else []
    counted = {
        "connections": limits.max_connections,
        "requests under way": limits.max_in_flight,
        "waiting calls": limits.max_pending,
    }
    said += ["proven by a client certificate too"] if agent.certificate else []
    said += ["proven by a proxy token too"] if agent.proxy_tokens else []
    said += [f"proven by a token of {agent.oidc.issuer} too"] if agent.oidc else []
    said += [f"at most {most} {what}" for what, most in counted.items() if most]
    said += [f"{limits.rate} requests a second, {limits.burst} at once"] if limits.rate else []
    return "".join(f", {one}" for one in said)


def _gateway(gateway: Gateway) -> Iterator[str]:
    yield f"state in {gateway.state_dir}"
    for listener in gateway.listeners:
        tls = " with TLS" if listener.kind != "tls" and listener.tls else ""
        passed = f", passes {', '.join(map(str, listener.passthrough.places))} through unread" if listener.passthrough else ""
        yield f"listener {listener.kind} on {listener.bind}{tls}{_names(listener.names)}{passed}"
    if gateway.admin:
        yield f"admin on {gateway.admin.bind}{_names(gateway.admin.names)}"
    if gateway.metrics:
        tls = " with TLS" if gateway.metrics.tls else ""
        yield f"metrics on {gateway.metrics.bind}{tls}{_names(gateway.metrics.names)}"
    if gateway.ca_file:
        yield f"upstream roots from {gateway.ca_file}"
    if gateway.decision_log:
        yield f"decisions logged to {gateway.decision_log}"


def _endpoint(endpoint: Endpoint) -> Iterator[str]:
    hosts = ", ".join(endpoint.hosts)
    yield f"endpoint aws_api.{endpoint.name}: {_assume(endpoint.assume)}, region {endpoint.region}, hosts {hosts}"
    if endpoint.through:
        yield f"  through {endpoint.through}" + (", with an external id" if endpoint.through_external_id else "")
    yield from (f"  {number}" + (f" {label}" if label else "") for number, label in endpoint.accounts.items())
    yield from (f"  credential aws_account.{base.name}: {_credential(base)}" for base in endpoint.credentials)


def _credential(base: Credential) -> str:
    source = "the standard chain"
    if base.access_key_id:
        source = "a key in this file"
    elif base.profile:
        source = f"profile {base.profile}"
    return f"{source}, {_accounts(base.accounts)}"


def _operation(one: OperationReview) -> str:
    access = [f"access {one.access}"] if one.access else []
    actions = [f"actions {' '.join(one.iam_actions)}"] if one.iam_actions else []
    said = ", ".join([*access, *actions, *(f"{'' if value else 'not '}{name}" for name, value in one.flags.items())])
    return f"operation {one.service}:{one.operation}, by your review: {said} ({one.where})"


def _rule(number: int, rule: Rule) -> Iterator[str]:
    asked = f" by {' and '.join(rule.approvers)}" if rule.approvers else ""
    where = f" at {', '.join(f'aws_api.{name}' for name in rule.endpoints)}" if rule.endpoints else ""
    vends = (", vends" if rule.vends else "") + (", presigns" if rule.presign else "")
    yield f'{number:>3}. {rule.action}{asked}: "{rule.name}"{where}{vends}{_also(rule.assume)}{_narrowed(rule)} ({rule.where})'
    condition = "always" if rule.condition is None else rule.condition
    yield from (f"       {line.strip()}" for line in condition.splitlines() if line.strip())


def _narrowed(rule: Rule) -> str:
    also = f" and {' '.join(rule.narrow_also)}" if rule.narrow_also else ""
    tagged = ", tagged with who approved" if rule.approval_tag else ""
    return (f", narrowed to the call{also}" if rule.narrow else "") + tagged


def _also(settings: RoleSettings) -> str:
    said = _assume(settings)
    return f", {said}" if said else ""


def _assume(settings: RoleSettings) -> str:
    """How a role is assumed, without the external id, which is a secret of some."""
    said = [f"role {settings.role}"] if settings.role else []
    if settings.session_policy:
        said.append(f"narrowed by a session policy of {len(settings.session_policy)} characters")
    if settings.duration:
        said.append(f"for {shown_seconds(settings.duration)}")
    if settings.external_id:
        said.append("with an external id")
    if settings.tags:
        said.append(f"tagged {', '.join(f'{key}={value}' for key, value in settings.tags)}")
    if settings.source_identity is not None:
        said.append("with the agent as source identity" if settings.source_identity else "without a source identity")
    return ", ".join(said)


def _held(group: Approver) -> str:
    said = [f"agents wait {shown_seconds(group.hold)}"] if group.hold < group.timeout else []
    said += map(_told, group.notify)
    if group.escalate_to:
        said.append(f"after {shown_seconds(group.escalate_after)} those of {' and '.join(group.escalate_to)} are notified")
    return "".join(f"; {one}" for one in said)


def _told(receiver: Receiver) -> str:
    """Who is told of what, with no more of a URL than its host."""
    to = receiver.to
    if isinstance(to, Program):
        said = f"{to.command[0]} is run"
    else:
        said = f"{'Slack' if isinstance(to, Slack) else 'a webhook'} at {to.url.host} is notified"
    of = {None: "", "caution": " of cautions and dangers", "danger": " of dangers"}[receiver.level]
    return f"{said}{of}" + (" when nobody is connected" if receiver.when_absent else "")


def _names(names: tuple[str, ...]) -> str:
    return f" as {', '.join(names)}" if names else ""


def _accounts(accounts: tuple[str, ...]) -> str:
    return "all accounts" if not accounts else f"accounts {', '.join(accounts)}"
