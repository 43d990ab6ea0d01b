"""Names of AWS that are not served: the refusal is inside TLS and in the service's words, at both listeners that go by names."""

from __future__ import annotations

import json
import ssl
from itertools import count

import pytest

from tests.kit.gateway import running
from tests.kit.wire.raw import S3, STS, WHO, Raw, connect, parted, request, tunnel

QUEUES = "sqs.us-west-9.amazonaws.com"
BUCKET = "bucket.s3.us-west-9.amazonaws.com"
REGISTRY = "111111111111.dkr.ecr.us-east-1.amazonaws.com"
DENY = 'rule "nothing" { action = "deny" }\n'
ENOUGH = 60
"""Connections of one source that are more than have a certificate."""

each_door = pytest.mark.parametrize("door", ["proxy", "tls"])


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with running(
        tmp_path_factory.mktemp("refused"), None, rules=DENY, knobs='head_timeout = "2s"\nidle_timeout = "2s"'
    ) as gateway:
        gateway.ca = gateway.ca_file
        yield gateway
    assert "Traceback" not in gateway.log


@pytest.fixture
def fresh(tmp_path):
    """A gateway that nobody has asked for anything yet."""
    with running(tmp_path, None, rules=DENY) as gateway:
        gateway.ca = gateway.ca_file
        yield gateway
    assert "Traceback" not in gateway.log


NUMBERS = count(2)


def elsewhere() -> str:
    """A source that nobody came from before."""
    return f"127.0.0.{next(NUMBERS)}"


def met(gateway, door: str, host: str, source: str = "") -> Raw:
    source = source or elsewhere()
    if door == "proxy":
        return tunnel(gateway, gateway.ca, host, source=source)
    return Raw(gateway.doors["tls"], source=source).tls(gateway.ca, host)


def queues(host: str = QUEUES, **more: str) -> bytes:
    said = {"X_Amz_Target": "AmazonSQS.ListQueues", "Content_Type": "application/x-amz-json-1.0", **more}
    return request("sqs", host, body=b"{}", region="us-west-9", **said)


def unsigned(host: str) -> bytes:
    return f"GET /v2/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


ASKED = {
    "json": (QUEUES, queues(), b'"__type": "AccessDeniedException"', "is not an AWS host that this gateway knows"),
    "query": (
        "sts.us-west-9.amazonaws.com",
        request("sts", "sts.us-west-9.amazonaws.com", region="us-west-9"),
        b"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>",
        "is not an AWS host that this gateway knows",
    ),
    "s3": (
        BUCKET,
        request("s3", BUCKET, body=b"hello", method="PUT", path="/k", region="us-west-9"),
        b"<Error><Code>AccessDenied</Code>",
        "is not an AWS host that this gateway knows",
    ),
    "a real key": (QUEUES, request("sqs", QUEUES, key_id="AKIAIOSFODNN7EXAMPLE"), b"AccessDenied", "is not an AWS host"),
    "not signed": (REGISTRY, unsigned(REGISTRY), b"AccessDeniedException", "is a container registry"),
    "a customer's": (
        "abcde.execute-api.us-east-1.amazonaws.com",
        request("execute-api", "abcde.execute-api.us-east-1.amazonaws.com"),
        b"AccessDenied",
        "belongs to a customer",
    ),
}


@each_door
@pytest.mark.parametrize("name", ASKED)
def test_the_refusal_is_the_services_and_the_connection_ends(gateway, door, name):
    host, asked, shape, words = ASKED[name]
    with met(gateway, door, host) as raw:
        answer = raw.send(asked).last()
    assert answer.status == 403
    assert shape in answer.body
    assert f"{host} {words}" in answer.text


@each_door
def test_it_is_recorded_and_logged_as_a_refusal_of_nobody(gateway, door):
    with met(gateway, door, QUEUES) as raw:
        id_ = raw.send(queues()).last().fields["x-amzn-requestid"]
    [row] = [row for row in gateway.records() if row["id"] == id_]
    assert (row["agent"], row["service"], row["outcome"]["end"], row["outcome"]["status"]) == (None, None, "refused", 403)
    assert row["outcome"]["reason"] == f"{QUEUES} is not an AWS host that this gateway knows"
    lines = (gateway.folder / "decisions.jsonl").read_text().splitlines()
    assert sum(json.loads(line)["id"] == id_ for line in lines) == 1
    assert f"refused POST {QUEUES} for {row['agent_address']}: {QUEUES} is not an AWS host" in gateway.log


@each_door
def test_only_one_request_is_answered(gateway, door):
    with met(gateway, door, QUEUES) as raw:
        assert raw.send(queues() + queues()).last().status == 403


@each_door
def test_the_certificate_is_for_that_name_alone(gateway, door):
    with met(gateway, door, BUCKET) as raw:
        assert raw.socket.getpeercert()["subjectAltName"] == (("DNS", BUCKET),)


@each_door
@pytest.mark.parametrize("host", [STS, "example.com", "us-west-9.queue.amazonaws.com"])
def test_another_host_than_the_connections_is_refused_as_that(gateway, door, host):
    with met(gateway, door, QUEUES) as raw:
        answer = raw.send(queues(host)).last()
    assert (answer.status, "do not name the same host" in answer.text) == (421, True)


@each_door
def test_a_served_connection_leads_to_no_other_name(gateway, door):
    with met(gateway, door, STS) as raw:
        assert raw.send(queues()).last().status == 421


@pytest.mark.parametrize(("target", "name"), [(QUEUES, STS), (STS, QUEUES), (QUEUES, BUCKET), (QUEUES, "example.com")])
def test_another_server_name_than_the_connects_has_no_certificate(gateway, target, name):
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        tunnel(gateway, gateway.ca, target, name=name, source=elsewhere())


def test_under_connect_a_server_name_is_not_needed(gateway):
    with tunnel(gateway, gateway.ca, QUEUES, name=None, source=elsewhere()) as raw:
        assert raw.send(queues()).last().status == 403


@each_door
def test_a_body_that_still_comes_is_read_away(gateway, door):
    head, _ = parted(request("s3", BUCKET, body=b"x", method="PUT", path="/k", region="us-west-9"))
    with met(gateway, door, BUCKET) as raw:
        raw.send(head.replace(b"Content-Length: 1\r", b"Content-Length: 30000000\r"), *[bytes(1_000_000)] * 30)
        assert raw.answer().status == 403


@each_door
def test_head_has_its_reason_in_a_field(gateway, door):
    with met(gateway, door, BUCKET) as raw:
        status, fields = raw.send(request("s3", BUCKET, body=b"", method="HEAD", path="/k")).head()
        assert (status, raw.closed()) == (403, True)
    assert f"{BUCKET} is not an AWS host" in fields["x-trio-gate-reason"]


@each_door
def test_nothing_is_asked_for_before_the_refusal(gateway, door):
    with met(gateway, door, QUEUES) as raw:
        assert raw.send(parted(queues(Expect="100-continue"))[0]).head()[0] == 403


@each_door
@pytest.mark.parametrize("said", [b"", b"POST / HTTP/1.1\r\nHost:", b"nothing"])
def test_whoever_says_no_more_is_let_go(gateway, door, said):
    with met(gateway, door, QUEUES) as raw:
        raw.send(said).rest()


def has_a_certificate(gateway, door: str, host: str, source: str) -> bool:
    if door == "proxy":
        with Raw(gateway.doors["proxy"], source=source).send(connect(f"{host}:443")) as raw:
            status, _ = raw.head()
            if status == 403:
                assert f"{host} is not an AWS host" in raw.rest().decode()
            return status == 200
    try:
        met(gateway, door, host, source).socket.close()
    except ssl.SSLError:
        return False
    return True


@each_door
def test_one_source_has_a_limit_of_certificates_and_is_then_turned_away_as_before(fresh, door):
    here = elsewhere()
    many = [has_a_certificate(fresh, door, f"x{number}.us-west-9.amazonaws.com", here) for number in range(ENOUGH)]
    assert many[:30] == [True] * 30
    assert not all(many[30:])
    other = "tls" if door == "proxy" else "proxy"
    assert not all(has_a_certificate(fresh, other, QUEUES, here) for _ in range(ENOUGH))
    assert has_a_certificate(fresh, door, QUEUES, elsewhere())
    assert has_a_certificate(fresh, door, S3, here)
    with met(fresh, door, STS, here) as raw:
        assert "denied by rule" in raw.send(request(body=WHO)).answer().text
