"""Turns text into a `Config`: reads every block, checks across blocks, then returns the value or raises all faults at once."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from trio_gate.config import blocks, cross_checks, gateway_block, hcl, operation_block
from trio_gate.config.agents.block import agent as agent_block
from trio_gate.config.agents.trust import NO_CHECKS, Trust
from trio_gate.config.approvers.block import approver as approver_block
from trio_gate.config.block_reader import Form, Reading, title
from trio_gate.config.condition import ConditionFault
from trio_gate.config.expressions import Lookups
from trio_gate.config.model import Config
from trio_gate.config.source import ConfigFaults, Report, Source
from trio_gate.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trio_gate.config.hcl import Block
    from trio_gate.config.model import Rule
    from trio_gate.config.operation_block import Find

__all__ = ["ConditionFault", "load"]


def load(
    text: str,
    name: str,
    *,
    env: Callable[[str], str | None],
    read_file: Callable[[str], str],
    base_dir: str,
    check_condition: Callable[[str], Sequence[ConditionFault]],
    find_operation: Find | None = None,
    trust: Trust = NO_CHECKS,
) -> Config:
    """Read a configuration.

    Args:
        text: the file's contents.
        name: its name, for messages.
        env: looks up an environment variable; None if it is not set.
        read_file: reads a file by absolute path; may raise OSError or ValueError.
        base_dir: the absolute path of the file's folder, where its relative paths start.
        check_condition: returns what is wrong with a rule's CEL source.
        find_operation: returns what is known of AWS's operations; None where no block may name one.
        trust: reads the files of what agents are verified with.

    Raises:
        ConfigFaults: holds everything that is wrong.
    """
    report = Report(Source(text, name))
    root = hcl.read(report, top=blocks.SHAPES.keys(), sensitive=blocks.sensitive)
    lookups = Lookups(env=env, read_file=read_file, base_dir=base_dir)
    reading = Reading(report=report, lookups=lookups, check=check_condition, declared={})
    config = _config(_Blocks(root, reading), report, find_operation, trust)
    if faults := report.faults():
        raise ConfigFaults(faults)
    return replace(config, sha256=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())


def forms_of(text: str) -> list[Form]:
    """What the readers of blocks ask of those in a text, whatever its faults: the readers are the schema of the file."""
    report = Report(Source(text, "the schema"))
    lookups = Lookups(env=lambda _: None, read_file=lambda _: "", base_dir="/")
    root = hcl.read(report, top=blocks.SHAPES.keys(), sensitive=blocks.sensitive)
    declared = _Blocks(root, Reading(report=report, lookups=lookups, check=lambda _: (), declared={}))
    _config(declared, report, None, NO_CHECKS)
    return declared.read


class _Blocks:
    """The top-level blocks, checked for kind, labels and duplicates."""

    def __init__(self, root: Block, reading: Reading) -> None:
        self.reading = reading
        self.good: list[Block] = []
        self.seen: dict[str, Block] = {}
        self.read: list[Form] = []
        report = reading.report
        for attribute in root.attributes:
            report.add(attribute.at, f"attribute `{attribute.name}` is outside any block")
        for block in root.blocks:
            if block.kind not in blocks.SHAPES:
                report.add(block.at, f"there is no block `{block.kind}`", did_you_mean(block.kind, blocks.SHAPES))
            elif blocks.labels_fit(block, reading):
                self._add(block)

    def _add(self, block: Block) -> None:
        first = self.seen.setdefault(title(block), block)
        if first is not block:
            report = self.reading.report
            report.add(block.at, f"{title(block)} is declared twice", f"first on line {report.source.line(first.at)}")
            return
        if blocks.SHAPES[block.kind].referable:
            labels = [label.text for label in block.labels]
            self.reading.declared[".".join(labels if len(labels) == 2 else [block.kind, *labels])] = block.kind
        self.good.append(block)

    def count(self, kind: str) -> int:
        """How many blocks of a kind are declared, readable or not."""
        return sum(block.kind == kind for block in self.good)

    def forms(self, kind: str) -> Iterator[Form]:
        """Forms for the readable blocks of a kind, in the file's order."""
        for block in self.good:
            if block.kind == kind and not block.broken:
                self.read.append(Form(block, self.reading))
                yield self.read[-1]


def _config(declared: _Blocks, report: Report, find: Find | None, trust: Trust) -> Config:
    for form in declared.forms("plugin"):
        blocks.plugin(form)
    empty = Form(hcl.Block(kind="gateway", at=0), declared.reading)
    gateway = gateway_block.gateway(next(declared.forms("gateway"), empty), proven=declared.count("agent") > 0)
    credentials = {f"aws_account.{form.name}": blocks.credential(form) for form in declared.forms("credential")}
    people = [(form, person) for form in declared.forms("person") if (person := blocks.person(form))]
    by_id = {f"person.{person.name}": person for _, person in people}
    approvers = [(form, approver) for form in declared.forms("approver") if (approver := approver_block(form, by_id))]
    endpoints = [(form, endpoint) for form in declared.forms("endpoint") if (endpoint := blocks.endpoint(form, credentials))]
    agents = [(form, agent) for form in declared.forms("agent") if (agent := agent_block(form, trust))]
    upstreams = [upstream for form in declared.forms("upstream") if (upstream := blocks.upstream(form))]
    operations = [one for form in declared.forms("operation") if (one := operation_block.operation(form, find))]
    ruled = [(form, *found) for form in declared.forms("rule") if (found := blocks.rule(form))]
    ruled.sort(key=lambda item: -item[1])
    rules: list[tuple[Form, Rule]] = [(form, rule) for form, _, rule in ruled]

    cross_checks.endpoints(endpoints, report)
    if len(endpoints) == declared.count("endpoint"):
        cross_checks.accounts(agents, endpoints)
    cross_checks.agents(agents)
    cross_checks.proxy_tokens(agents, people, gateway, report)
    if declared.count("agent") == 0:
        cross_checks.source_identities([*endpoints, *rules])
    cross_checks.durations(endpoints, agents, rules)
    cross_checks.narrowing(endpoints, agents, rules)
    cross_checks.people(people)
    cross_checks.escalations(approvers, report)
    cross_checks.rules(rules, report, admin=gateway.admin is not None)
    return Config(
        gateway=gateway,
        endpoints=tuple(endpoint for _, endpoint in endpoints),
        agents=tuple(agent for _, agent in agents),
        people=tuple(person for _, person in people),
        approvers=tuple(approver for _, approver in approvers),
        upstreams=tuple(upstreams),
        rules=tuple(rule for _, rule in rules),
        notes=tuple(report.notes),
        operations=tuple(operations),
    )
