"""The listeners of a running gateway, called byte by byte: what each serves, and how it turns the rest away."""

from __future__ import annotations

import signal
import socket
import ssl
import subprocess

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS, REGION
from tests.kit.gateway import SECRET, running
from tests.kit.wire.curl import with_curl
from tests.kit.wire.raw import DYNAMODB, S3, STS, WHO, Raw, connect, parted, request, tunnel
from trio_gate.shell.certificates.leaves import MAX_LEAVES

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
GOAWAY = bytes.fromhex("000000 04 00 00000000  000008 07 00 00000000 00000000 0000000d")
HELD_LIMIT = 64 * 1024


@pytest.fixture(scope="module")
def gate(embedded_aws, tmp_path_factory):
    """A gateway with little room for held bodies. It ends as it should whatever was done to it."""
    with running(tmp_path_factory.mktemp("doors"), embedded_aws, knobs='held_limit = "64KiB"') as gateway:
        yield gateway
        assert gateway.client("sts").get_caller_identity()["Account"] == ACCOUNTS["staging"]
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(30) == 0
    assert "Traceback" not in gateway.log


@pytest.fixture(scope="module")
def ca(gate):
    return gate.ca_file


@pytest.fixture(scope="module")
def hasty(tmp_path_factory):
    """A gateway that waits for nobody longer than a second."""
    with running(tmp_path_factory.mktemp("hasty"), None, knobs='head_timeout = "1s"\nidle_timeout = "1s"') as gateway:
        yield gateway
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(30) == 0
    assert "Traceback" not in gateway.log


DOORS = ["proxy", "tls", "endpoint"]
each_door = pytest.mark.parametrize("door", DOORS)


def to_http(gateway, door, ca_file, host=STS) -> Raw:
    """A connection that a request may be sent on."""
    if door == "proxy":
        return tunnel(gateway, ca_file, host)
    raw = Raw(gateway.doors[door])
    return raw.tls(ca_file, host) if door == "tls" else raw


def host_at(gateway, door, host=STS) -> str:
    return gateway.doors["endpoint"] if door == "endpoint" else host


def served(raw: Raw, host: str = STS, account: str = "staging") -> bool:
    answer = raw.send(request(host=host, account=account)).answer()
    assert answer.status == 200, answer.text
    return ACCOUNTS[account] in answer.text


# What a proxy listener takes

NOT_CONNECTED = [
    (b"GET http://sts.us-east-1.amazonaws.com/ HTTP/1.1\r\nHost: sts.us-east-1.amazonaws.com\r\n\r\n", 405, "only CONNECT"),
    (connect("169.254.169.254:443"), 400, "no address"),
    (connect("[::1]:443"), 400, "no address"),
    (connect("2852039166:443"), 400, "no address"),
    (connect(f"{STS}:22"), 403, "only port 443"),
    (connect(f"{STS}:8443"), 403, "only port 443"),
    (connect("example.com:443"), 403, "example.com"),
    (connect("notamazonaws.com:443"), 403, "notamazonaws.com"),
    (connect("sqs.us-west-9.amazonaws.com:22"), 403, "only port 443"),
    (connect("amazonaws.com.example.com:443"), 403, "example.com"),
    (connect("d111111abcdef8.cloudfront.net:443"), 403, "cloudfront"),
    (connect("sts.cn-north-1.amazonaws.com.cn:443"), 403, "cn is not served by this gateway"),
    (connect(f"{STS}:443").replace(b"\r\n\r\n", b"\r\nContent-Length: 4\r\n\r\nbody"), 400, "no body"),
    (connect(f"{STS}:443").replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"), 400, "no body"),
    (connect(f"{STS}:443").replace(b"\r\n\r\n", f"\r\nHost: {STS}:443\r\n\r\n".encode()), 400, "host"),
    (connect(f"{STS}:443").replace(b"Host: sts", b"Host: s3"), 400, "differ"),
    (f"CONNECT {STS}:443\r\n\r\n".encode(), 400, "first line"),
    (b"CONNECT " + b"a" * 40_000, 431, "larger than"),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "not HTTP"),
    (b"CONNECT x:443 HTTP/1.1\n\n", 400, "CRLF"),
]


@pytest.mark.parametrize(("said", "status", "why"), NOT_CONNECTED, ids=[f"{row[1]}-{n}" for n, row in enumerate(NOT_CONNECTED)])
def test_the_proxy_listener_connects_to_hosts_of_aws_and_to_nothing_else(gate, said, status, why):
    with Raw(gate.doors["proxy"]).send(said) as raw:
        answer = raw.answer()
        assert answer.status == status
        assert why.lower() in answer.text.lower()
        assert raw.closed()


def test_a_refusal_of_connect_arrives_though_the_agent_goes_on_sending(gate):
    with Raw(gate.doors["proxy"]).send(b"POST http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", b"x" * 500_000) as raw:
        assert raw.answer().status == 405


def test_what_is_pipelined_behind_connect_is_part_of_the_handshake(gate, ca):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context(cafile=ca).wrap_bio(incoming, outgoing, server_hostname=STS)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    hello = outgoing.read()
    with Raw(gate.doors["proxy"]) as raw:
        raw.send(connect(f"{STS}:443") + hello[:100], hello[100:])
        assert raw.head()[0] == 200
        shaken = False
        while not shaken:
            incoming.write(raw.take())
            try:
                tls.do_handshake()
                shaken = True
            except ssl.SSLWantReadError:
                continue
        assert tls.getpeercert()["subjectAltName"] == (("DNS", STS),)


def test_connect_by_http_1_0(gate, ca):
    with Raw(gate.doors["proxy"]).send(f"CONNECT {STS}:443 HTTP/1.0\r\n\r\n".encode()) as raw:
        assert raw.head()[0] == 200
        assert served(raw.tls(ca, STS))


def test_connect_may_name_the_listeners_own_port(gate, ca):
    port = gate.doors["proxy"].rpartition(":")[2]
    with Raw(gate.doors["proxy"]).send(connect(f"{STS}:{port}")) as raw:
        assert raw.head()[0] == 200
        assert served(raw.tls(ca, STS))


def test_under_connect_a_server_name_is_not_needed(gate, ca):
    with tunnel(gate, ca, STS, name=None) as raw:
        assert served(raw)


def test_under_connect_another_server_name_is_refused(gate, ca):
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        tunnel(gate, ca, STS, name=S3)


# What a tls listener takes


@pytest.mark.parametrize(
    "name", ["example.com", "sqs.us-west-9.amazonaws.com.example.com", "sts.cn-north-1.amazonaws.com.cn", None]
)
def test_the_tls_listener_shakes_hands_for_hosts_of_aws_alone(gate, ca, name):
    with Raw(gate.doors["tls"]) as raw, pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        raw.tls(ca, name)


# Which host a request is for

with_a_host_name = pytest.mark.parametrize("door", ["proxy", "tls"])


@with_a_host_name
def test_host_must_be_the_one_that_was_connected_to(gate, ca, door):
    with to_http(gate, door, ca, STS) as raw:
        answer = raw.send(request("s3", S3, method="GET", body=b"")).last()
        assert answer.status == 421
        assert b"<Error><Code>InvalidRequest</Code>" in answer.body
        assert "do not name the same host" in answer.text


@with_a_host_name
def test_host_may_name_the_port_of_https_or_of_the_listener(gate, ca, door):
    own = gate.doors[door].rpartition(":")[2]
    with to_http(gate, door, ca) as raw:
        assert all(served(raw, host) for host in (STS, f"{STS}:443", f"{STS}:{own}", STS.upper()))
        answer = raw.send(request(host=f"{STS}:444")).answer()
        assert (answer.status, "a port other than" in answer.text) == (421, True)


@each_door
def test_requests_follow_each_other_on_a_connection(gate, ca, door):
    with to_http(gate, door, ca) as raw:
        host = host_at(gate, door)
        assert served(raw, host)
        raw.send(request(host=host) + request(host=host, account="prod"))
        assert ACCOUNTS["staging"] in raw.answer().text
        assert ACCOUNTS["prod"] in raw.answer().text
        assert raw.send(request(host=host, connection="close")).last().status == 200


def test_the_gateway_closes_though_the_agent_stays(gate):
    with Raw(gate.doors["endpoint"]).send(request(host=gate.doors["endpoint"], connection="close")) as raw:
        assert raw.answer().status == 200
        assert raw.closed()


# What an endpoint listener takes


@pytest.mark.parametrize("host", [STS, "gateway.example", "127.0.0.1.example:80", "bucket.localhost"])
def test_the_endpoint_listener_answers_to_its_own_names_alone(gate, host):
    with Raw(gate.doors["endpoint"]).send(request(host=host)) as raw:
        answer = raw.last()
        assert (answer.status, "names" in answer.text) == (421, True)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_on_loopback_the_endpoint_listener_has_the_local_names(gate, host):
    port = gate.doors["endpoint"].rpartition(":")[2]
    with Raw(gate.doors["endpoint"]) as raw:
        assert served(raw, f"{host}:{port}")


@pytest.mark.parametrize("field", [{"origin": "http://localhost"}, {"sec_fetch_site": "same-origin"}, {"sec_fetch_mode": "cors"}])
def test_the_endpoint_listener_is_not_for_browsers(gate, field):
    with Raw(gate.doors["endpoint"]).send(request(host=gate.doors["endpoint"], **field)) as raw:
        answer = raw.answer()
        assert (answer.status, "browsers" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("scope", "why"),
    [
        ({"service": "nothing"}, "no AWS service"),
        ({"region": "moon-1"}, "no AWS region"),
        ({"region": "cn-north-1"}, "partition"),
        ({"path": "/-/s3/"}, "signs as sts"),
    ],
)
def test_the_endpoint_listener_looks_its_scope_up(gate, scope, why):
    with Raw(gate.doors["endpoint"]).send(request(**{"host": gate.doors["endpoint"], **scope})) as raw:
        answer = raw.answer()
        assert (answer.status, why in answer.text) == (403, True)


def test_services_that_sign_alike_are_distinguished_by_the_path(gate):
    ask = {"agentId": "ABCDEFGHIJ"}
    with pytest.raises(ClientError) as caught:
        gate.client("bedrock-agent", by="endpoint").prepare_agent(**ask)
    url = f"http://{gate.doors['endpoint']}/-/bedrock-agent"
    assert f"AWS_ENDPOINT_URL_BEDROCK_AGENT={url}" in str(caught.value)
    with pytest.raises(ClientError):
        gate.client("bedrock-agent", by="endpoint", path="/-/bedrock-agent").prepare_agent(**ask)
    record = gate.records()[-1]
    assert (record["service"], record["action"], record["path"]) == ("bedrock-agent", "PrepareAgent", "/agents/ABCDEFGHIJ/")


# Bytes that are no request

GARBAGE = [
    (b"\x80\x81\x82", 400),
    (b"get / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\nHost: x\n\n", 400),
    (b"GET /\r\n\r\n", 400),
    (b"GET / HTTP/1.0\r\nHost: x\r\n\r\n", 505),
    (b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", 400),
    (b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 40_000, 431),
    (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 101 + b"\r\n", 431),
]


@each_door
@pytest.mark.parametrize(("said", "status"), GARBAGE, ids=range(len(GARBAGE)))
def test_what_is_no_request_is_answered_and_the_connection_closed(gate, ca, door, said, status):
    with to_http(gate, door, ca) as raw:
        assert raw.send(said).last().status == status


def test_half_a_head_and_then_the_end(gate):
    with Raw(gate.doors["endpoint"]) as raw:
        assert raw.send(b"POST / HTTP/1.1\r\nHost:").end().answer().status == 400


@each_door
def test_half_a_head_and_then_silence(hasty, door):
    with to_http(hasty, door, hasty.ca_file) as raw:
        answer = raw.send(b"POST / HTTP/1.1\r\nHost:").last()
        assert (answer.status, "in time" in answer.text) == (408, True)


@each_door
def test_a_connection_that_says_nothing_is_closed(hasty, door):
    with to_http(hasty, door, hasty.ca_file) as raw:
        assert raw.closed()


@each_door
def test_a_body_that_stops_half_way(hasty, door):
    head, body = parted(request(host=host_at(hasty, door)))
    with to_http(hasty, door, hasty.ca_file) as raw:
        answer = raw.send(head + body[:10]).last()
        assert (answer.status, "half-way" in answer.text) == (408, True)


@each_door
def test_a_held_body_has_a_limit(gate, ca, door):
    body = b'{"TableName":"' + b"x" * HELD_LIMIT + b'"}'
    host = host_at(gate, door, DYNAMODB)
    asked = request(
        "dynamodb", host, body=body, x_amz_target="DynamoDB_20120810.DescribeTable", content_type="application/x-amz-json-1.0"
    )
    with to_http(gate, door, ca, DYNAMODB) as raw:
        answer = raw.send(asked).answer()
        assert answer.status == 413
        assert answer.fields["x-amzn-errortype"] == "RequestEntityTooLargeException"


def test_a_browser_or_plain_client_at_the_tls_listener_is_turned_away(gate, ca):
    with pytest.raises(ssl.SSLError):
        Raw(gate.doors["tls"]).tls(ca, "localhost")


# Real clients at the tls listener: AWS's names lead to it


def test_botocore_by_name_at_the_tls_listener(gate, ca, monkeypatch):
    port = int(gate.doors["tls"].rpartition(":")[2])
    resolve = socket.getaddrinfo

    def to_loopback(host, *rest, **given):
        return resolve("127.0.0.1" if str(host).endswith(".amazonaws.com") else host, *rest, **given)

    monkeypatch.setattr(socket, "getaddrinfo", to_loopback)
    keys = {"aws_access_key_id": f"AKIA{ACCOUNTS['staging']}CI01", "aws_secret_access_key": SECRET}
    s3 = boto3.client("s3", endpoint_url=f"https://{S3}:{port}", region_name=REGION, verify=ca, config=Config(proxies={}), **keys)
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["staging-data"]
    s3.put_object(Bucket="staging-data", Key="by name", Body=b"x" * 100_000)
    assert s3.get_object(Bucket="staging-data", Key="by name")["Body"].read() == b"x" * 100_000


@with_curl
def test_curl_by_name_at_the_tls_listener(gate, ca):
    words = ["--silent", "--cacert", ca, "--connect-to", f"::{gate.doors['tls']}", "--aws-sigv4", "aws:amz:us-east-1:sts"]
    key = f"AKIA{ACCOUNTS['staging']}CI01:{SECRET}"
    url = f"https://{STS}/"
    done = subprocess.run(
        ["curl", *words, "--user", key, "--data", WHO.decode(), url], capture_output=True, text=True, check=False
    )
    assert ACCOUNTS["staging"] in done.stdout


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"\x00" * 20_000])
def test_what_is_no_handshake_ends_the_connection(gate, said):
    with Raw(gate.doors["tls"]).send(said) as raw:
        raw.rest()
    with Raw(gate.doors["proxy"]).send(connect(f"{STS}:443")) as raw:
        assert raw.head()[0] == 200
        raw.send(said).rest()


@each_door
def test_http_2_is_sent_away_in_its_own_words(gate, ca, door):
    with to_http(gate, door, ca) as raw:
        assert raw.send(PREFACE).rest() == GOAWAY
    assert "speaks http/2, which is not served: set the client to http/1.1" in gate.log


def test_names_that_anybody_can_make_up_push_out_nobodys_certificate(gate, ca):
    def serial(host):
        with Raw(gate.doors["tls"]) as raw:
            return raw.tls(ca, host).socket.getpeercert()["serialNumber"]

    kept = serial(S3), serial("111111111111.ddb.us-east-1.amazonaws.com"), serial("first.dotted.s3.us-east-1.amazonaws.com")
    for number in range(MAX_LEAVES):
        serial(f"a{number}.dotted.s3.us-east-1.amazonaws.com")
    assert (serial(S3), serial("222222222222.ddb.us-east-1.amazonaws.com")) == kept[:2]
    assert serial("first.dotted.s3.us-east-1.amazonaws.com") != kept[2]
