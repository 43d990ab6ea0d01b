"""Who is notified of a call that waits: a gateway as a process, receivers over TLS, programs, a restart and a reload."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ClientError

from tests.formats.record import dump
from tests.kit.approvals.approver import Person
from tests.kit.gateway import START, reload, running
from tests.kit.standins.https import Seen, https
from trio_gate.shell.clock import SystemClock

KEY = bytes(range(32))
SECRET = f"whsec_{b64encode(KEY).decode()}"
CANARIES = (
    "AKIAQYLPMN5HHCANARY2",
    "xoxb-1234567890-canary-canary",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYCANARYKEY9",
    "canary-password-1",
)


def until(found, what: str = ""):
    """What a function finds, once that is anything."""
    deadline = time.monotonic() + START
    while not (value := found()):
        assert time.monotonic() < deadline, what
        threading.Event().wait(0.01)
    return value


@dataclass
class Receiver:
    """A receiver's host, and what came. `statuses` are those of the next answers; while `free` is not set, it hangs."""

    host: str
    seen: list[Seen] = field(default_factory=list)
    statuses: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    free: threading.Event = field(default_factory=threading.Event)
    route: str = ""

    def answer(self, seen: Seen):
        self.seen.append(seen)
        self.free.wait()
        status, fields = self.statuses.pop(0) if self.statuses else (200, {})
        return status, fields, b"ok"


@contextmanager
def receiver(folder, host: str):
    made = Receiver(host)
    made.free.set()
    with https(folder / f"{host}.pem", [host], made.answer) as port:
        made.route = f'upstream "{host}" {{\n  address = "127.0.0.1:{port}"\n  ca_file = "{folder}/{host}.pem"\n}}\n'
        yield made
        made.free.set()


@pytest.fixture
def agents():
    with ThreadPoolExecutor() as pool:
        yield pool


@pytest.fixture
def desk(tmp_path):
    with receiver(tmp_path, "desk.example.com") as made:
        yield made


@pytest.fixture
def other(tmp_path):
    with receiver(tmp_path, "other.example.com") as made:
        yield made


def webhook(one: Receiver) -> str:
    return f'webhook = "https://{one.host}/gate?a=b" secret = "{SECRET}"'


def approver(*blocks: str, more: str = "") -> str:
    told = "\n".join(f'  notify "r{number}" {{ {block} }}' for number, block in enumerate(blocks))
    return f'approver "human" "told" {{\n  people = [person.alice]\n{told}\n  {more}\n}}\n'


RULES = 'rule "told" { action = "approve" approvers = [human.told] }\n'


def given(*blocks: str, routes: str = "", more: str = ""):
    return {"rules": RULES, "extra": routes + approver(*blocks, more=more)}


def verified(seen: Seen) -> dict:
    """What a message says, if its signature is right: by the specification, from what arrived alone."""
    name, at = seen.headers["webhook-id"], seen.headers["webhook-timestamp"]
    mac = hmac.new(KEY, f"{name}.{at}.".encode() + seen.body, hashlib.sha256).digest()
    version, signature = seen.headers["webhook-signature"].split(",")
    assert (version, hmac.compare_digest(b64decode(signature), mac)) == ("v1", True)
    assert abs(int(at) - SystemClock().now().timestamp()) < 300
    assert (seen.method, seen.target, seen.headers["content-type"]) == ("POST", "/gate?a=b", "application/json")
    return json.loads(seen.body)


def delete(gateway, agents, key: str):
    return agents.submit(gateway.client("s3", "prod").delete_object, Bucket="prod-data", Key=key)


def test_a_webhook_that_fails_twice_is_notified_with_one_that_hangs_beside_it(embedded_aws, tmp_path, agents, desk, other):
    desk.statuses = [(500, {}), (503, {"retry-after": "1"})]
    other.free.clear()
    setting = given(webhook(desk), webhook(other), routes=desk.route + other.route)
    with running(tmp_path, embedded_aws, **setting) as gateway:
        made = delete(gateway, agents, "a")
        until(lambda: len(desk.seen) == 3)
        said = [verified(seen) for seen in desk.seen]
        assert said[0] == said[1] == said[2]
        assert len({seen.headers["webhook-id"] for seen in desk.seen}) == 1
        until(lambda: other.seen)
        person = Person(gateway)
        [(name, prompt)] = person.state().prompts.items()
        assert said[0]["type"] == "question.asked"
        assert said[0]["data"] == {
            "id": name,
            "sentence": prompt["sentence"],
            "level": prompt["level"],
            "account": "111111111111",
            "account_name": "prod",
            "agent": "ci",
            "operation": "s3:DeleteObject",
            "approver": "human.told",
            "expires_at": prompt["expires_at"],
            "link": said[0]["data"]["link"],
        }
        assert said[0]["data"]["link"].startswith("https://")
        assert said[0]["data"]["link"].endswith(f"/#{name}")
        assert person.answer()["id"] == name
        made.result()
    assert len(desk.seen) == 3
    assert "Traceback" not in gateway.log


def test_a_redirect_is_not_followed_and_a_private_address_not_dialled_and_both_are_shown(
    embedded_aws, tmp_path, agents, desk, other
):
    port = other.route.split("127.0.0.1:")[1].split('"')[0]
    desk.statuses = [(307, {"location": f"https://127.0.0.1:{port}/internal"})] * 2
    setting = given(webhook(desk), 'slack = "https://localhost/services/canary-url"', routes=desk.route)
    with running(tmp_path, embedded_aws, **setting) as gateway:
        made = delete(gateway, agents, "a")
        line = '"r0" of human.told was not notified of 1 call, last at '
        shown = until(lambda: found if line in (found := gateway.gate(*gateway.approver(verb="pending")).stdout) else None)
        assert "UTC: desk.example.com answers with a redirect, which is not followed" in shown
        refused = "localhost resolves to a loopback address: an `upstream` block must allow that"
        until(lambda: f'"r1" of human.told was not notified of {name_of(gateway)} yet: {refused}' in gateway.log, gateway.log)
        Person(gateway).answer()
        made.result()
    assert (len(desk.seen), other.seen) == (1, [])
    assert "canary-url" not in gateway.log + shown
    assert SECRET not in gateway.log


def _lines(path) -> list[str]:
    until(path.exists)
    return path.read_text().splitlines()


def name_of(gateway) -> str:
    return next(iter(Person(gateway).state().prompts))


def test_slack_and_a_program_are_notified_of_dangers_alone(embedded_aws, tmp_path, agents, desk):
    program = tmp_path / "page"
    program.write_text(
        f'#!/bin/sh\n{{ printf "%s\\n" "$@"; env; }} > {tmp_path}/$1.new && mv {tmp_path}/$1.new {tmp_path}/told\n'
    )
    program.chmod(0o700)
    slack = f'slack = "https://{desk.host}/services/T0/B0/x"'
    setting = given(f'{slack} level = "danger"', f'program = ["{program}"] level = "danger"', slack, routes=desk.route)
    with running(tmp_path, embedded_aws, **setting) as gateway:
        first = delete(gateway, agents, "harmless")
        until(lambda: desk.seen)
        Person(gateway).answer("deny")
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
        call = gateway.client("iam", "prod").put_user_policy
        second = agents.submit(call, UserName="u", PolicyName="p", PolicyDocument=policy)
        name, account, operation, link, *env = _lines(tmp_path / "told")
        until(lambda: len(desk.seen) == 3)
        assert (account, operation, link.endswith(f"#{name}")) == ("111111111111 prod", "iam:PutUserPolicy", True)
        assert {"TRIO_GATE_LEVEL=danger", "TRIO_GATE_EVENT=asked"} <= set(env)
        assert not [line for line in env if "BASE_" in line or "SECRET" in line]
        Person(gateway).answer("deny")
        for denied in (first, second):
            with pytest.raises(ClientError, match="denied by a person"):
                denied.result()
    said = [json.loads(seen.body) for seen in desk.seen]
    assert [one["text"].startswith("DANGER: ") for one in said] == [False, True, True]
    assert all(f"#{name}|" in one["blocks"][1]["text"]["text"] for one in said[1:])
    assert {seen.target for seen in desk.seen} == {"/services/T0/B0/x"}
    assert not [name for seen in desk.seen for name in seen.headers if name.startswith("webhook-")]


def test_others_are_notified_of_what_still_waits_and_a_restart_notifies_nobody_twice(embedded_aws, tmp_path, agents, desk, other):
    leads = f'approver "human" "leads" {{\n  people = [person.alice]\n  notify "lead" {{ {webhook(other)} }}\n}}\n'
    more = 'escalate_to = human.leads\n  escalate_after = "1s"'
    setting = given(webhook(desk), routes=desk.route + other.route + leads, more=more)
    with running(tmp_path, embedded_aws, **setting) as gateway:
        waiting = delete(gateway, agents, "a")
        until(lambda: desk.seen and other.seen)
        assert verified(other.seen[0])["type"] == "question.escalated"
        assert verified(other.seen[0])["data"]["approver"] == "human.leads"
        until(lambda: notices(gateway) == 2)
    with pytest.raises(ClientError, match="is pending"):
        waiting.result()
    desk.statuses = [(500, {})]
    with running(tmp_path, embedded_aws, **setting) as gateway:
        again = delete(gateway, agents, "b")
        until(lambda: len(desk.seen) == 3 and len(other.seen) == 2)
        first, *rest = [verified(seen)["data"]["id"] for seen in desk.seen]
        assert first not in rest
        assert {verified(seen)["data"]["id"] for seen in other.seen} == {first, rest[0]}
        assert len(Person(gateway).state().prompts) == 2
    with pytest.raises(ClientError, match="is pending"):
        again.result()


def notices(gateway) -> int:
    """How many notices are on disk as taken."""
    return dump(gateway.folder / "state" / "approvals.db").count('"event"')


def test_a_reload_notifies_others_of_what_waits(embedded_aws, tmp_path, agents, desk, other):
    setting = given(webhook(desk), routes=desk.route + other.route)
    with running(tmp_path, embedded_aws, **setting) as gateway:
        made = delete(gateway, agents, "a")
        until(lambda: desk.seen)
        until(lambda: notices(gateway))
        added = f'notify "r0" {{ {webhook(desk)} }}\n  notify "more" {{ {webhook(other)} }}'
        reload(gateway, f'notify "r0" {{ {webhook(desk)} }}', added, "reloaded, generation 2")
        until(lambda: other.seen)
        assert verified(other.seen[0])["data"] == verified(desk.seen[0])["data"]
        Person(gateway).answer()
        made.result()
    assert len(desk.seen) == 1


def test_after_a_reload_notices_link_to_where_the_page_is_then(embedded_aws, tmp_path, agents, desk):
    with socket.create_server(("127.0.0.1", 0)) as free:
        moved = f"127.0.0.1:{free.getsockname()[1]}"
    with running(tmp_path, embedded_aws, **given(webhook(desk), routes=desk.route)) as gateway:
        reload(gateway, 'admin               { bind = "127.0.0.1:0" }', f'admin {{ bind = "{moved}" }}', "reloaded, generation 2")
        made = delete(gateway, agents, "a")
        until(lambda: desk.seen)
        said = verified(desk.seen[0])["data"]
        assert said["link"] == f"https://{moved}/#{said['id']}"
        gateway.doors["admin"] = moved
        assert Person(gateway).answer()["id"] == said["id"]
        made.result()


def test_no_secret_of_a_call_is_in_a_message(embedded_aws, tmp_path, agents, desk):
    setting = given(webhook(desk), f'slack = "https://{desk.host}/services/T0/B0/x"', routes=desk.route)
    key, token, secret, password = CANARIES
    with running(tmp_path, embedded_aws, **setting) as gateway:
        calls = [
            (gateway.client("s3", "prod").delete_object, {"Bucket": "prod-data", "Key": f"backup/{key}"}),
            (gateway.client("s3", "prod").put_object, {"Bucket": "prod-data", "Key": f"{token}.txt", "Body": secret.encode()}),
            (gateway.client("ssm", "prod").put_parameter, {"Name": "/db", "Value": password, "Type": "SecureString"}),
            (
                gateway.client("lambda", "prod").update_function_configuration,
                {"FunctionName": "f", "Environment": {"Variables": {"DB_PASSWORD": password}}},
            ),
            (gateway.client("sqs", "prod").create_queue, {"QueueName": "q", "tags": {"password": password, "key": secret}}),
            (gateway.client("dynamodb", "prod").execute_statement, {"Statement": f"DELETE FROM t WHERE password='{password}'"}),
        ]
        asked = [agents.submit(call, **params) for call, params in calls]
        until(lambda: len(desk.seen) == 2 * len(calls), gateway.log)
        person = Person(gateway)
        for _ in asked:
            person.answer("deny")
        for one in asked:
            with pytest.raises(ClientError):
                one.result()
    said = [seen.body.decode() + json.dumps(dict(seen.headers)) for seen in desk.seen]
    assert [(canary, text) for canary in CANARIES for text in said if canary in text] == []
    assert SECRET not in "".join(said) + gateway.log
