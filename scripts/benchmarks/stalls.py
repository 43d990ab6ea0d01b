"""How long other requests wait while the gateway is busy with one hostile request.

    scripts/bench stalls [--mib 8] [--only ROW]

Each row sends one request and measures small refusals on other connections, one after the other, until it is answered or given up.
The first row sends nothing, so it shows the time of the machine itself. Everything runs on loopback.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import tempfile
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.kit.approvals.approver import Person
from tests.kit.gateway import running
from tests.kit.wire.raw import DYNAMODB, S3, Raw, request, tunnel
from trio_gate.approval.channel.frames import Open
from trio_gate.aws.params.readers import MAX_MEMBERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.gateway import Gateway

    Job = Callable[[], None]
    Attack = Callable[[Gateway, int], Job]
    """Prepares a request of a size and returns a function that sends it, because preparing would delay the measurement."""

SECONDS = 15
"""Longest measurement of one row."""

ASK = 'rule "ask" { action = "approve" approvers = [human.oncall] }\n'
IAM = "iam.amazonaws.com"
SECRETS = "secretsmanager.us-east-1.amazonaws.com"
PING = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
MIB = 1024 * 1024


def ping(gateway: Gateway) -> float:
    """Seconds until a request without a signature is refused."""
    start = time.perf_counter()
    with Raw(gateway.doors["endpoint"]) as raw:
        raw.send(PING).answer()
    return time.perf_counter() - start


def dynamodb(operation: str, body: bytes, **given: str) -> bytes:
    """A signed request to DynamoDB."""
    fields = {"X_Amz_Target": f"DynamoDB_20120810.{operation}", "Content_Type": "application/x-amz-json-1.0"}
    return request("dynamodb", DYNAMODB, body=body, **fields, **given)


def put(item: dict[str, Any], **given: str) -> bytes:
    """A signed PutItem of an item."""
    return dynamodb("PutItem", json.dumps({"TableName": "t", "Item": item}).encode(), **given)


def nothing(_gateway: Gateway, _size: int) -> Job:
    """No request, for comparison with the others."""
    return partial(time.sleep, 3)


def unsigned_head(gateway: Gateway, _size: int) -> Job:
    """A head without a signature, from which the error format is guessed."""

    def ask() -> None:
        for _ in range(20):
            with Raw(gateway.doors["endpoint"]) as raw:
                raw.send(PING[:-2] + b"Authorization: " + b"a" * 32_000 + b"\r\n\r\n").answer()

    return ask


def prompt_of_blanks(gateway: Gateway, size: int) -> Job:
    """A prompt for which a text of blanks is searched for a public principal."""
    return partial(send, gateway, DYNAMODB, put({"id": {"S": '"AWS":' + " " * size}}))


def detail_of_tabs(gateway: Gateway, size: int) -> Job:
    """A part of white space that an approver opens."""
    body = json.dumps({"SecretId": "s", "SecretString": "\t" * (size // 2) + "!"}).encode()
    target = {"X_Amz_Target": "secretsmanager.PutSecretValue", "Content_Type": "application/x-amz-json-1.1"}
    raw = request("secretsmanager", SECRETS, body=body, **target)

    def ask() -> None:
        with tunnel(gateway, gateway.ca_file, SECRETS) as agent:
            agent.send(raw)
            person = Person(gateway)
            prompt = person.until(lambda found: found["service"] == "secretsmanager")
            person.say(Open(id=prompt["id"], part=prompt["not_shown"][0]["part"]))

    return ask


def long_name(gateway: Gateway, size: int) -> Job:
    """One long name with many values."""
    return partial(send, gateway, DYNAMODB, put({"r" * (size // 2): {"SS": ["a"] * (size // 10)}}))


def long_name_unproven(gateway: Gateway, size: int) -> Job:
    """As `long_name`, signed with a wrong secret."""
    return partial(send, gateway, DYNAMODB, put({"r" * (size // 2): {"SS": ["a"] * (size // 10)}}, secret="WRONG"))


def many_puts(gateway: Gateway, size: int) -> Job:
    """A prompt of many small members."""
    item = '{"Put":{"TableName":"t","Item":{"a":{"S":"b"},"c":{"S":"d"}}}}'
    body = '{"ClientRequestToken":"x","TransactItems":[' + ",".join([item] * (size // len(item))) + "]}"
    return partial(send, gateway, DYNAMODB, dynamodb("TransactWriteItems", body.encode()))


def one_text(gateway: Gateway, size: int) -> Job:
    """A prompt of one text."""
    return partial(send, gateway, DYNAMODB, put({"id": {"S": "x" * size}}))


def one_blob(gateway: Gateway, size: int) -> Job:
    """A prompt of one blob, in base64."""
    return partial(send, gateway, DYNAMODB, put({"id": {"B": "QUJD" * (size // 4)}}))


def one_map(gateway: Gateway, size: int) -> Job:
    """A map of many members."""
    return partial(
        send,
        gateway,
        DYNAMODB,
        put({"m": {"M": {f"n{number:07}": {"S": "v"} for number in range(min(size // 21, MAX_MEMBERS))}}}),
    )


def many_elements(gateway: Gateway, size: int) -> Job:
    """A document of XML with many elements."""
    one = "<Object><Key>k</Key></Object>"
    body = f"<Delete>{one * (size // len(one))}</Delete>".encode()
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return partial(send, gateway, S3, request("s3", S3, path="/b?delete", body=body, X_Amz_Checksum_Sha256=digest))


def many_fields(gateway: Gateway, size: int) -> Job:
    """A form of many fields."""
    fields = "".join(f"&Tags.member.{number}.Key=k" for number in range(1, size // 27))
    body = f"Action=TagUser&Version=2010-05-08&UserName=u{fields}".encode()
    return partial(send, gateway, IAM, request("iam", IAM, body=body, Content_Type="application/x-www-form-urlencoded"))


ROWS: tuple[Attack, ...] = (
    nothing,
    unsigned_head,
    prompt_of_blanks,
    detail_of_tabs,
    long_name_unproven,
    long_name,
    many_puts,
    one_text,
    one_blob,
    one_map,
    many_elements,
    many_fields,
)


def send(gateway: Gateway, host: str, raw: bytes) -> None:
    """Send a call and wait some seconds for its answer; a call that waits for approval is abandoned."""
    with tunnel(gateway, gateway.ca_file, host) as agent, suppress(OSError, TimeoutError):
        agent.send(raw)
        agent.socket.settimeout(SECONDS)
        agent.answer()


def row(attack: Attack, size: int) -> None:
    """One line of the table, with its own gateway."""
    with tempfile.TemporaryDirectory(prefix="trio-gate-bench-") as name, running(Path(name), None, rules=ASK) as gateway:
        ping(gateway)
        at_work = threading.Thread(target=attack(gateway, size), daemon=True)
        at_work.start()
        waits, end = [ping(gateway)], time.monotonic() + SECONDS
        while at_work.is_alive() and time.monotonic() < end:
            waits.append(ping(gateway))
        waits.sort()
        print(f"{attack.__name__:20}{len(waits):>8}{1000 * waits[len(waits) // 2]:>10.1f}{1000 * waits[-1]:>10.1f}", flush=True)


def main() -> None:
    """Measure the chosen rows, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=float, default=8, help="size of the bodies; no more than `held_limit`")
    parser.add_argument("--only", choices=[attack.__name__ for attack in ROWS], help="one of the rows")
    given = parser.parse_args()
    size = int(given.mib * MIB) - 1024
    rows = [attack for attack in ROWS if given.only in (None, attack.__name__)]
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; milliseconds of a small refusal beside a body of {size} bytes")
    print(f"{'':20}{'asked':>8}{'median':>10}{'longest':>10}")
    for attack in rows:
        row(attack, size)


if __name__ == "__main__":
    main()
