"""What the agent's machine sends to the gateway, and what it makes of any answer."""

from __future__ import annotations

import argparse
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.kit.records import NOW
from trio_gate.cli.agents import asking

ANSWER = {"url": "https://s3.example/k?a=b", "headers": {}, "seconds": 900, "expires": "2026-01-15T12:00:00Z"}
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIA111111111111CI01",
    "AWS_SECRET_ACCESS_KEY": "agent-secret-0123456789",
    "AWS_REGION": "eu-west-1",
}


@contextmanager
def gateway(status=200, body=None):
    """A server that answers every request with this, and its address and the requests that it got."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.path, dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
            text = json.dumps(ANSWER).encode() if body is None else body
            self.send_response_only(100)
            self.end_headers()
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}", got
        server.shutdown()


@pytest.fixture
def keys(monkeypatch):
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


def told(*words):
    """The answer to what stands for no call."""
    parser = argparse.ArgumentParser()
    asking.add_arguments(parser)
    asking.add_account(parser)
    return asking.answer(parser.parse_args(words), "POST", "/-/agent/tasks", b"{}")


def run(*words):
    parser = argparse.ArgumentParser()
    asking.add_arguments(parser)
    return asking.run("presign", parser.parse_args(words), "/-/agent/presign", {"bucket": "photos"})


@pytest.mark.usefixtures("keys")
def test_a_request_is_signed_by_the_agent_for_the_gateway(monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the-token")
    with gateway() as (at, got):
        found = run("--gateway", f"http://{at}")
    assert (found.url, found.expires) == (ANSWER["url"], NOW)
    [(path, fields, body)] = got
    assert (path, json.loads(body), fields["host"], fields["x-amz-security-token"]) == (
        "/-/agent/presign",
        {"bucket": "photos"},
        at,
        "the-token",
    )
    assert (
        "/eu-west-1/trio-gate/aws4_request, SignedHeaders=accept;content-type;host;x-amz-date;x-amz-security-token,"
        in fields["authorization"]
    )
    assert "proxy-authorization" not in fields
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in repr(got)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "HTTPS_PROXY", "https_proxy"])
def test_the_gateway_is_where_other_programs_find_it(monkeypatch, name):
    with gateway() as (at, got):
        monkeypatch.setenv(name, f"http://{at}/")
        run("--region", "us-east-1")
    assert "/us-east-1/trio-gate/" in got[0][1]["authorization"]


@pytest.mark.usefixtures("keys")
def test_the_proxys_token_is_said():
    with gateway() as (at, got):
        run("--gateway", f"http://ci:to%20ken@{at}")
    assert got[0][1]["proxy-authorization"] == "Basic Y2k6dG8ga2Vu"
    assert got[0][1]["host"] == at


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (403, b'{"__type": "AccessDenied", "message": "no \\u001b[2J rule"}', "trio-gate presign: no "),
        (407, b"the proxy knows\nnobody", "trio-gate presign: the proxy knows nobody (status 407)"),
        (200, b"<html>", "what answers is not a gateway of this version"),
        (200, b"[]", "not a gateway"),
        (200, b'{"url": "x"}', "not a gateway"),
        (502, b"", "the gateway said nothing (status 502)"),
        (502, b"x" * 9999, "x (status 502)"),
    ],
)
def test_what_is_no_signature_is_one_line(capsys, status, body, said):
    with gateway(status, body) as (at, _):
        assert run("--gateway", f"http://{at}") == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert "\x1b" not in error


@pytest.mark.usefixtures("keys")
def test_nobody_answers(capsys):
    with gateway() as (at, _):
        pass
    assert run("--gateway", f"http://{at}") == 1
    assert capsys.readouterr().err == f"trio-gate presign: the gateway at {at} does not answer: Connection refused\n"


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("words", "unset", "said"),
    [
        ([], "", "set AWS_ENDPOINT_URL or HTTPS_PROXY"),
        (["--gateway", "ftp://x"], "", "is not like http://127.0.0.1:8081"),
        (["--gateway", "https://localhost:1", "--ca", "/no/such/file"], "", "cannot be read"),
        (["--gateway", "http://127.0.0.1:1"], "AWS_REGION", "set AWS_REGION"),
        (["--gateway", "http://127.0.0.1:1"], "AWS_ACCESS_KEY_ID", "the agent's keys are not set"),
        (["--gateway", "http://127.0.0.1:1"], "AWS_SECRET_ACCESS_KEY", "the agent's keys are not set"),
    ],
)
def test_what_is_missing_is_said(monkeypatch, capsys, words, unset, said):
    monkeypatch.delenv(unset, raising=False)
    assert run(*words) == 2
    error = capsys.readouterr().err
    assert (said in error, error.count("\n")) == (True, 1)


@pytest.mark.usefixtures("keys")
def test_an_answer_that_is_too_long_is_an_error_and_not_cut(capsys):
    whole = json.dumps(ANSWER).encode()
    with gateway(body=whole.ljust(asking.MOST_BYTES)) as (at, _):
        assert run("--gateway", f"http://{at}").url == ANSWER["url"]
    with gateway(body=whole.ljust(asking.MOST_BYTES + 1)) as (at, _):
        assert run("--gateway", f"http://{at}") == 1
    assert capsys.readouterr().err == "trio-gate presign: the gateway's answer is longer than 1024 KiB, so it is not read\n"


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("by", ["file", "environment"])
def test_the_agents_identity_token_is_sent_with_the_signature(monkeypatch, tmp_path, by):
    words = []
    if by == "file":
        (tmp_path / "token").write_text("head.claims.signature\n")
        words = ["--token", str(tmp_path / "token")]
    else:
        monkeypatch.setenv("TRIO_GATE_AGENT_TOKEN", "head.claims.signature")
    with gateway() as (at, got):
        assert run("--gateway", f"http://{at}", *words).url == ANSWER["url"]
    assert got[0][1]["x-trio-gate-token"] == "head.claims.signature"


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(("text", "said"), [(None, "cannot be read"), ("two\nlines", "is not one"), ("", None)])
def test_what_is_no_identity_token_is_not_sent(tmp_path, capsys, text, said):
    if text is not None:
        (tmp_path / "token").write_text(text)
    with gateway() as (at, got):
        found = run("--gateway", f"http://{at}", "--token", str(tmp_path / "token"))
    assert (found == 2, len(got)) == ((True, 0) if said else (False, 1))
    assert said is None or said in capsys.readouterr().err


@pytest.mark.parametrize("by", ["token", "login"])
def test_without_keys_the_identity_token_goes_alone(monkeypatch, by):
    login = "ci:token@" if by == "login" else ""
    if by == "token":
        monkeypatch.setenv("TRIO_GATE_AGENT_TOKEN", "head.claims.signature")
    with gateway() as (at, got):
        assert json.loads(told("--gateway", f"http://{login}{at}")) == ANSWER
        told("--gateway", f"http://{login}{at}", "--account", "222222222222")
    assert [path for path, _, _ in got] == ["/-/agent/tasks", "/-/agent/tasks?account=222222222222"]
    assert all("authorization" not in fields for _, fields, _ in got)
    assert got[0][1].get("x-trio-gate-token") == ("head.claims.signature" if by == "token" else None)


@pytest.mark.usefixtures("keys")
def test_a_proxy_token_is_no_identity_token(monkeypatch):
    monkeypatch.setenv("TRIO_GATE_AGENT_TOKEN", "a-proxy-token-of-the-agent")
    with gateway() as (at, got):
        assert run("--gateway", f"http://{at}").url == ANSWER["url"]
    assert "x-trio-gate-token" not in got[0][1]


@pytest.mark.usefixtures("keys")
def test_a_key_names_the_account_itself(monkeypatch):
    monkeypatch.setenv("TRIO_GATE_AGENT_TOKEN", "head.claims.signature")
    with gateway() as (at, got):
        told("--gateway", f"http://{at}", "--account", "222222222222")
    assert got[0][0] == "/-/agent/tasks"
    assert "authorization" in got[0][1]


def test_a_signature_is_not_asked_for_without_keys(monkeypatch, capsys):
    monkeypatch.setenv("TRIO_GATE_AGENT_TOKEN", "head.claims.signature")
    with gateway() as (at, got):
        assert run("--gateway", f"http://{at}", "--region", "eu-west-1") == 2
        monkeypatch.delenv("TRIO_GATE_AGENT_TOKEN")
        with pytest.raises(asking.NotAnsweredError, match="nor is its identity token"):
            told("--gateway", f"http://{at}")
    assert (got, "the agent's keys are not set" in capsys.readouterr().err) == ([], True)
