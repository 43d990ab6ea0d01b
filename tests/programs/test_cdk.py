"""CDK deploys a stack with a file by the roles of a modern bootstrap, and the rules that the documentation gives for that suffice.

The deployment is what aws-cdk-lib 2.276 writes for a parameter and an asset; the library is 160 MB, and calls nothing. moto asks for `*`
as the resource of most calls, which policies of single resources do not allow, so CDK's roles are given more than that at AWS.
"""

from __future__ import annotations

import hashlib
import json

import pytest
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS, REGION, assumed, client, may_do_all_but_assume, start
from tests.docs.pages import examples
from tests.kit.gateway import running
from tests.programs.kit import Job, need, ways
from tests.programs.programs import MODULES, NODE

ACCOUNT = ACCOUNTS["prod"]
CDK = MODULES / "aws-cdk" / "bin" / "cdk"
PLACE = f"{ACCOUNT}-{REGION}"
BUCKET = f"cdk-hnb659fds-assets-{PLACE}"
VERSION = "/cdk-bootstrap/hnb659fds/version"
FILE = "the file that is deployed"
ROLES = ["deploy-role", "file-publishing-role", "lookup-role"]


def role(kind):
    return f"arn:${{AWS::Partition}}:iam::{ACCOUNT}:role/cdk-hnb659fds-{kind}-{PLACE}"


def rules():
    (text,) = [one.text for one in examples("hcl fragment") if one.page.name == "rules.md" and 'rule "cdk' in one.text]
    return text


def assembly(folder):
    """A folder as `cdk synth` writes it; the asset's key."""
    folder.mkdir()
    name = hashlib.sha256(FILE.encode()).hexdigest()
    template = {
        "Resources": {
            "Where": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/where", "Type": "String", "Value": name}}
        },
        "Parameters": {"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": VERSION}},
    }
    text = json.dumps(template)
    hashed = hashlib.sha256(text.encode()).hexdigest()
    publishing = {"region": REGION, "bucketName": BUCKET, "assumeRoleArn": role("file-publishing-role")}
    files = {
        one: {
            "source": {"path": path, "packaging": "file"},
            "destinations": {PLACE: {**publishing, "objectKey": key}},
        }
        for one, path, key in ((name, "asset.txt", name), (hashed, "Trial.template.json", f"{hashed}.json"))
    }
    needs = {"requiresBootstrapStackVersion": 6, "bootstrapStackVersionSsmParameter": VERSION}
    stack = {
        "templateFile": "Trial.template.json",
        "assumeRoleArn": role("deploy-role"),
        "cloudFormationExecutionRoleArn": role("cfn-exec-role"),
        "stackTemplateAssetObjectUrl": f"s3://{BUCKET}/{hashed}.json",
        **needs,
    }
    artifacts = {
        "Trial.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Trial.assets.json", **needs}},
        "Trial": {
            "type": "aws:cloudformation:stack",
            "environment": f"aws://{ACCOUNT}/{REGION}",
            "properties": stack,
            "dependencies": ["Trial.assets"],
        },
    }
    (folder / "asset.txt").write_text(FILE)
    (folder / "Trial.template.json").write_text(text)
    (folder / "Trial.assets.json").write_text(json.dumps({"version": "38.0.0", "files": files, "dockerImages": {}}))
    (folder / "manifest.json").write_text(json.dumps({"version": "38.0.0", "artifacts": artifacts}))
    return name


def cdk(gate, folder, *words):
    way = ways(gate, ())["proxy"]
    job = Job(way=way, source=folder, target=folder, prefix="", folder=folder, key=f"AKIA{ACCOUNT}CI01")
    trust = {"AWS_CA_BUNDLE": way.ca_file, "NODE_EXTRA_CA_CERTS": way.ca_file, "CDK_DISABLE_CLI_TELEMETRY": "1"}
    return job.run(NODE, "--no-warnings", CDK, "--no-notices", *words, **trust)


@pytest.mark.timeout(300)
def test_bootstrap_and_deploy(tmp_path):
    need("CDK", NODE, CDK)
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    with start(tmp_path / "aws") as aws:
        with running(before, aws, rules='rule "the operator" { action = "allow" }\n') as gate:
            assert "bootstrapped" in cdk(gate, before, "bootstrap", f"aws://{ACCOUNT}/{REGION}")
            assert " refused " not in gate.log
        direct = client("iam", aws, assumed(aws, ACCOUNT))
        for kind in ROLES:
            name = f"cdk-hnb659fds-{kind}-{PLACE}"
            direct.put_role_policy(RoleName=name, PolicyName="for-moto", PolicyDocument=may_do_all_but_assume())
        name = assembly(tmp_path / "out")
        with running(after, aws, rules=rules()) as gate:
            said = cdk(gate, after, "deploy", "--app", str(tmp_path / "out"), "--require-approval", "never", "Trial")
            assert "could not be used to assume" not in said
            assert " refused " not in gate.log
            used = {(row["session"]["role"].rpartition("/")[2], row["action"]) for row in gate.records() if "session" in row}
            with pytest.raises(ClientError, match="no rule allows"):
                gate.client("s3", "prod").put_object(Bucket=BUCKET, Key="by the agent's own key", Body=b"")
            sts = gate.client("sts", "prod")
            with pytest.raises(ClientError, match="no rule allows"):
                sts.assume_role(RoleArn=role("cfn-exec-role").replace("${AWS::Partition}", "aws"), RoleSessionName="tests")
        mine = assumed(aws, ACCOUNT)
        assert client("s3", aws, mine).get_object(Bucket=BUCKET, Key=name)["Body"].read() == FILE.encode()
        assert client("ssm", aws, mine).get_parameter(Name="/where")["Parameter"]["Value"] == name
    assert {
        (f"cdk-hnb659fds-file-publishing-role-{PLACE}", "PutObject"),
        (f"cdk-hnb659fds-deploy-role-{PLACE}", "ExecuteChangeSet"),
    } <= used
