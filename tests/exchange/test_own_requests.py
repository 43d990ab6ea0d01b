"""Requests to the gateway itself: what each path is for, and the answer that hands a signature out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.exchange.test_presign import TABLE
from tests.kit.aws.naming import catalog
from tests.kit.aws.operations import TABLES
from tests.kit.configs import BASE, MAIN, load
from tests.kit.records import NOW
from tests.kit.sessions import session
from trio_gate.aws.ingress import IDENTITY_FIELD, Ingress
from trio_gate.config.model import CertificateProof, OidcProof
from trio_gate.errors import Denied, GateError, Malformed, SessionOver, Unauthenticated, Unidentified, Unproven
from trio_gate.exchange import own_requests, steps
from trio_gate.exchange.proofs import Signer
from trio_gate.exchange.snapshot import compile_snapshot
from trio_gate.signing.sigv4 import Credentials, SigningKeys, sign
from trio_gate.wire.head import RequestHead, Target

GATEWAY = 'gateway {\n  state_dir = "/s"\n  listener "tls" { bind = "127.0.0.1:0" }\n}\n' + BASE
AGENT = 'agent "ci" {\n  key_suffix = "CI01"\n  secret = "agent-secret-0123456789"\n}\n'
SNAPSHOT = compile_snapshot(1, load(GATEWAY + MAIN))
KEYS = Credentials(access_key_id="AKIA111111111111CI01", secret_access_key="agent-secret-0123456789")
ROLE = Credentials(access_key_id="ASIAREAL", secret_access_key="the role's secret", session_token="the token")
OBJECT = json.dumps({"bucket": "photos", "key": "cat.jpg", "expires": 60}).encode()
AT = Ingress(kind="endpoint", names=frozenset({"127.0.0.1"}), base="http://127.0.0.1:8081")


def head(path="/-/agent/presign", body=OBJECT, method="POST", service="trio-gate", fields=(), query=(), **more):
    plain = RequestHead(
        method=method,
        target=Target(segments=tuple(path.split("/")[1:]), query=tuple(query)),
        headers=(("host", "127.0.0.1:8081"), *fields),
    )
    given = {"payload_hash": hashlib.sha256(body).hexdigest(), "region": "eu-west-1", "now": NOW, "s3": False, **more}
    return sign(plain, credentials=KEYS, service=service, **given).head


def proven(arrived, ingress=AT, snapshot=SNAPSHOT):
    claimed = steps.claim(arrived, ingress, "127.0.0.1")
    return steps.admit(claimed, snapshot, Signer(agent=None), None)


def named(path="/-/agent/presign", body=OBJECT, **more):
    content = own_requests.stands_for(proven(head(path, body, **more)), body, SNAPSHOT, TABLE)
    catalog().ensure(content.routed.services)
    return steps.identify(content, catalog=catalog(), tables=TABLES)


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
    outbound = steps.prepare(found, catalog())
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
        own_requests.stands_for(proven(head(**changes), ingress), OBJECT, SNAPSHOT, TABLE)


ASKED = {
    ("/-/agent", (), ""): own_requests.About(question=None, within=0, as_json=False),
    ("/-/agent", (), "application/json"): own_requests.About(question=None, within=0, as_json=True),
    ("/-/agent", (), "Application/JSON;q=1, */*"): own_requests.About(question=None, within=0, as_json=True),
    ("/-/agent", (), "text/markdown, application/json"): own_requests.About(question=None, within=0, as_json=False),
    ("/-/agent/approvals/q12", (), "*/*"): own_requests.About(question="q12", within=0, as_json=False),
    ("/-/agent/approvals/q12", (("wait", "60"),), ""): own_requests.About(question="q12", within=60, as_json=False),
}


@pytest.mark.parametrize(("path", "query", "accept"), ASKED)
def test_what_an_agent_asks_about_itself(path, query, accept):
    fields = (("accept", accept),) if accept else ()
    asked = head(path, b"", method="GET", query=query, fields=fields)
    assert own_requests.is_no_call(asked)
    assert own_requests.no_call(asked, b"") == ASKED[path, query, accept]


def test_a_task_is_asked_for_and_ended():
    asked, ended = head("/-/agent/tasks", b"{}"), head("/-/agent/tasks/t12", b"", method="DELETE")
    assert own_requests.is_no_call(asked)
    assert own_requests.is_no_call(ended)
    assert own_requests.no_call(asked, b"{}") == own_requests.TaskAsked(body=b"{}")
    assert own_requests.no_call(ended, b"") == own_requests.TaskEnded(id="t12")


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
    assert not own_requests.is_no_call(head(path, b"", method=method))


@pytest.mark.parametrize("path", ["/-/agent", "/-/agent/approvals/q1"])
def test_of_what_it_asks_nothing_is_changed(path):
    with pytest.raises(Malformed, match="takes GET") as refused:
        own_requests.stands_for(proven(head(path, method="POST")), OBJECT, SNAPSHOT, TABLE)
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
        own_requests.no_call(head(path, b"", method="GET", query=query), b"")


def test_a_task_takes_no_parameters():
    for path, method in (("/-/agent/tasks", "POST"), ("/-/agent/tasks/t1", "DELETE")):
        with pytest.raises(Malformed, match="takes no parameters"):
            own_requests.no_call(head(path, b"", method=method, query=(("account", "111111111111"),)), b"")


def bare(path="/-/agent", method="GET", query=()):
    """A request with a token and no signature."""
    fields = (("host", "127.0.0.1:8081"), (IDENTITY_FIELD, "head.claims.signature"))
    return RequestHead(method=method, target=Target(segments=tuple(path.split("/")[1:]), query=tuple(query)), headers=fields)


def test_only_what_stands_for_no_call_comes_by_a_token():
    assert own_requests.comes_by_token(bare(), AT)
    assert own_requests.comes_by_token(bare("/-/agent/tasks/t1", "DELETE"), replace(AT, kind="address"))
    assert not own_requests.comes_by_token(bare(), replace(AT, kind="proxy"))
    assert not own_requests.comes_by_token(bare("/-/agent/presign", "POST"), AT)
    assert not own_requests.comes_by_token(bare(query=(("X-Amz-Signature", "0"),)), AT)
    assert not own_requests.comes_by_token(head("/-/agent", b"", method="GET"), AT)


def test_the_certificate_of_its_block_is_asked_for_too():
    [agent] = load(GATEWAY + MAIN + AGENT).agents
    asked = replace(agent, oidc=OidcProof(issuer="https://i.example", audience="a", claims=(("sub", "s"),)))
    found = own_requests.claimed_by(asked, bare(query=(("account", "111111111111"),)), AT, "127.0.0.1", SNAPSHOT, NOW)
    assert (found.claim.account, found.claim.suffix, found.arrived.target.query) == ("111111111111", agent.key_suffix, ())
    certified = replace(asked, certificate=CertificateProof(authority="CA", names=("ci.example",)))
    with pytest.raises(Unproven, match="client certificate"):
        own_requests.claimed_by(certified, bare(), AT, "127.0.0.1", SNAPSHOT, NOW)
    with pytest.raises(Unproven, match="proxy token"):
        own_requests.claimed_by(replace(asked, proxy_tokens=("0" * 64,)), bare(), AT, "127.0.0.1", SNAPSHOT, NOW)


def test_a_token_of_two_agents_is_nobodys():
    [agent] = load(GATEWAY + MAIN + AGENT).agents
    assert own_requests.owner_of([agent]) is agent
    for found in ([], [agent, replace(agent, name="other")]):
        with pytest.raises(Unauthenticated, match="unsigned, with a token of"):
            own_requests.owner_of(found)


def test_a_body_is_refused_and_so_is_another_than_was_signed():
    with pytest.raises(Malformed, match="takes no body"):
        own_requests.no_call(head("/-/agent", b"{}", method="GET"), b"{}")
    with pytest.raises(Malformed, match="takes no body"):
        own_requests.no_call(head("/-/agent/tasks/t1", b"{}", method="DELETE"), b"{}")
    other = hashlib.sha256(b"{}").hexdigest()
    with pytest.raises(GateError, match="hash"):
        own_requests.no_call(head("/-/agent", b"{}", method="GET", fields=(("x-amz-content-sha256", other),)), b"")
    with pytest.raises(GateError, match="hash"):
        own_requests.no_call(head("/-/agent/tasks", b"{}", fields=(("x-amz-content-sha256", other),)), b"[]")


@pytest.mark.parametrize(("path", "method"), [("/-/agent", "GET"), ("/-/agent/approvals/q1", "GET"), ("/-/agent/tasks", "POST")])
def test_what_is_no_call_stands_for_none(path, method):
    with pytest.raises(Unidentified, match="stands for no call"):
        own_requests.stands_for(proven(head(path, b"", method=method)), b"", SNAPSHOT, TABLE)


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
        own_requests.stands_for(proven(head(fields=fields)), OBJECT.replace(b"cat", b"dog"), SNAPSHOT, TABLE)


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
        own_requests.stands_for(proven(head(), snapshot=snapshot), OBJECT, snapshot, TABLE)


def test_another_partition_than_the_accounts():
    body = json.dumps({"bucket": "photos", "key": "k"}).encode()
    with pytest.raises(Unidentified, match="partition"):
        own_requests.stands_for(proven(head(body=body, region="cn-north-1")), body, SNAPSHOT, TABLE)


@pytest.mark.parametrize(("ends", "works"), [(None, 60), (90, 60), (30.9, 30), (1, 1)])
def test_it_works_no_longer_than_the_session_that_signs(ends, works):
    until = None if ends is None else NOW + timedelta(seconds=ends)
    keys = Credentials(access_key_id="ASIAREAL", secret_access_key="the role's secret", session_token="the token", expires=until)
    answer, text = own_requests.signed(named(), keys, now=NOW, keys=SigningKeys())
    said = json.loads(text)
    assert (answer.status, answer.one(b"cache-control")) == (200, b"no-store")
    assert (said["seconds"], said["expires"], said["headers"]) == (works, f"2026-01-15T12:{works // 60:02}:{works % 60:02}Z", {})
    query = parse_qs(urlsplit(said["url"]).query)
    assert (query["X-Amz-Expires"], query["X-Amz-Security-Token"]) == ([f"{works}"], ["the token"])
    assert "secret" not in text.decode()


def asked_by_a_session(path, body, seconds, *, keys=3600):
    """What is signed for a virtual session with so much life left, by keys with so much."""
    found = named(f"/-/agent/{path}", body)
    asker = replace(found.proven.admitted.signer, session=session(expires=NOW + timedelta(seconds=seconds)))
    by = replace(found, proven=replace(found.proven, admitted=replace(found.proven.admitted, signer=asker)))
    signer = replace(ROLE, expires=NOW + timedelta(seconds=keys))
    return json.loads(own_requests.signed(by, signer, now=NOW, keys=SigningKeys())[1])


def test_it_works_no_longer_than_the_virtual_session_that_asks():
    said = asked_by_a_session("presign", OBJECT, 40)
    assert (said["seconds"], said["expires"]) == (40, "2026-01-15T12:00:40Z")
    assert "X-Amz-Expires=40&" in said["url"]


def test_a_token_that_would_outlive_its_session_is_not_made():
    body = b'{"cluster": "blue"}'
    assert asked_by_a_session("eks-token", body, 900)["seconds"] == 900
    assert asked_by_a_session("eks-token", body, 900, keys=40)["seconds"] == 40
    with pytest.raises(SessionOver, match="ends before the token would"):
        asked_by_a_session("eks-token", body, 899)


@pytest.mark.parametrize(("own", "keys"), [(0, 3600), (3600, 0)])
def test_nothing_is_signed_by_or_for_what_is_over(own, keys):
    with pytest.raises(SessionOver, match="has expired"):
        asked_by_a_session("presign", OBJECT, own, keys=keys)


def test_the_field_of_a_cluster_is_sent_along():
    found = named("/-/agent/eks-token", b'{"cluster": "blue"}')
    said = json.loads(own_requests.signed(found, ROLE, now=NOW, keys=SigningKeys())[1])
    assert said["headers"] == {"x-k8s-aws-id": "blue"}
    assert said["expires"] == "2026-01-15T12:15:00Z"
    assert parse_qs(urlsplit(said["url"]).query)["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]


def test_the_owner_of_a_bucket_is_checked_by_a_signed_field():
    checked = compile_snapshot(1, load(GATEWAY + MAIN.replace('"us-east-1"', '"us-east-1"\n  expected_bucket_owner = true')))
    content = own_requests.stands_for(proven(head(), snapshot=checked), OBJECT, checked, TABLE)
    catalog().ensure(content.routed.services)
    found = steps.identify(content, catalog=catalog(), tables=TABLES)
    said = json.loads(own_requests.signed(found, ROLE, now=NOW, keys=SigningKeys())[1])
    assert said["headers"] == {"x-amz-expected-bucket-owner": "111111111111"}
    assert "SignedHeaders=host%3Bx-amz-expected-bucket-owner" in said["url"]


def test_without_something_to_sign_there_is_no_answer():
    with pytest.raises(RuntimeError):
        own_requests.signed(replace(named(), presign=None), ROLE, now=NOW, keys=SigningKeys())
