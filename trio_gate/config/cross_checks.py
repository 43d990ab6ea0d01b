"""Checks across blocks: each account, suffix, secret and token has one owner. Notes say what has no effect."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from trio_gate.config.attribute_types import is_loopback
from trio_gate.config.block_reader import title
from trio_gate.config.role_settings import BOTH, ROLE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trio_gate.config.block_reader import Form
    from trio_gate.config.model import Agent, Approver, Endpoint, Gateway, Listener, Person, Rule
    from trio_gate.config.source import Report


def endpoints(found: Sequence[tuple[Form, Endpoint]], report: Report) -> None:
    """Report accounts that are in several endpoints, and note if there is no endpoint."""
    owners: dict[str, Form] = {}
    for form, endpoint in found:
        for part, account in enumerate(endpoint.accounts):
            owner = owners.setdefault(account, form)
            if owner is not form:
                form.fault(f"account {account} is also in {title(owner.block)}", "keep it in one", of="accounts", part=part)
    if not found:
        report.note("no endpoint is declared: no account can be reached")


def accounts(found: Sequence[tuple[Form, Agent]], served: Sequence[tuple[Form, Endpoint]]) -> None:
    """Report accounts of agents that are in no endpoint. Only meaningful if all endpoints could be read."""
    configured = {account for _, endpoint in served for account in endpoint.accounts}
    for form, agent in found:
        for part, account in enumerate(agent.accounts):
            if account not in configured:
                form.fault(f"account {account} is in no endpoint", of="accounts", part=part)


def agents(found: Sequence[tuple[Form, Agent]]) -> None:
    """Report suffixes and secrets that several agents share."""
    _distinct(found, "key_suffix", lambda agent: agent.key_suffix)
    owners: dict[str, Form] = {}
    for form, agent in found:
        for part, secret in enumerate(agent.secrets):
            owner = owners.setdefault(secret, form)
            if owner is not form:
                of = "secrets" if form.given("secrets") else "secret"
                form.fault(f"{title(owner.block)} has the same secret", of=of, part=part)


def proxy_tokens(
    found: Sequence[tuple[Form, Agent]], people: Sequence[tuple[Form, Person]], gateway: Gateway, report: Report
) -> None:
    """Report tokens that are a secret too, which would go over the network, or that belong to somebody else.

    Note listeners off loopback whose tunnels nobody could get, as no agent can prove itself there.
    """
    for listener in gateway.listeners:
        if (
            listener.passthrough
            and not is_loopback(listener.bind.host)
            and not any(_proven_by(one, listener) for _, one in found)
        ):
            proofs = "`proxy_token_sha256` or an `oidc` block, or with `tls` a `certificate_authority`"
            report.note(f"listener proxy on {listener.bind} tunnels for nobody: no agent has a {proofs}")
    owners: dict[str, str] = {person.token_sha256: title(form.block) for form, person in people}
    owners |= {hashlib.sha256(one.encode()).hexdigest(): title(form.block) for form, agent in found for one in agent.secrets}
    for form, agent in found:
        for part, sha256 in enumerate(agent.proxy_tokens):
            if sha256 in owners:
                hint = "a token proves one agent, and nothing else"
                form.fault(f"{owners[sha256]} has the same secret or token", hint, of="proxy_token_sha256", part=part)
            owners[sha256] = title(form.block)


def _proven_by(agent: Agent, listener: Listener) -> bool:
    """Whether an agent can show all that its block asks for, and that is something, when it connects to a proxy: one token at most."""
    asked = [agent.proxy_tokens, agent.oidc, agent.certificate]
    return any(asked) and not all(asked[:2]) and (listener.tls or agent.certificate is None)


def source_identities(found: Sequence[tuple[Form, Endpoint] | tuple[Form, Rule]]) -> None:
    """Report source identities where there is no agent whose name they could be."""
    for form, block in found:
        if block.assume.source_identity:
            form.fault("`source_identity` is the agent's name, and no agent is declared", of="source_identity")


def durations(
    served: Sequence[tuple[Form, Endpoint]], agents: Sequence[tuple[Form, Agent]], rules: Sequence[tuple[Form, Rule]]
) -> None:
    """Report sessions of more than an hour whose role another role's session assumes."""
    for at, endpoint in served:
        if endpoint.through is None:
            continue
        of_agents = [(form, one.assume) for form, one in agents if not one.accounts or endpoint.accounts.keys() & one.accounts]
        of_rules = [(form, one.assume) for form, one in rules if not one.endpoints or endpoint.name in one.endpoints]
        for form, said in [(at, endpoint.assume), *of_agents, *of_rules]:
            if (said.duration or 0) > ROLE_SECONDS:
                hint = f"{title(at.block)} has `through`"
                form.fault("a session that another role's session asks for lives an hour at most", hint, of="duration")


def narrowing(
    served: Sequence[tuple[Form, Endpoint]], agents: Sequence[tuple[Form, Agent]], rules: Sequence[tuple[Form, Rule]]
) -> None:
    """Report rules that narrow sessions which an agent or an endpoint narrows by a policy of its own."""
    for form, rule in rules:
        here = [(at, one) for at, one in served if not rule.endpoints or one.name in rule.endpoints]
        near = {account for _, one in here for account in one.accounts}
        said = [(at, one.assume) for at, one in here]
        said += [(at, one.assume) for at, one in agents if not one.accounts or near & set(one.accounts)]
        others = [title(at.block) for at, settings in said if settings.session_policy is not None]
        if rule.narrow and others:
            form.fault(BOTH, f"{others[0]} has a `session_policy`, and may be what the rule is for", of="narrow")


def people(found: Sequence[tuple[Form, Person]]) -> None:
    """Report tokens that several people share."""
    _distinct(found, "token_sha256", lambda person: person.token_sha256)


def escalations(found: Sequence[tuple[Form, Approver]], report: Report) -> None:
    """Report escalations that would tell nobody, and note those to people who could not answer."""
    by_id = {approver.id: approver for _, approver in found}
    for form, approver in found:
        for part, name in enumerate(approver.escalate_to):
            other = by_id.get(name)
            if other is None:
                continue  # it has faults of its own
            if not other.notify:
                form.fault(f"`{name}` has no `notify`: nobody would be notified", of="escalate_to", part=part)
            if not set(other.people) & set(approver.people):
                text = f"{title(form.block)} escalates to {name}, none of whose people is among its own: they can answer only where a rule asks them, too"
                report.note(text, form.block.at)


def _distinct(found: Sequence[tuple[Form, object]], name: str, value: Callable[..., str]) -> None:
    owners: dict[str, Form] = {}
    for form, item in found:
        owner = owners.setdefault(value(item), form)
        if owner is not form:
            form.fault(f"{title(owner.block)} has the same `{name}`", of=name)


def rules(found: Sequence[tuple[Form, Rule]], report: Report, *, admin: bool) -> None:
    """Report rules that ask people where nobody can answer; note rules that come after one that matches every call."""
    if not found:
        report.note("no rule is declared: every call is denied")
    always: Rule | None = None
    for form, rule in found:
        if rule.action == "approve" and not admin:
            form.fault("nobody could approve: the gateway has no `admin` block", of="action")
        if always is not None:
            report.note(f'{title(form.block)} is never reached: rule "{always.name}" matches every call', form.block.at)
        elif rule.condition is None and not rule.endpoints:
            always = rule
