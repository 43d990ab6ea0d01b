"""What each path of the gateway's own is for, and what is refused there."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.exchange.own_requests.kit import AT, GATEWAY, OBJECT, SNAPSHOT, TABLE, head, named, proven
from tests.kit.aws.naming import catalog
from tests.kit.configs import MAIN, load
from trio_gate.aws.ingress import Ingress
from trio_gate.errors import Denied, GateError, Malformed, Unauthenticated, Unidentified
from trio_gate.exchange import steps
from trio_gate.exchange.own_requests import paths
from trio_gate.exchange.snapshot import compile_snapshot
from trio_gate.wire.head import RequestHead, Target


@pytest.mark.parametrize(
    ("path", "members", "called", "host"),
    [
        ("presign", {"bucket": "photos", "key": "cat.jpg"}, ("s3", "GetObject"), "photos.s3.eu-west-1.amazonaws.com"),
        (
            "presign",
            {"bucket": "photos", "key": "cat.jpg", "method": "PUT"},
            ("s3", "PutObject"),
            "photos.s3.eu-west-1.amazonaws.com",
        ),
        ("eks-token", {"cluster": "blue"}, ("sts", "GetCallerIdentity"), "sts.eu-west-1.amazonaws.com"),
        (
            "rds-token",
            {"host": "db.c0ffee.eu-west-1.rds.amazonaws.com", "port": 5432, "user": "me"},
            ("rds-db", "connect"),
            "db.c0ffee.eu-west-1.rds.amazonaws.com",
        ),
    ],
)
def test_a_path_stands_for_a_call(path, members, called, host):
    found = named(f"/-/agent/{path}", json.dumps(members).encode())
    call = found.call
    assert ((call.service, call.operation), call.host, call.region, call.account) == (called, host, "eu-west-1", "111111111111")
    assert call.presigned
    outbound = steps.outbound(found, catalog())
    assert ("X-Amz-Expires", str(found.presign.seconds)) in outbound.head.target.query  # an approval is bound to it
    assert outbound.data == b""


def test_the_call_of_an_object_says_all_that_is_known():
    call = named().call
    assert (call.params["Bucket"], call.params["Key"], call.resource) == ("photos", "cat.jpg", "arn:aws:s3:::photos/cat.jpg")
    assert (call.iam_action, call.access, call.vends_credentials) == ("s3:GetObject", "read", False)


REFUSED = {
    "another service": ({"service": "s3"}, {}, Unauthenticated, "for the service trio-gate"),
    "a body that is not signed": (
        {"payload_hash": "UNSIGNED-PAYLOAD", "fields": (("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),)},
        {},
        Unauthenticated,
        "with its body",
    ),
    "another method": ({"method": "GET"}, {}, Malformed, "takes POST"),
    "no such path": ({"path": "/-/agent/other"}, {}, Unidentified, "no such path"),
    "a longer path": ({"path": "/-/agent/presign/more"}, {}, Unidentified, "no such path"),
    "a query": ({"query": (("a", "b"),)}, {}, Unidentified, "no such path"),
    "a page of another origin": ({"fields": (("origin", "http://127.0.0.1:8081"),)}, {}, Denied, "browsers"),
    "a page": ({"fields": (("sec-fetch-site", "same-origin"),)}, {}, Denied, "browsers"),
    "another name": ({}, {"names": frozenset({"localhost"})}, Malformed, "Host"),
}


@pytest.mark.parametrize(("changes", "way", "kind", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(changes, way, kind, said):
    ingress = Ingress(kind="endpoint", **{"names": AT.names, **way})
    with pytest.raises(kind, match=said):
        paths.stands_for(proven(head(**changes), ingress), OBJECT, SNAPSHOT, TABLE)


ASKED = {
    ("/-/agent", (), ""): paths.About(question=None, within=0, as_json=False),
    ("/-/agent", (), "application/json"): paths.About(question=None, within=0, as_json=True),
    ("/-/agent", (), "Application/JSON;q=1, */*"): paths.About(question=None, within=0, as_json=True),
    ("/-/agent", (), "text/markdown, application/json"): paths.About(question=None, within=0, as_json=False),
    ("/-/agent/approvals/q12", (), "*/*"): paths.About(question="q12", within=0, as_json=False),
    ("/-/agent/approvals/q12", (("wait", "60"),), ""): paths.About(question="q12", within=60, as_json=False),
}


@pytest.mark.parametrize(("path", "query", "accept"), ASKED)
def test_what_an_agent_asks_about_itself(path, query, accept):
    fields = (("accept", accept),) if accept else ()
    asked = head(path, b"", method="GET", query=query, fields=fields)
    assert paths.is_no_call(asked)
    assert paths.no_call(asked, b"") == ASKED[path, query, accept]


def test_a_task_is_asked_for_and_ended():
    asked, ended = head("/-/agent/tasks", b"{}"), head("/-/agent/tasks/t12", b"", method="DELETE")
    assert paths.is_no_call(asked)
    assert paths.is_no_call(ended)
    assert paths.no_call(asked, b"{}") == paths.TaskAsked(body=b"{}")
    assert paths.no_call(ended, b"") == paths.TaskEnded(id="t12")


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/-/agent", "POST"),
        ("/-/agent/presign", "GET"),
        ("/-/agent/approvals", "GET"),
        ("/-/agent/approvals/Q!", "GET"),
        ("/-/agent/", "GET"),
        ("/-/agent/tasks", "GET"),
        ("/-/agent/tasks", "DELETE"),
        ("/-/agent/tasks/t1", "POST"),
    ],
)
def test_what_asks_for_something_else(path, method):
    assert not paths.is_no_call(head(path, b"", method=method))


@pytest.mark.parametrize("path", ["/-/agent", "/-/agent/approvals/q1"])
def test_of_what_it_asks_nothing_is_changed(path):
    with pytest.raises(Malformed, match="takes GET") as refused:
        paths.stands_for(proven(head(path, method="POST")), OBJECT, SNAPSHOT, TABLE)
    assert refused.value.status == 405


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/-/agent", (("wait", "1"),)),
        ("/-/agent", (("agent", "other"),)),
        *(("/-/agent/approvals/q1", (("wait", wait),)) for wait in ("61", "-1", "", "1.5", "001", "\u0661")),
        ("/-/agent/approvals/q1", (("wait", "1"), ("wait", "1"))),
        ("/-/agent/approvals/q1", (("other", "1"),)),
    ],
)
def test_other_parameters_are_refused(path, query):
    with pytest.raises(Malformed, match="takes no parameter but, of an approval, `wait`"):
        paths.no_call(head(path, b"", method="GET", query=query), b"")


def test_a_task_takes_no_parameters():
    for path, method in (("/-/agent/tasks", "POST"), ("/-/agent/tasks/t1", "DELETE")):
        with pytest.raises(Malformed, match="takes no parameters"):
            paths.no_call(head(path, b"", method=method, query=(("account", "111111111111"),)), b"")


def test_a_body_is_refused_and_so_is_another_than_was_signed():
    with pytest.raises(Malformed, match="takes no body"):
        paths.no_call(head("/-/agent", b"{}", method="GET"), b"{}")
    with pytest.raises(Malformed, match="takes no body"):
        paths.no_call(head("/-/agent/tasks/t1", b"{}", method="DELETE"), b"{}")
    other = hashlib.sha256(b"{}").hexdigest()
    with pytest.raises(GateError, match="hash"):
        paths.no_call(head("/-/agent", b"{}", method="GET", fields=(("x-amz-content-sha256", other),)), b"")
    with pytest.raises(GateError, match="hash"):
        paths.no_call(head("/-/agent/tasks", b"{}", fields=(("x-amz-content-sha256", other),)), b"[]")


@pytest.mark.parametrize(("path", "method"), [("/-/agent", "GET"), ("/-/agent/approvals/q1", "GET"), ("/-/agent/tasks", "POST")])
def test_what_is_no_call_stands_for_none(path, method):
    with pytest.raises(Unidentified, match="stands for no call"):
        paths.stands_for(proven(head(path, b"", method=method)), b"", SNAPSHOT, TABLE)


def test_a_url_is_no_request_to_the_gateway():
    signed = head().headers
    credential = dict(signed)["authorization"].split("Credential=")[1].split(",")[0]
    query = (
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", credential),
        ("X-Amz-Date", dict(signed)["x-amz-date"]),
        ("X-Amz-Expires", "60"),
        ("X-Amz-SignedHeaders", "host"),
        ("X-Amz-Signature", "0" * 64),
    )
    target = Target(segments=("-", "agent", "presign"), query=query)
    with pytest.raises(Unauthenticated, match="signed in its head"):
        steps.claim(RequestHead(method="POST", target=target, headers=(("host", "127.0.0.1"),)), AT, "127.0.0.1")


def test_a_body_of_another_hash_than_was_signed():
    fields = (("x-amz-content-sha256", hashlib.sha256(OBJECT).hexdigest()),)
    with pytest.raises(GateError, match="hash"):
        paths.stands_for(proven(head(fields=fields)), OBJECT.replace(b"cat", b"dog"), SNAPSHOT, TABLE)


def test_the_own_address_of_a_proxy_takes_nothing_else():
    at = Ingress(kind="address", names=AT.names)
    assert steps.claim(head(), at, "127.0.0.1").own
    with pytest.raises(Malformed, match="only CONNECT"):
        steps.claim(head("/photos", service="s3"), at, "127.0.0.1")


@pytest.mark.parametrize("kind", ["proxy", "tls"])
def test_names_of_aws_are_no_address_of_the_gateway(kind):
    assert not steps.claim(head(), Ingress(kind=kind, sni="s3.eu-west-1.amazonaws.com"), "127.0.0.1").own


def test_a_host_that_the_endpoint_does_not_serve():
    snapshot = compile_snapshot(
        1, load(GATEWAY + MAIN.replace('"us-east-1"', '"us-east-1"\n  hosts = ["dynamodb.*.amazonaws.com"]'))
    )
    with pytest.raises(Unidentified, match="not among the `hosts`"):
        paths.stands_for(proven(head(), snapshot=snapshot), OBJECT, snapshot, TABLE)


def test_another_partition_than_the_accounts():
    body = json.dumps({"bucket": "photos", "key": "k"}).encode()
    with pytest.raises(Unidentified, match="partition"):
        paths.stands_for(proven(head(body=body, region="cn-north-1")), body, SNAPSHOT, TABLE)
