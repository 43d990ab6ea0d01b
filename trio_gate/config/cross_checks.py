"""What must hold between blocks: one owner for each account, suffix, secret and token; and remarks about what has no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.config.block_reader import title

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trio_gate.config.block_reader import Form
    from trio_gate.config.model import Agent, Endpoint, Person, Rule
    from trio_gate.config.source import Report


def endpoints(found: Sequence[tuple[Form, Endpoint]], report: Report) -> None:
    """An account belongs to one endpoint."""
    owners: dict[str, Form] = {}
    for form, endpoint in found:
        for part, account in enumerate(endpoint.accounts):
            owner = owners.setdefault(account, form)
            if owner is not form:
                form.fault(f"account {account} is also in {title(owner.block)}", "keep it in one", of="accounts", part=part)
    if not found:
        report.note("no endpoint is declared: no account can be reached")


def accounts(found: Sequence[tuple[Form, Agent]], served: Sequence[tuple[Form, Endpoint]]) -> None:
    """An agent's accounts are configured. To be asked only if all endpoints could be read."""
    configured = {account for _, endpoint in served for account in endpoint.accounts}
    for form, agent in found:
        for part, account in enumerate(agent.accounts):
            if account not in configured:
                form.fault(f"account {account} is in no endpoint", of="accounts", part=part)


def agents(found: Sequence[tuple[Form, Agent]]) -> None:
    """Suffixes and secrets tell agents apart."""
    _distinct(found, "key_suffix", lambda agent: agent.key_suffix)
    _distinct(found, "secret", lambda agent: agent.secret)


def people(found: Sequence[tuple[Form, Person]]) -> None:
    """A token is one person's."""
    _distinct(found, "token_sha256", lambda person: person.token_sha256)


def _distinct(found: Sequence[tuple[Form, object]], name: str, value: Callable[..., str]) -> None:
    owners: dict[str, Form] = {}
    for form, item in found:
        owner = owners.setdefault(value(item), form)
        if owner is not form:
            form.fault(f"{title(owner.block)} has the same `{name}`", of=name)


def rules(found: Sequence[tuple[Form, Rule]], report: Report, *, admin: bool) -> None:
    """Who is asked must be able to answer. A rule after one that always holds is never reached."""
    if not found:
        report.note("no rule is declared: every call is denied")
    always: Rule | None = None
    for form, rule in found:
        if rule.action == "approve" and not admin:
            form.fault("nobody could approve: the gateway has no `admin` block", of="action")
        if always is not None:
            report.note(f'{title(form.block)} is never reached: rule "{always.name}" holds for every call', form.block.at)
        elif rule.condition is None and not rule.endpoints:
            always = rule
