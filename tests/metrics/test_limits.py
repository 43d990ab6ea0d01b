"""The table of limits has every limit of the configuration and of the code, and what it says of each holds there."""

from __future__ import annotations

import ast
import math
import re

import pytest

from tests.docs.pages import rows, section, text
from tests.kit.configs import load
from tests.kit.paths import ROOT
from trio_gate.config.model import AgentLimits
from trio_gate.metrics.limits import FIRST, FIXED, LAST, LIMITS, fullest, table
from trio_gate.shell.admin.connection_limits import PROVEN, UNPROVEN
from trio_gate.shell.approval.notifier import MAX_WAITING as MAX_NOTICES
from trio_gate.shell.audit.refusals import ALL_ROWS, ROWS
from trio_gate.shell.audit.writer import MAX_WAITING as MAX_ROWS
from trio_gate.shell.net.connection_limits import UNKNOWN_SHARE
from trio_gate.shell.tunnels.tunnels import ALL_UNKNOWN, UNKNOWN
from trio_gate.shell.worker_threads import MAX_WAITING
from trio_gate.shell.wrong_tokens import MOST_AT_ONCE

CONFIGURATION = ROOT / "docs" / "configuration.md"
TERMS = {"grant_uses"}
"""Numbers of the `gateway` block that bound what a person may grant, and nothing that the gateway holds."""


def defaults():
    return {
        cells[0].strip("`"): cells[1].removeprefix("`").removesuffix("`" * cells[1].startswith("`")).strip('"')
        for cells in rows(section(CONFIGURATION, "gateway"))
    }


def test_the_table_of_the_docs_is_made_of_it():
    assert text(ROOT / "docs" / "operation.md").partition(f"{FIRST}\n")[2].partition(LAST)[0] == table(defaults())


def test_every_number_of_the_gateway_that_bounds_something_is_there():
    gateway = load("").gateway
    numbers = {name for name in type(gateway).__dataclass_fields__ if type(getattr(gateway, name)) is int}
    assert {one.name for one in LIMITS if one.where == "gateway"} == numbers - TERMS | {"head_timeout"}


def test_all_but_times_and_rates_have_a_pair():
    assert {one.name for one in LIMITS if not one.used} == {"head_timeout", "body_rate", "passthrough_idle", "passthrough_time"}


def test_the_fullest_is_that_of_which_the_largest_part_is_used():
    assert fullest([(3, 100), (1, 2), (40, math.inf)]) == (1, 2)
    assert (fullest([]), fullest([], 7)) == ((0, math.inf), (0, 7))


def test_allowances_are_said_as_they_are():
    said = {one.name: one.default for one in LIMITS}
    assert said["unknown_tunnels_pace"] == f"{UNKNOWN.most} of a source, {ALL_UNKNOWN.most} of all"
    assert said["refusal_rows"] == f"{ROWS} of a source, {ALL_ROWS} of all"
    assert (UNKNOWN_SHARE, UNKNOWN.rate) == (4, 0.5)


def test_every_limit_of_an_agent_is_there():
    own = set(AgentLimits.__dataclass_fields__) - {"burst"}
    listed = {one.name for one in LIMITS}
    assert {name for name in own if name not in listed and f"{name}_per_agent" not in listed} == set()


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("work_per_agent", MAX_WAITING),
        ("wrong_tokens", MOST_AT_ONCE),
        ("record_queue", MAX_ROWS),
        ("notices", MAX_NOTICES),
        ("admin_unproven", UNPROVEN),
        ("admin_people", PROVEN),
        ("metrics_unproven", UNPROVEN),
        ("metrics_people", PROVEN),
    ],
)
def test_fixed_limits_are_those_of_the_code(name, most):
    assert FIXED[name] == most


def test_limits_of_a_listener_have_the_defaults_of_the_reference():
    given = {cells[0].strip("`"): cells[2].strip("`").strip('"') for cells in rows(text(ROOT / "docs" / "reference.md"))}
    assert {one.name: one.default for one in LIMITS if one.where == "listener"} == {
        name: default for name, default in given.items() if name.startswith("passthrough_")
    }


def test_whatever_is_too_much_or_too_slow_names_its_limit():
    unnamed = set()
    for path in (ROOT / "trio_gate").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and (error := ast.unparse(node.func)) in {"Overloaded", "TooMuchAtOnce", "Malformed"}:
                given = {word.arg: ast.unparse(word.value) for word in node.keywords}
                if "limit" not in given and (error != "Malformed" or given.get("status") == "408"):
                    unnamed.add(ast.unparse(node))
    assert unnamed == {"Overloaded(NO_THREAD)"}, "threads are the system's"


STATUSES = {"Denied": 403, "TooMuchAtOnce": 403, "Overloaded": 503, "AuditUnavailable": 503}


def raised():
    """By limit, the statuses of the errors that name it in the code."""
    found: dict[str, set[int]] = {}
    for path in (ROOT / "trio_gate").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and (given := {word.arg: word.value for word in node.keywords}).get("limit"):
                limit, status = given["limit"], given.get("status")
                error = ast.unparse(node.func)
                names = ["held_total", "spool_limit"] if ast.unparse(limit) == "self.knob" else [ast.unparse(limit).strip("'")]
                for name in names:
                    if re.fullmatch(r"[a-z_]+", name) and error in {*STATUSES, "Malformed"}:
                        found.setdefault(name, set()).add(status.value if status is not None else STATUSES[error])
    return found


def test_each_limit_that_refuses_does_so_with_the_status_of_the_table():
    assert raised() == {one.name: {one.status} for one in LIMITS if one.status is not None}
