"""The table of limits has every limit of the configuration and of the code, and what it says of each holds there."""

from __future__ import annotations

import ast
import re

import pytest

from tests.docs.pages import rows, section, text
from tests.kit.configs import load
from tests.kit.paths import ROOT
from trio_gate.approval.grant import MAX_GRANTS
from trio_gate.config.model import AgentLimits
from trio_gate.metrics.limits import FIRST, FIXED, LAST, LIMITS, table
from trio_gate.sessions.table import MAX_PER_AGENT, MAX_SESSIONS
from trio_gate.shell.admin.connection_limits import PROVEN, UNPROVEN
from trio_gate.shell.approval.notifier import MAX_WAITING as MAX_NOTICES
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
    numbers = {name for name in type(gateway).__dataclass_fields__ if type(getattr(gateway, name)) is int} - {"body_rate"}
    assert {one.name for one in LIMITS if one.where == "gateway"} == numbers - TERMS


def test_every_limit_of_an_agent_is_there():
    own = set(AgentLimits.__dataclass_fields__) - {"burst"}
    listed = {one.name for one in LIMITS}
    assert {name for name in own if name not in listed and f"{name}_per_agent" not in listed} == set()


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("sessions", MAX_SESSIONS),
        ("sessions_per_agent", MAX_PER_AGENT),
        ("work_per_agent", MAX_WAITING),
        ("wrong_tokens", MOST_AT_ONCE),
        ("grants", MAX_GRANTS),
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
