"""Real programs assume roles through the gateway as their manuals say, one by the other, and work in them."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from dataclasses import replace

import pytest

from scripts.embedded.aws import ACCOUNTS, DEEPER, DEPLOY, REGION
from tests.kit.gateway import SECRET, running
from tests.programs.kit import (
    BUCKET,
    CLIENTS,
    CLIS,
    KEY,
    Job,
    go_client,
    namespaces,
    need,
    need_namespaces,
    need_terraform,
    no_namespaces,
    ways,
)
from tests.programs.programs import MODULES, NODE, OWN

ROLES = [f"arn:aws:iam::{ACCOUNTS['staging']}:role/{name}" for name in (DEPLOY, DEEPER)]
RULES = f"""\
rule "roles"      {{ match = aws.action == "AssumeRole" && aws.resources.all(one, one in {json.dumps(ROLES)})  action = "allow" }}
rule "their work" {{ match = has(aws.session_role)  action = "allow" }}
rule "who am I"   {{ match = aws.action in ["GetCallerIdentity", "GetSessionToken"]  action = "allow" }}
"""
"""The agent's own key may do nothing but become somebody."""

PROFILES = f"""\
[profile deploy]
role_arn = {ROLES[0]}
source_profile = ci
[profile deeper]
role_arn = {ROLES[1]}
source_profile = deploy
"""
WHO = re.compile(rf"arn:aws:sts::{ACCOUNTS['staging']}:assumed-role/{DEEPER}/[\w-]+")


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("gate"), embedded_aws, rules=RULES) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def inside(gate, tmp_path_factory):
    why_not = no_namespaces()
    with ExitStack() as kept:
        enter = kept.enter_context(namespaces(tmp_path_factory.mktemp("inside"), gate.doors["tls"])) if why_not is None else ()
        yield enter, why_not


def job_by(name, gate, folder, enter=()):
    """A home with the two profiles, and no key in the environment."""
    home = folder / ".aws"
    home.mkdir(exist_ok=True)
    (home / "config").write_text(PROFILES)
    (home / "credentials").write_text(f"[ci]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
    return Job(way=ways(gate, enter)[name], source=folder, target=folder, prefix=f"roles-{name}", folder=folder, key=None)


@pytest.fixture
def by(gate, inside, tmp_path):
    def made(name):
        if name == "transparent":
            need_namespaces(inside[1])
        return job_by(name, gate, tmp_path, inside[0])

    return made


def is_deeper(gate, said, before):
    """What a program printed last is the second role, and nothing was refused that a retry would hide."""
    assert WHO.fullmatch(said.splitlines()[-1].strip()), said
    assert " refused " not in gate.log[before:]
    sent = gate.records()[-1]
    assert (sent["agent"], sent["session"]["role"], sent["session"]["chain"]) == ("ci", ROLES[1], ROLES)


@pytest.mark.parametrize("way", ["proxy", "transparent"])
def test_boto3_by_a_profile(gate, by, way):
    need("boto3", OWN / "python")
    job, before = by(way), len(gate.log)
    said = job.run(OWN / "python", CLIENTS / "boto_roles.py", "deeper", BUCKET, "roles/boto3", AWS_CA_BUNDLE=job.way.ca_file)
    is_deeper(gate, said, before)


def aws(job, cli, *words, profile="deeper"):
    """What the CLI printed. Its `--ca-bundle` is not for the calls by which it assumes roles."""
    need(f"AWS CLI {cli}", CLIS[cli])
    common = ("--output", "json", *(("--profile", profile) if profile else ()))
    return job.run(CLIS[cli], *common, *words, AWS_CA_BUNDLE=job.way.ca_file)


@pytest.mark.parametrize("way", ["proxy", "transparent"])
@pytest.mark.parametrize("cli", CLIS)
def test_the_cli_by_a_profile(gate, by, cli, way):
    job, before = by(way), len(gate.log)
    (job.folder / "file").write_text("by the CLI")
    aws(job, cli, "s3", "cp", job.folder / "file", f"s3://{BUCKET}/roles/cli")
    aws(job, cli, "s3", "cp", f"s3://{BUCKET}/roles/cli", job.folder / "back")
    assert (job.folder / "back").read_text() == "by the CLI"
    is_deeper(gate, json.loads(aws(job, cli, "sts", "get-caller-identity"))["Arn"], before)


@pytest.mark.parametrize("cli", CLIS)
def test_the_clis_cache_is_used_again_after_a_restart(embedded_aws, tmp_path, cli):
    """The CLI keeps what it got in ~/.aws/cli/cache; the gateway assumes the roles again by itself."""
    (tmp_path / "home").mkdir()
    kept = tmp_path / "home" / ".aws" / "cli" / "cache"
    for restarted in (False, True):
        with running(tmp_path, embedded_aws, rules=RULES) as gate:
            job, before = job_by("proxy", gate, tmp_path / "home"), len(gate.records())
            said = json.loads(aws(job, cli, "sts", "get-caller-identity"))["Arn"]
            is_deeper(gate, said, 0)
            assumed = [row for row in gate.records()[before:] if row["action"] == "AssumeRole"]
            assert len(assumed) == (0 if restarted else 2)
    sessions = [json.loads(path.read_text())["Credentials"] for path in kept.iterdir()]
    assert sessions
    assert all(one["AccessKeyId"].startswith("TGVS") for one in sessions)


@pytest.mark.parametrize("cli", CLIS)
def test_the_clis_session_token(gate, by, cli):
    """As people do it for a program that wants three parts; its power is that of the key that asked."""
    job = by("proxy")
    keys = json.loads(aws(job, cli, "sts", "get-session-token", "--duration-seconds", "900", profile="ci"))["Credentials"]
    job = replace(job, key=keys["AccessKeyId"], secret=keys["SecretAccessKey"], token=keys["SessionToken"])
    assert json.loads(aws(job, cli, "sts", "get-caller-identity", profile=None))["Account"] == ACCOUNTS["staging"]
    given = json.loads(aws(job, cli, "sts", "assume-role", "--role-arn", ROLES[0], "--role-session-name", "hand", profile=None))
    assert given["Credentials"]["AccessKeyId"].startswith("TGVS")
    assert gate.records()[-1]["session"]["key_id"] == keys["AccessKeyId"]


@pytest.mark.parametrize("roles", [("ci", *ROLES), ("deeper",)], ids=["fromTemporaryCredentials", "fromIni"])
def test_javascript(gate, by, roles):
    need("the AWS SDK for JavaScript", NODE, MODULES / "@aws-sdk" / "credential-providers")
    job, before = by("endpoint"), len(gate.log)
    said = job.run(NODE, "--no-warnings", CLIENTS / "roles.mjs", MODULES, BUCKET, "roles/javascript", *roles)
    is_deeper(gate, said, before)


@pytest.fixture(scope="module")
def go_program(tmp_path_factory):
    return go_client("roles", tmp_path_factory.mktemp("go"))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", ["proxy", "transparent"])
def test_go(gate, by, go_program, way):
    job, before = by(way), len(gate.log)
    for roles, profile in ((ROLES, "ci"), ((), "deeper")):
        env = {"AWS_PROFILE": profile, "AWS_CA_BUNDLE": job.way.ca_file}
        is_deeper(gate, job.run(go_program, BUCKET, "roles/go", *roles, **env), before)


@pytest.mark.parametrize("way", ["proxy", "transparent"])
def test_terraform_keeps_its_state_by_a_role(gate, by, way):
    program = need_terraform()
    job = by(way)
    (job.folder / "main.tf").write_text(BACKEND)
    env = {"AWS_PROFILE": "deploy", "AWS_CA_BUNDLE": job.way.ca_file, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    before = len(gate.log)

    def terraform(verb, *words):
        return job.run(job.folder, program, verb, "-no-color", *words, shell='cd "$1"; shift; exec "$@"', **env)

    terraform("init", "-input=false")
    terraform("apply", "-input=false", "-auto-approve")
    assert terraform("output", "-raw", "it") == "is kept"
    assert " refused " not in gate.log[before:]


BACKEND = f"""\
terraform {{
  backend "s3" {{
    bucket       = "{BUCKET}"
    key          = "roles/terraform.tfstate"
    region       = "{REGION}"
    use_lockfile = true
    assume_role  = {{ role_arn = "{ROLES[1]}" }}
  }}
}}
resource "terraform_data" "one" {{ input = "is kept" }}
output "it" {{ value = terraform_data.one.output }}
"""
