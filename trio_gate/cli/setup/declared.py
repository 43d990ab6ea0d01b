"""The agents and people that a configuration declares, also where its secrets are not set.

Rule: only what is listed here is read.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from trio_gate.cli import state_dir
from trio_gate.cli.wiring.reading import accounts_of, variables_of
from trio_gate.config import attribute_types, expressions
from trio_gate.config.agents import block as agent_block
from trio_gate.config.block_reader import Form
from trio_gate.config.model import RIGHTS
from trio_gate.config.source import ConfigFaults, Flaw
from trio_gate.errors import did_you_mean
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PROOFS = {"certificate_authority": "certificate", "proxy_token_sha256": "proxy token", "networks": "networks"}
"""Attributes that ask an agent for more than its secret, and what they are called here."""

HIDDEN = '"(the secret that stands there now)"'
"""Stands for a secret that is written in the configuration itself."""


class NotDeclaredError(Exception):
    """The text is one line for the user."""


@value_class
class DeclaredAgent:
    """An agent. `accounts` are empty for all, `secrets` the expressions of its secrets, of which no literal is shown."""

    name: str
    where: str
    key_suffix: str
    accounts: tuple[str, ...]
    proofs: tuple[str, ...]
    secrets: tuple[str, ...]


@value_class
class DeclaredPerson:
    """A person, and what of the rights is given."""

    name: str
    where: str
    kind: str
    rights: tuple[str, ...]


@value_class
class DeclaredApprover:
    """An approver: its id, who it is, and how many of them must approve."""

    id: str
    where: str
    people: tuple[str, ...]
    quorum: int


@value_class
class Declared:
    """What a configuration declares. `accounts` are labels by id, `variables` what it reads of the environment. `where` is "file:line"."""

    agents: tuple[DeclaredAgent, ...]
    people: tuple[DeclaredPerson, ...]
    approvers: tuple[DeclaredApprover, ...]
    accounts: Mapping[str, str | None]
    variables: frozenset[str]


NOTHING = Declared(agents=(), people=(), approvers=(), accounts=MappingProxyType({}), variables=frozenset())

_SECRET = re.compile(r"""\b[a-z_]+\(\s*"(?:[^"\\]|\\.)*"\s*\)|"(?:[^"\\]|\\.)*\"""")
"""A call or a text, of which the expression of a secret is, or a list of them."""

T = TypeVar("T", DeclaredAgent, DeclaredPerson)


def named(kind: str, found: Sequence[T], name: str) -> T:
    """The agent or person of a name. Raises NotDeclaredError."""
    by_name = {one.name: one for one in found}
    if name not in by_name:
        there = f"there are {', '.join(by_name)}" if by_name else "there are none"
        raise NotDeclaredError(f"the configuration has no {kind} {name}: {did_you_mean(name, by_name) or there}")
    return by_name[name]


def declared(config: str) -> Declared:
    """Read what is declared. Raises StartFailed or ConfigFaults."""
    root, reading = state_dir.read_blocks(config)
    forms = {kind: [Form(block, reading) for block in root.blocks if block.kind == kind and block.labels] for kind in _KINDS}
    found = Declared(
        agents=tuple(map(_agent, forms["agent"])),
        people=tuple(map(_person, forms["person"])),
        approvers=tuple(map(_approver, forms["approver"])),
        accounts=MappingProxyType({number: one.label for number, one in accounts_of(root.blocks, reading)}),
        variables=variables_of(root.blocks, reading),
    )
    if faults := reading.report.faults():
        raise ConfigFaults(faults)
    return found


_KINDS = ("agent", "person", "approver")


def _where(form: Form) -> str:
    return f"{form.report.source.name}:{form.report.source.line(form.block.at)}"


def _agent(form: Form) -> DeclaredAgent:
    attribute = form.given("secrets") or form.given("secret")
    text = form.report.source.text
    written = [] if attribute is None else _SECRET.findall(text[attribute.start : attribute.end])
    proofs = [word for name, word in PROOFS.items() if form.given(name)] + ["identity token"] * bool(form.nested("oidc"))
    return DeclaredAgent(
        name=form.name,
        where=_where(form),
        key_suffix=agent_block.key_suffix(form) or "",
        accounts=form.take(attribute_types.listing(attribute_types.account), "accounts") or (),
        proofs=tuple(proofs),
        secrets=tuple(HIDDEN if one.startswith('"') else one for one in written),
    )


def _person(form: Form) -> DeclaredPerson:
    rights = [name for name in RIGHTS if form.take(attribute_types.flag, name)]
    kind = form.take(attribute_types.text, "kind") or "human"
    return DeclaredPerson(name=form.name, where=_where(form), kind=kind, rights=tuple(rights))


def _approver(form: Form) -> DeclaredApprover:
    return DeclaredApprover(
        id=".".join(label.text for label in form.block.labels),
        where=_where(form),
        people=tuple(_people(form)),
        quorum=form.take(attribute_types.whole(1, 1000), "quorum") or 1,
    )


def _people(form: Form) -> Iterator[str]:
    attribute = form.given("people")
    if attribute is None:
        return
    try:
        found = expressions.parse(form.report.source.text, attribute.start, attribute.end, form.reading.lookups).data
    except Flaw as flaw:
        form.report.flaw(flaw)
        return
    for one in found if isinstance(found, tuple) else ():
        if isinstance(one.data, expressions.Reference):
            yield one.data.path.partition(".")[2]
