"""`serve` and `explain` say the same of every request: whether it is a call, what the rules decide, and why it is refused."""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import re
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.kit.gateway import AGENT, running
from tests.kit.long import one_in
from tests.kit.paths import CASES, CORPUS, SHARED
from tests.kit.wire.raw import DYNAMODB, S3, STS, Raw, connect, request, with_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tests.kit.gateway import Gateway

RULES = """\
rule "no secrets" { match = aws.reads_secret     action = "deny"  reason = "ask for a reference" }
rule "no deletes" { match = aws.action.startsWith("Delete")  action = "deny" }
rule "the rest"   { action = "allow"  vends = true }
"""
URLS = 'rule "urls" { match = aws.presigned && aws.params.Key == "ok"  action = "allow"  presign = true }\n'
NAME = "gateway.test"
PATIENCE = 10
"""Seconds until an answer is missed."""

A_SOURCE = 50
"""Connections from one address: refusals of who proves nothing are counted beyond 100."""

SIGNED = {
    "json": ("dynamodb", DYNAMODB),
    "rest-json": ("lambda", "lambda.us-east-1.amazonaws.com"),
    "rest-xml": ("s3", S3),
    "query": ("sns", "sns.us-east-1.amazonaws.com"),
    "ec2": ("ec2", "ec2.us-east-1.amazonaws.com"),
}
"""A service of each protocol, and where it is."""

_HOST = re.compile(rb"\r\nhost:[^\r]*", re.IGNORECASE)


def explained(gateway: Gateway, rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """What explain says of each row, an answer a request."""
    lines = "".join(json.dumps({**row, "id": number}) + "\n" for number, row in enumerate(rows))
    done = gateway.gate("explain", "--jsonl", "--name", NAME, "--config", str(gateway.config), input=lines)
    assert done.returncode == 0, done.stderr
    answers: list[list[dict[str, Any]]] = [[] for _ in rows]
    for answer in map(json.loads, done.stdout.splitlines()):
        answers[answer["id"]].append(answer)
    return answers


class Served:
    """A gateway's decisions, connection by connection."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._context = ssl.create_default_context(cafile=gateway.both_ca_file)
        self._context.check_hostname = False  # a name may be one that no certificate is for
        self._decisions = gateway.folder / "decisions.jsonl"
        self._read = 0
        self._number = itertools.count()

    def to(self, row: dict[str, Any], count: int) -> tuple[list[int], list[dict[str, Any]] | None]:
        """The status of that number of answers to the bytes of a row, and the lines of the decision log about them; None where CONNECT failed."""
        source = f"127.0.0.{2 + next(self._number) // A_SOURCE}"
        listener = "endpoint" if row.get("mode") == "endpoint" else "proxy"
        statuses: list[int] = []
        with Raw(self._gateway.doors[listener], source=source) as raw, suppress(EOFError, OSError):
            raw.socket.settimeout(PATIENCE)
            if listener == "proxy":
                status, _ = raw.send(connect(row.get("connect") or f"{row['sni']}:443")).head()
                if status != 200:
                    return [status], None
            raw.socket = self._context.wrap_socket(raw.socket, server_hostname=row["sni"])
            raw.send(base64.b64decode(row["request_b64"]))
            statuses += [raw.answer().status for _ in range(count - 1)]
            while (status := raw.head()[0]) == 100:
                pass
            statuses.append(status)
        return statuses, self._gained()

    def _gained(self) -> list[dict[str, Any]]:
        with self._decisions.open() as file:
            file.seek(self._read)
            lines = [json.loads(line) for line in file]
            self._read = file.tell()
        return lines


def gist(line: dict[str, Any]) -> tuple[Any, ...]:
    """What a line of the decision log, or an answer of explain, says."""
    if line.get("decision") is not None:
        decision = line["decision"]
        return (line["call"]["service"], line["call"]["action"], decision["outcome"], decision["rule"], decision["reason"])
    return (line["status"], line["code"], line["reason"])


def differences(gateway: Gateway, rows: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """Rows of which the two do not say the same."""
    served = Served(gateway)
    for row, answers in zip(rows, explained(gateway, rows), strict=True):
        statuses, lines = served.to(row, len(answers))
        if lines is not None and (said := [gist(answer) for answer in answers]) != (logged := [gist(line) for line in lines]):
            yield row["id"], said, logged
        expected = [answer["status"] if answer["outcome"] == "refused" else None for answer in answers]
        if any(status not in (None, seen) for status, seen in itertools.zip_longest(expected, statuses)):
            yield row["id"], expected, statuses


def row(raw: bytes, host: str = STS, **more: Any) -> dict[str, Any]:
    return {"sni": host, "request_b64": base64.b64encode(raw).decode(), **more}


def signed(raw: bytes, protocol: str) -> bytes:
    """A request as one of a real service: with its host, and a signature that nobody verifies."""
    service, host = SIGNED[protocol]
    scope = f"Credential=AKIA111111111111XXXX/20260115/us-east-1/{service}/aws4_request"
    fields = f"authorization: AWS4-HMAC-SHA256 {scope}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}\r\nx-amz-date: 20260115T120000Z"
    return _HOST.sub(f"\r\nhost: {host}\r\n{fields}".encode(), raw, count=1)


def read(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        yield from map(json.loads, lines)


def adversarial() -> Iterable[dict[str, Any]]:
    return read(CASES / "cases-public.jsonl")


def protocol_inputs() -> Iterator[dict[str, Any]]:
    for one in read(CORPUS / "protocol_inputs.jsonl.gz"):
        if one["protocol"] in SIGNED:
            raw = signed(base64.b64decode(one["request_b64"]), one["protocol"])
            yield row(raw, SIGNED[one["protocol"]][1], id=one["id"])


def corpus() -> Iterator[dict[str, Any]]:
    for name, every in (("botocore", 250), ("botocore_variants.sample", 20), ("clients.sample", 5), ("jsv3.sample", 10)):
        for one in itertools.islice(read(CORPUS / f"{name}.jsonl.gz"), 0, None, every):
            if not one.get("body_truncated_from"):
                yield {"sni": one["host"], **one}


@pytest.mark.skipif(  # reason: the requests lie beside the checkout, not in it
    not SHARED.exists(), reason=f"{SHARED} is not here: serve and explain are compared over our own requests alone"
)
@one_in(8, "every row of what serve and explain are compared over")
@pytest.mark.parametrize("rows", [adversarial, protocol_inputs, corpus])
def test_both_say_the_same_of(embedded_aws, tmp_path, rows, one_in):
    found = list(itertools.islice(rows(), 0, None, one_in))
    assert len(found) > 50 / one_in
    aws = embedded_aws if rows is adversarial else None  # else what is allowed fails at once: there is nobody to send it to
    with running(tmp_path, aws, rules=RULES, agent="", endpoint=f'tls = true names = ["{NAME}"]') as gateway:
        assert list(differences(gateway, found)) == []


TABLES = {"x_amz_target": "DynamoDB_20120810.ListTables", "content_type": "application/x-amz-json-1.0"}
SECRET = {"x_amz_target": "secretsmanager.GetSecretValue", "content_type": "application/x-amz-json-1.1"}
SECRETS = "secretsmanager.us-east-1.amazonaws.com"
CHUNKS = {"x_amz_content_sha256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}


def own() -> Iterator[dict[str, Any]]:
    """Requests of an agent that has a secret, one for each way that they may end."""
    yield row(request(), id="allowed")
    yield row(request(secret="another-secret-0123456789"), id="signed with another secret")
    yield row(request(key_id="AKIA222222222222NONE"), id="of no agent")
    yield row(request(account="333333333333"), id="for an account of nobody")
    yield row(request("secretsmanager", SECRETS, body=b'{"SecretId": "x"}', **SECRET), SECRETS, id="denied")
    yield row(request("dynamodb", DYNAMODB, body=b"{}", **TABLES) * 2, DYNAMODB, id="two of them")
    yield row(request("dynamodb", DYNAMODB, body=b'{"No": 1}', **TABLES), DYNAMODB, id="with an unknown member")
    yield row(request("s3", S3, method="GET", path="/bucket", body=b"", **CHUNKS), S3, id="in chunks that are not served")
    yield row(with_field(request(), "x-extra", "1"), id="with a field that is not signed")
    yield row(request(), S3, id="to another host")
    for name, key, path, fields in (
        ("signed and not sent", "ok", "presign", {}),
        ("not to be signed", "other", "presign", {}),
        ("a key that is none", "", "presign", {}),
        ("no path of the gateway", "ok", "other", {}),
        ("of a browser", "ok", "presign", {"origin": f"https://{NAME}"}),
    ):
        body = json.dumps({"bucket": "photos", "key": key}).encode()
        yield row(request("trio-gate", NAME, body=body, path=f"/-/agent/{path}", **fields), NAME, id=name, mode="endpoint")


def test_both_say_the_same_of_who_must_prove_it(embedded_aws, tmp_path):
    served = {"rules": URLS + RULES, "agent": AGENT, "endpoint": f'tls = true names = ["{NAME}"]'}
    with running(tmp_path, embedded_aws, **served) as gateway:
        assert list(differences(gateway, list(own()))) == []
