"""What `trio-gate check` says of operations that are newer than the packaged review: how many there are, and which rules match them.

Rule: a rule may match an operation unless its condition is false for every call of it; all else about a call is unknown here.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from trio_gate.aws.call import UNKNOWN
from trio_gate.aws.iam.own_review import HARMLESS
from trio_gate.aws.iam.tables import Tables
from trio_gate.cli.judging.hosts_of_one_run import HostsOfOneRun
from trio_gate.errors import CertificatesUnavailable
from trio_gate.exchange.snapshot import compile_snapshot
from trio_gate.facet.extract import Facets
from trio_gate.facet.schema import FACETS
from trio_gate.policy.activation import Undecided
from trio_gate.policy.cel import Evidence
from trio_gate.shell.certificates.authority import domains_of, interception, uncovered
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.models.installed_operations import newer, services, version
from trio_gate.shell.models.model_loader import load_model
from trio_gate.shell.models.packaged_data import packaged_tables, reviewed_botocore
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio_gate.aws.call import Value
    from trio_gate.config.model import Config, OperationReview
    from trio_gate.policy.decide import Rule
    from trio_gate.shell.models.installed_operations import Why

SHOWN = 5
"""Operations that are named for each rule."""

_WORDS: dict[Why, str] = {
    "operation": "new",
    "answer": "with a new field in the answer",
    "input": "with a new parameter",
}


@value_class
class Newer:
    """One such operation, and the operator's own review of it."""

    service: str
    operation: str
    why: Why
    access: str
    own: OperationReview | None

    @property
    def name(self) -> str:
        """The label of an `operation` block for it."""
        return f"{self.service}:{self.operation}"

    def facets(self) -> Facets:
        """What is known about all of its calls that use what is newer."""
        known: dict[str, Value] = dict.fromkeys(FACETS, UNKNOWN)
        own = self.own
        known |= {"aws.service": self.service, "aws.action": self.operation, "aws.access": (own and own.access) or self.access}
        for word, value in (own.flags if own else {}).items():
            for name, harmless in HARMLESS[word].items():
                said: Value = list(harmless) if isinstance(harmless, tuple) else harmless
                known[f"aws.{name}"] = said if not value else True if harmless is False else UNKNOWN
        if own and own.iam_actions:
            known |= {"aws.iam_action": own.iam_actions[0], "aws.iam_actions": list(own.iam_actions)}
        return Facets({tuple(name.split(".")): value for name, value in known.items()}, time=SystemClock().now())


def newer_lines(config: Config) -> Iterator[str]:
    """The lines, without line ends. Reads every model if another botocore than the reviewed one is installed."""
    if version() == reviewed_botocore():
        yield f"no operation of botocore {version()} is newer than the review"
        return
    found = list(_newer(config))
    counts = ", ".join(f"{sum(one.why == why for one in found)} {words}" for why, words in _WORDS.items())
    yield f"newer than the review of botocore {reviewed_botocore()}, in {version()}: {len(found)} operations ({counts})"
    for rule in compile_snapshot(1, config).rules:
        met = [one for one in found if _meets(rule, one)]
        if met:
            names = " ".join(one.name for one in met[:SHOWN]) + (" \u2026" if len(met) > SHOWN else "")
            yield f'  rule "{rule.name}" may match {len(met)}{_effect(rule)}: {names}'
    yield from _beyond_the_ca(config)


def _beyond_the_ca(config: Config) -> Iterator[str]:
    """A line if the existing CA may not sign for hosts of the installed botocore."""
    state = Path(config.gateway.state_dir)
    with suppress(CertificatesUnavailable):
        found = uncovered(
            interception(state, (), now=SystemClock().now()), state, domains_of(config, HostsOfOneRun(state).whole())
        )
        if found is not None:
            yield f"warning: {found}"


def _newer(config: Config) -> Iterator[Newer]:
    tables, own = Tables(packaged_tables), {(one.service, one.operation): one for one in config.operations}
    for service in services():
        for name, why in newer(tables, service, load_model(service)).items():
            row = tables.row(service, name)
            access = row.access if row and why == "answer" else "write"
            yield Newer(service=service, operation=name, why=why, access=access, own=own.get((service, name)))


def _effect(rule: Rule) -> str:
    return ", and refuses what may return credentials" if rule.action != "deny" and not rule.vends else ""


def _meets(rule: Rule, one: Newer) -> bool:
    try:
        return rule.condition is None or rule.condition.holds(Evidence(one.facets()))
    except Undecided:
        return True
