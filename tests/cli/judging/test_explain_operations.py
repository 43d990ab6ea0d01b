"""`trio-gate explain --operations` as a program: what a condition lets through, before there is a call."""

from __future__ import annotations

import json
import re
import subprocess

import botocore
import pytest

from tests.kit.aws.meanings import model
from tests.kit.gateway import TRIO_GATE
from trio_gate.cli.judging.explain_operations import PAGE, Met, operations_met
from trio_gate.shell.models.model_loader import installed_operations

SERVICES = re.compile(r"\d+ services: (.*?) \u2026 and \d+ more")


def explained(condition: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*TRIO_GATE, "explain", "--operations", condition, *words], capture_output=True, text=True, check=False)


def rows(condition: str) -> dict[str, dict]:
    done = explained(condition, "--jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {f"{row['service']}:{row['action']}": row for row in found}


def test_every_operation_of_the_installed_botocore_is_judged():
    found = rows("true")
    assert found.keys() == {f"{service}:{name}" for service, names in installed_operations() for name in names}
    assert {row["holds"] for row in found.values()} == {"always"}
    assert found["sqs:DeleteQueue"] == {
        "service": "sqs",
        "action": "DeleteQueue",
        "holds": "always",
        "iam_action": "sqs:DeleteQueue",
        "access": "write",
        "reads_secret": False,
        "vends_credentials": False,
        "may_expose_secrets": False,
        "runs_code": False,
        "spends": False,
    }


def test_reads_ok_lets_reads_through_and_what_a_call_decides_is_said():
    found = rows('aws.access == "read" && !aws.reads_secret && has(aws.params.Name)')
    assert {row["access"] for row in found.values()} <= {"read", None}
    assert {row["holds"] for row in found.values()} == {"depends"}
    assert {"s3:GetObject", "ssm:GetParameter", "dynamodb:ExecuteStatement"} <= found.keys()
    assert found.keys().isdisjoint({"secretsmanager:GetSecretValue", "s3:PutObject", "sqs:ReceiveMessage"})


def test_a_page_has_a_line_for_each_service_and_level_and_a_total():
    named = 'aws.action in ["AssumeRole", "ListQueues", "SendMessage"] || aws.action == "CreateQueue" && has(agent.name)'
    done = explained(f'aws.service in ["sqs", "sts"] && ({named})')
    total = sum(len(names) for _, names in installed_operations())
    assert [line for line in done.stdout.splitlines() if "costs money" not in line] == [
        "read: 1 operation",
        "  sqs (1): ListQueues",
        "",
        "write: 3 operations",
        "  returns credentials (1): sts:AssumeRole",
        "  sqs (2): CreateQueue* SendMessage",
        "  sts (1): AssumeRole",
        "",
        f"4 operations of the {total:,} of botocore {botocore.__version__}; --all names every one",
        "* 1 depend on the call: its parameters, resources, account, time or agent",
        "1 of them return credentials, or may, and need a rule with `vends = true`",
    ]


@pytest.mark.parametrize("condition", ['aws.access == "read"', 'aws.access in ["read", "list"]', "true", "!aws.reads_secret"])
def test_a_page_is_one_page_and_says_first_what_deserves_eyes(condition: str):
    lines = explained(condition).stdout.splitlines()
    assert len(lines) <= PAGE
    assert max(map(len, lines)) <= 120
    found = rows(condition)
    for level in {row["access"] for row in found.values()} - {None}:
        assert f"{level}: {sum(row['access'] == level for row in found.values()):,} operations" in lines
    text = " ".join(line.strip() for line in lines)
    vends = [name for name, row in found.items() if row["access"] == "read" and row["vends_credentials"]]
    assert f"returns credentials ({len(vends)}, or may 2): {vends[0]} {vends[1]} " in text
    assert sorted(SERVICES.findall(text)[0].split(", ")) == sorted(set(SERVICES.findall(text)[0].split(", ")))


def test_names_that_do_not_fit_are_counted_and_all_has_every_one():
    condition = 'aws.access == "read"'
    page, whole, found = explained(condition).stdout, explained(condition, "--all").stdout, rows(condition)
    text = " ".join(line.strip() for line in page.splitlines())
    exposing = re.search(r"may expose secrets \((\d+), or may (\d+)\): (.*?) \u2026 and (\d+) more", text)
    assert exposing
    assert len(exposing[3].split()) + int(exposing[4]) == int(exposing[1]) + int(exposing[2])
    assert int(exposing[1]) == sum(bool(row["may_expose_secrets"]) for row in found.values() if row["access"] == "read")
    named = {name for line in whole.splitlines() for name in line.replace("*", "").split()}
    assert {name.partition(":")[2] for name in found} <= named
    assert "more" not in whole.partition("operations of the")[0]
    assert "--all" not in whole


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ('aws.acess == "read"', "character 1: there is no facet `aws.acess`: did you mean `aws.access`?"),
        ("true && aws.region", "character 6: `&&` does not fit (bool, string)"),
        ("", "character 1: the condition ends too early"),
    ],
)
def test_what_is_no_condition_is_said_in_one_line(condition: str, said: str):
    done = explained(condition)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"trio-gate explain: the condition, at {said}\n")


def test_operations_that_look_alike_are_judged_as_one():
    facts = [{"aws.service": "s3", "aws.action": f"Get{number}", "aws.access": "read"} for number in range(9)]
    assert list(operations_met('aws.access == "read"', facts)) == [Met(facts=one, holds="always") for one in facts]
    assert [one.facts["aws.action"] for one in operations_met('aws.action == "Get3"', facts)] == ["Get3"]
    without = [{**facts[0], "aws.iam_action": None}, facts[0]]
    assert [one.holds for one in operations_met("has(aws.iam_action)", without)] == ["depends"]


def test_the_methods_are_those_of_the_models():
    found = dict(installed_operations())
    for service in ("s3", "apigateway", "sqs"):
        assert found[service] == {name: one["http"]["method"] for name, one in model(service)["operations"].items()}
