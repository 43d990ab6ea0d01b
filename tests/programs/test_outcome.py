"""Refusals as programs show them: an agent that follows what is printed does the right next thing, and the fields say the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.embedded.aws import ACCOUNTS
from tests.kit.approvals.approver import Person
from tests.kit.approvals.scripted_agent import AGENT, PEOPLE, RULES, TOKEN, expects, expects_the_operator
from tests.kit.gateway import running
from tests.programs.kit import CLIENTS, CLIS, Job, go_client, need, ways
from tests.programs.programs import MODULES, NODE
from trio_gate.approval.channel.frames import Lift, Stop

PROGRAMS = ("aws-cli-1", "aws-cli-2", "javascript", "go")


@pytest.fixture(scope="module")
def go_program(tmp_path_factory):
    return go_client("outcome", tmp_path_factory.mktemp("go"))


@pytest.fixture
def program(request, tmp_path):
    """Runs one of the programs in an account: its verb and a bucket's name; what was printed."""

    def made(gate, name):
        way = ways(gate, ())["endpoint" if name == "javascript" else "proxy"]
        job = Job(way=way, source=tmp_path, target=tmp_path, prefix="", folder=tmp_path)
        words = {
            "javascript": (NODE, "--no-warnings", CLIENTS / "outcome.mjs", MODULES),
            "go": (request.getfixturevalue("go_program"),) if name == "go" else (),
        }.get(name) or (CLIS[name[-1]], "s3api")
        need(name, *(word for word in words if str(word).startswith("/")))
        cli = "cli" in name

        def run(account, verb, bucket):
            own = replace(job, key=f"AKIA{account}CI01")
            if not cli:
                return own.run(*words, verb, bucket, AWS_CA_BUNDLE=way.ca_file).strip()
            shell = '"$@" 2>&1 && echo done || true'
            return own.run(*words, f"{verb}-bucket", "--bucket", bucket, shell=shell, AWS_CA_BUNDLE=way.ca_file).strip()

        return run

    return made


def creates(run):
    def created(account, bucket):
        said = run(account, "create", bucket)
        return None if said.splitlines()[-1] == "done" else said

    return created


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PROGRAMS)
def test_an_agent_follows_what_is_printed(embedded_aws, tmp_path, program, name):
    with running(tmp_path, embedded_aws, rules=RULES, agent=AGENT, extra=PEOPLE) as gate:
        expects(gate, creates(program(gate, name)), name)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", PROGRAMS)
def test_what_it_cannot_mend_is_for_its_operator(embedded_aws, tmp_path, program, name):
    with running(tmp_path, embedded_aws, rules=RULES, agent=AGENT, extra=PEOPLE, role="no-such-role") as gate:
        expects_the_operator(gate, creates(program(gate, name)))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["javascript", "go"])
def test_head_has_no_body_and_says_it_in_fields(embedded_aws, tmp_path, program, name):
    with running(tmp_path, embedded_aws, rules=RULES, agent=AGENT, extra=PEOPLE) as gate:
        Person(gate, TOKEN).say(Stop(agent="ci", reason="look at the logs first"))
        last = program(gate, name)(ACCOUNTS["staging"], "head", "staging-data").splitlines()[-1]
        Person(gate, TOKEN).say(Lift(agent="ci"))
    assert last.startswith(
        "stopped not executed: this agent's calls are stopped by a person until that is lifted: look at the logs"
    )
