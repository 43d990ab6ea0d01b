"""An approved call that AWS turns away, or does not answer: what its retries do. AWS is a script behind TLS."""

from __future__ import annotations

import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from socket import create_server

import pytest
import trustme
from botocore.exceptions import ClientError

from tests.kit.approvals.approver import Person
from tests.kit.gateway import running
from tests.kit.wire.raw import STS

HOST = "sqs.us-east-1.amazonaws.com"
SLOW = (503, b"<Error><Code>SlowDown</Code></Error>")
THROTTLED = (400, b'{"__type":"com.amazonaws.sqs#ThrottlingException"}')
DONE = (200, b'{"QueueUrl":"https://sqs/q"}')
SILENT = None


class Script:
    """Answers request after request, one for each connection; `seen` counts them."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes] | None] = []
        self.seen = 0

    def serve(self, raw) -> None:
        with raw:
            data = b""
            while b"\r\n\r\n" not in data:
                data += raw.recv(65536)
            self.seen += 1
            answer = self.answers.pop(0)
            if answer is not None:
                status, body = answer
                raw.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (status, len(body), body))


@contextmanager
def scripted(folder):
    """A script that serves, and the configuration that sends SQS to it."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "script.pem"))
    script = Script()
    with create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                script.serve(context.wrap_socket(peer, server_side=True))

        threading.Thread(target=accept, daemon=True).start()
        port = server.getsockname()[1]
        yield script, f'upstream "{HOST}" {{\n address = "127.0.0.1:{port}"\n ca_file = "./script.pem"\n}}\n'
        server.shutdown(2)


def was_sent(prompt: dict) -> bool:
    return any(risk["code"] == "sent" for risk in prompt["risks"][:1])


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    folder = tmp_path_factory.mktemp("retries")
    with scripted(folder) as (script, first), running(folder, embedded_aws, first=first, knobs='deny_cooldown = "0s"') as gateway:
        yield gateway, script


@pytest.fixture
def ask(gate):
    gateway, script = gate
    script.seen = 0
    with ThreadPoolExecutor(1) as pool:

        def begin(*answers, attempts: int = 5):
            script.answers[:] = answers
            retries = {"total_max_attempts": attempts, "mode": "standard"}
            return pool.submit(gateway.client("sqs", "prod", retries=retries).create_queue, QueueName="q")

        yield begin


@pytest.mark.parametrize("turned_away", [SLOW, THROTTLED], ids=["503", "code"])
def test_retries_of_a_throttled_call_go_through_under_one_approval(gate, ask, turned_away):
    gateway, script = gate
    made = ask(turned_away, turned_away, DONE)
    Person(gateway).answer()
    assert made.result()["ResponseMetadata"]["RetryAttempts"] == 2
    assert script.seen == 3
    assert Person(gateway).state().prompts == {}


def test_the_fourth_is_asked_about(gate, ask):
    gateway, script = gate
    made = ask(SLOW, SLOW, SLOW, DONE)
    Person(gateway).answer()
    prompt = Person(gateway).answer("deny", "enough", ready=was_sent)
    assert "AWS throttled it" in prompt["risks"][0]["text"]
    with pytest.raises(ClientError, match="enough"):
        made.result()
    assert script.seen == 3


@pytest.mark.parametrize("lost", [SILENT, (500, b"{}")], ids=["unknown", "failed"])
def test_a_retry_of_what_may_have_happened_is_a_new_question_that_says_so(gate, ask, lost, request):
    gateway, script = gate
    made = ask(lost, DONE)
    name = request.node.callspec.id
    Person(gateway).answer(reason=name)
    prompt = Person(gateway).answer(ready=was_sent)
    words = {"unknown": "no answer is known", "failed": "AWS answered 500"}[name]
    assert words in prompt["risks"][0]["text"]
    made.result()
    assert script.seen == 2


def test_an_approval_that_came_to_nothing_is_not_lost(embedded_aws, tmp_path):
    """STS cannot be reached: nothing was sent, so neither the SDK's retries nor the next run ask again."""
    with create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    first = f'upstream "{STS}" {{ address = "127.0.0.1:{port}" }}\n'
    with running(tmp_path, embedded_aws, first=first) as gateway, ThreadPoolExecutor(1) as pool:
        retries = {"total_max_attempts": 3, "mode": "standard"}
        made = pool.submit(gateway.client("s3", "prod", retries=retries).create_bucket, Bucket="never")
        Person(gateway).answer()
        with pytest.raises(ClientError) as caught:
            made.result()
        answered = caught.value.response["ResponseMetadata"]
        assert (answered["HTTPStatusCode"], answered["RetryAttempts"]) == (503, 2)
        state = Person(gateway).state()
        assert state.prompts == {}
        assert [(grant["kind"], grant["used"]) for grant in state.grants.values()] == [("once", 0)]
