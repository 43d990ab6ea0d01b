"""Secrets and tokens come from the configuration, the environment, a file or the job's issuer, and never from an argument."""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme

from tests.cli.wiring.kit import SECRET
from trio_gate.cli.wiring import proofs
from trio_gate.cli.wiring.reading import NotWiredError, facts


def test_the_configurations_secret_is_taken_where_it_can_be_read(config, monkeypatch, tmp_path):
    monkeypatch.setenv("TRIO_GATE_AGENT_SECRET", "of-the-environment")
    assert proofs.secret(facts(config, "ci"), None) == SECRET
    (tmp_path / "secret").write_text("of-the-file\n")
    assert proofs.secret(facts(config, "ci"), str(tmp_path / "secret")) == "of-the-file"
    monkeypatch.delenv("TEST_CI_NEW")
    assert proofs.secret(facts(config, "ci"), None) == "of-the-environment"
    monkeypatch.delenv("TRIO_GATE_AGENT_SECRET")
    with pytest.raises(NotWiredError, match="set TRIO_GATE_AGENT_SECRET, or pass --secret-file FILE"):
        proofs.secret(facts(config, "ci"), None)


def test_a_file_that_cannot_be_read(config, tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff")
    for name, said in (("none", "No such file or directory"), ("binary", "it is not ASCII")):
        with pytest.raises(NotWiredError, match=said):
            proofs.secret(facts(config, "ci"), str(tmp_path / name))


def test_a_token_is_had_for_those_who_need_one(config, monkeypatch):
    assert proofs.token(facts(config, "ci"), None) is None
    with pytest.raises(NotWiredError, match="token needs a proxy token: set TRIO_GATE_AGENT_TOKEN"):
        proofs.token(facts(config, "token"), None)
    monkeypatch.setenv("TRIO_GATE_AGENT_TOKEN", "tok")
    assert proofs.token(facts(config, "token"), None) == proofs.token(facts(config, "job"), None) == "tok"


@pytest.fixture
def github(monkeypatch, tmp_path):
    """An issuer as GitHub Actions has one; what it was asked."""
    asked = []

    class Issuer(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["Authorization"]))
            body = json.dumps(
                {"value": "the.jobs.token"} if self.headers["Authorization"] == "bearer of-the-job" else {}
            ).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "issuer.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "issuer.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("localhost").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv(proofs.GITHUB[0], f"https://localhost:{server.server_port}/token?api-version=2.0")
    monkeypatch.setenv(proofs.GITHUB[1], "of-the-job")
    yield asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_job_of_github_asks_for_its_token(config, github, monkeypatch):
    assert proofs.token(facts(config, "job"), None) == "the.jobs.token"
    assert github == [("/token?api-version=2.0&audience=trio-gate", "bearer of-the-job")]
    monkeypatch.setenv(proofs.GITHUB[1], "of-another")
    with pytest.raises(NotWiredError, match="it needs the permission `id-token: write`"):
        proofs.token(facts(config, "job"), None)


@pytest.mark.parametrize("url", ["http://localhost/token?a=b", "https:///token"])
def test_a_jobs_proof_is_sent_over_tls_alone(config, monkeypatch, url):
    monkeypatch.setenv(proofs.GITHUB[0], url)
    monkeypatch.setenv(proofs.GITHUB[1], "of-the-job")
    with pytest.raises(NotWiredError, match="is no https URL"):
        proofs.token(facts(config, "job"), None)


def test_an_issuer_that_cannot_be_asked(config, monkeypatch):
    monkeypatch.setenv(proofs.GITHUB[0], "https://127.0.0.1:1/token?a=b")
    monkeypatch.setenv(proofs.GITHUB[1], "of-the-job")
    with pytest.raises(NotWiredError, match="cannot be asked for an identity token"):
        proofs.token(facts(config, "job"), None)
