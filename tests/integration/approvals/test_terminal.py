"""A person at a real terminal, and listeners of the gateway's own with TLS."""

from __future__ import annotations

import hashlib
import os
import pty
import threading

import boto3
import pytest
import trustme
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS, REGION
from tests.kit.gateway import SECRET, TOKEN, TRIO_GATE, running


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    with running(tmp_path_factory.mktemp("terminal"), embedded_aws) as gateway:
        yield gateway


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, *words: str, token: str = TOKEN) -> None:
        self.said = ""
        self.child, self.end = pty.fork()
        if self.child == 0:
            os.environ["TRIO_GATE_TOKEN"] = token
            os.execv(words[0], words)

    def until(self, text: str) -> None:
        while text not in self.said:
            self.said += os.read(self.end, 4096).decode()

    def type(self, text: str) -> None:
        os.write(self.end, text.encode())

    def wait(self) -> int:
        status = os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
        os.close(self.end)
        return status


@pytest.mark.parametrize(("word", "ends"), [("y", "answered"), ("n", "refused")])
def test_a_person_types_the_answer(gate, word, ends):
    caught = []

    def ask():
        try:
            gate.client("s3", "prod").put_object(Bucket="prod-data", Key=f"typed-{word}", Body=b"x")
        except ClientError as error:
            caught.append(str(error))

    asking = threading.Thread(target=ask)
    asking.start()
    terminal = Terminal(*TRIO_GATE, *gate.approver("--once"))
    terminal.until("approve this call? [y/n/d] ")
    assert (
        terminal.said.index("prod")
        < terminal.said.index(f"FACT  Write typed-{word} to prod-data")
        < terminal.said.index("PutObject")
    )
    terminal.type("what\n")
    terminal.until("approve this call? [y/n/d] ")
    terminal.type(f"{word}\n")
    terminal.until("reason (may be empty): ")
    terminal.type("because\n")
    terminal.until("accepted")
    assert terminal.wait() == 0
    asking.join()
    assert [("because" in said) for said in caught] == ([] if word == "y" else [True])
    record = next(row for row in reversed(gate.records()) if row["action"] == "PutObject")
    assert record["outcome"]["end"] == ends
    assert [(who["person"], who["reason"]) for who in record["approvers"]] == [("alice", "because")]


def test_a_person_looks_into_a_call_and_grants_more_of_them(embedded_aws, tmp_path):
    token = "tg_carol-0123456789abcdef0123456789abcdef"
    extra = f'person "carol" {{\n token_sha256 = "{hashlib.sha256(token.encode()).hexdigest()}"\n may_grant = true\n}}\n'
    extra += 'approver "human" "carol" {\n people = [person.carol]\n}\n'
    rules = 'rule "asked" { action = "approve" approvers = [human.carol] }\n'
    with running(tmp_path, embedded_aws, extra=extra, rules=rules) as gateway:
        secrets = gateway.client("secretsmanager", "prod")
        asking = threading.Thread(target=secrets.create_secret, kwargs={"Name": "new-1", "SecretString": "open sesame"})
        asking.start()
        terminal = Terminal(*TRIO_GATE, *gateway.approver("--once"), token=token)
        terminal.until("PARTS NOT SHOWN: SecretString (d shows them)\r\n")
        terminal.until("approve this call? [y/n/g/d] ")
        assert "open sesame" not in terminal.said
        for question, answer in (
            ("approve this call? [y/n/g/d] ", "d"),
            ("open sesame", "g"),
            ("for how many minutes? [1-480] ", "500"),
            ("for how many minutes? [1-480] ", "5"),
            ("for how many calls? [1-100] ", "1"),
            ("only calls equal to this one): ", "aws.params.Name.startsWith('new-') &&"),
            ("reason (may be empty): ", "once"),
            ("rejected", "g"),
            ("for how many minutes? [1-480] ", "5"),
            ("for how many calls? [1-100] ", "1"),
            ("only calls equal to this one): ", "aws.params.Name.startsWith('new-')"),
            ("reason (may be empty): ", "because"),
        ):
            terminal.until(question)
            if question == "rejected":
                terminal.until("approve this call? [y/n/g/d] ")
            terminal.said = ""
            terminal.type(f"{answer}\n")
        terminal.until("accepted")
        assert terminal.wait() == 0
        asking.join()
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
