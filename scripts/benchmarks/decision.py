"""What a decision takes in this process: the call's name and meaning, its facets, and fifty rules."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.benchmarks import boto
from scripts.benchmarks.naming import CALLS, ask
from scripts.benchmarks.proxies import AGENT, CONFIG, DYNAMODB
from scripts.benchmarks.table import row, title
from trio_gate.aws.hosts.table import HostTable
from trio_gate.aws.iam.tables import Tables
from trio_gate.aws.model.catalog import Catalog
from trio_gate.config.load import load
from trio_gate.exchange.snapshot import check_condition, compile_snapshot
from trio_gate.facet.extract import facets_of
from trio_gate.policy.decide import decide
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.models.model_loader import load_model
from trio_gate.shell.models.packaged_data import packaged_hosts, packaged_tables

if TYPE_CHECKING:
    from scripts.benchmarks.proxies import Place
    from scripts.benchmarks.run import Effort
    from trio_gate.policy.decide import Rule

EXAMPLES = Path(__file__).parents[2] / "docs" / "rules.md"
COUNT = 50
OTHERS = ("our regions", "its own prefix", "office hours", "no other account")
"""Examples that are for another region, bucket or hour than the benchmark's, and would decide first."""

TEAM = """
rule "team {number}" {{
  match  = aws.service == "{service}" && aws.resources != [] && aws.resources.all(r, r.startsWith("arn:aws:{arn}team-{number}-"))
  action = "allow"
}}
"""
OWN = (("s3", "s3:::"), ("dynamodb", "dynamodb:us-east-1:111111111111:table/"), ("sqs", "sqs:us-east-1:111111111111:"))
LAST = 'rule "reads" {\n  match  = aws.access in ["read", "list"]\n  action = "allow"\n}\n'


def rules() -> tuple[Rule, ...]:
    """Fifty: the denials among the documentation's examples, what each team owns, and last that reads are allowed."""
    examples = re.findall(r"```hcl fragment\n(rule .*?)```", EXAMPLES.read_text(), re.DOTALL)
    denials = [example for example in examples if '"deny"' in example and example.split('"')[1] not in OTHERS]
    teams = [
        TEAM.format(number=number, service=OWN[number % len(OWN)][0], arn=OWN[number % len(OWN)][1])
        for number in range(COUNT - 1 - len(denials))
    ]
    blocks = CONFIG.partition('rule "no secrets"')[0]
    text = blocks.format(dynamodb=DYNAMODB, small=1, large=1, ca_file="ca.pem", secret=AGENT.secret_access_key)
    config = load(
        text + "".join([*denials, *teams, LAST]),
        "benchmark",
        env={}.get,
        read_file=lambda _: "",
        base_dir=".",
        check_condition=check_condition,
        find_operation=lambda service, operation: (),
    )
    return compile_snapshot(1, config).rules


def decision(_: Place, effort: Effort) -> dict[str, float]:
    """Microseconds of CPU from a request that was read to the rules' decision."""
    table, catalog, tables, judged = HostTable(packaged_hosts()), Catalog(load_model), Tables(packaged_tables), rules()
    title(f"decision by {len(judged)} rules, CPU µs", "median", "p99", "decision")
    figures, now = {}, SystemClock().now()
    for service, operation, params in CALLS:
        asked = ask(boto.sent(service, operation, params, AGENT.access_key_id, AGENT.secret_access_key), table, catalog, tables)
        took = []
        for _ in range(effort.times):
            began = time.thread_time_ns()
            call = asked.identify(catalog, tables)
            facets = facets_of(call, account_name="staging", agent="ci", agent_address="127.0.0.1", time=now)
            outcome = decide(judged, facets, endpoint="main").outcome
            took.append((time.thread_time_ns() - began) / 1e3)
        took.sort()
        median, p99 = (took[round(part * (len(took) - 1))] for part in (0.5, 0.99))
        row(operation, median, p99, outcome)
        figures |= {f"decision {operation}": median, f"decision {operation} p99": p99}
    return figures
