"""What a configuration says of one agent and of the ways to the gateway.

Rule: only these attributes are read, so this works where the gateway's secrets are not set. The agent's own secret may be among those.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from trio_gate.cli import state_dir
from trio_gate.config import attribute_types, expressions, gateway_block, hcl
from trio_gate.config.agents import block as agent_block
from trio_gate.config.block_reader import Form, Reading
from trio_gate.config.blocks import NAME
from trio_gate.config.source import ConfigFaults, Flaw, Report
from trio_gate.errors import did_you_mean
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trio_gate.config.model import Listener

UNPROVEN = "any-text-as-no-agent-is-configured"
"""The secret of agents where nothing proves them."""


class NotWiredError(Exception):
    """The agent cannot be wired up; the text is one line for the user."""


@value_class
class Account:
    """An account that an agent may use: its label, None without one, and the region of its endpoint."""

    label: str | None
    region: str


@value_class
class AgentFacts:
    """What is known of an agent.

    Attributes:
        accounts: those that it may use, by id.
        secret: the newest of its secrets; None where it cannot be read here.
        proxy_token, certificate: whether its connections need these. audience: that of the identity token that it needs.
        listeners, state_dir: the gateway's. variables: those of the environment that the configuration reads, such as the base key.
    """

    name: str
    key_suffix: str
    accounts: Mapping[str, Account]
    secret: str | None = field(repr=False)
    proxy_token: bool
    certificate: bool
    audience: str | None
    listeners: tuple[Listener, ...]
    state_dir: str
    variables: frozenset[str]

    def account(self, wanted: str | None) -> str:
        """The id of an account by its id or label; of the only one without either. Raises NotWiredError."""
        named = {number: account.label or number for number, account in self.accounts.items()}
        found = [number for number, label in named.items() if wanted in (None, number, label)]
        if len(found) == 1:
            return found[0]
        if wanted is None or found:
            raise NotWiredError(
                f"name one account by --account: {', '.join(sorted({*named} if found and wanted else named.values()))}"
            )
        hint = did_you_mean(wanted, [*named, *named.values()]) or f"there are {', '.join(named.values())}"
        raise NotWiredError(f"{self.name} may use no account {wanted}: {hint}")


def facts(config: str, agent: str) -> AgentFacts:
    """Read what is known of an agent. Raises NotWiredError, StartFailed or ConfigFaults."""
    root, reading = state_dir.read_blocks(config)
    agents = {block.labels[-1].text: block for block in root.blocks if block.kind == "agent" and block.labels}
    if agents and agent not in agents:
        hint = did_you_mean(agent, agents) or f"it has {', '.join(agents)}"
        raise NotWiredError(f"{config} has no agent {agent}: {hint}")
    if not NAME.fullmatch(agent):
        raise NotWiredError("an agent's name has at most 64 letters, digits, `-` and `_`, and begins with a letter or `_`")
    gateway = next((block for block in root.blocks if block.kind == "gateway"), hcl.Block(kind="gateway", at=0))
    settings = gateway_block.gateway(Form(gateway, reading), proven=bool(agents))
    form = Form(agents.get(agent, hcl.Block(kind="agent", at=0)), reading)
    audiences = [nested.take(attribute_types.text, "audience") for nested in form.nested("oidc")]
    listed = form.take(attribute_types.listing(attribute_types.account), "accounts") or ()
    found = AgentFacts(
        name=agent,
        key_suffix=(agent_block.key_suffix(form) if agents else suffix_for(agent)) or "",
        accounts=MappingProxyType(
            {number: one for number, one in accounts_of(root.blocks, reading) if number in listed or not listed}
        ),
        secret=_secret(form) if agents else UNPROVEN,
        proxy_token=form.given("proxy_token_sha256") is not None,
        certificate=form.given("certificate_authority") is not None,
        audience=next(iter(audiences), None),
        listeners=settings.listeners,
        state_dir=settings.state_dir,
        variables=variables_of(root.blocks, reading),
    )
    if faults := reading.report.faults():
        raise ConfigFaults(faults)
    return found


def suffix_for(name: str) -> str:
    """A suffix of key ids that reminds of an agent's name: CI01 for ci."""
    letters = "".join(char for char in name.upper() if char in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    return f"{letters.lstrip('0123456789')[:14] or 'AGENT'}01"


def variables_of(blocks: Iterable[hcl.Block], reading: Reading) -> frozenset[str]:
    """Names of the variables of the environment that a configuration reads: those that the parser of values looks up."""
    names: list[str] = []

    def look_up(name: str) -> str:
        names.append(name)
        return "/"

    lookups = expressions.Lookups(env=look_up, read_file=lambda _: "", base_dir="/")
    waiting = [*blocks]
    while waiting:
        block = waiting.pop()
        waiting += block.blocks
        for item in block.attributes:
            with suppress(Flaw):  # a condition is no value
                expressions.parse(reading.report.source.text, item.start, item.end, lookups)
    return frozenset(names)


def accounts_of(blocks: Iterable[hcl.Block], reading: Reading) -> Iterable[tuple[str, Account]]:
    """The accounts of all endpoints, by id."""
    kind = attribute_types.listing(attribute_types.labelled_account)
    for form in (Form(block, reading) for block in blocks if block.kind == "endpoint"):
        region = form.take(attribute_types.text, "region") or ""
        for number, label in form.take(kind, "accounts") or ():
            yield number, Account(label=label, region=region)


def _secret(form: Form) -> str | None:
    """The first secret of an agent's block; None where a variable or file that it names is not here."""
    apart = replace(form.reading, report=Report(form.report.source))
    found = agent_block.secrets_of(Form(form.block, apart))
    return found[0] if found and not apart.report.faults() else None
