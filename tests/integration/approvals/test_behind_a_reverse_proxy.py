"""The approvals page and its channel behind nginx, configured as docs/approvals.md says."""

from __future__ import annotations

import http.client
import os
import shutil
import ssl

import pytest
import trustme

from scripts.benchmarks.programs import free_port, listens, running
from tests.docs.pages import examples
from tests.kit import gateway
from tests.kit.gateway import TOKEN

NAME = "gate.internal.example"
ADMIN = 'admin               {{ bind = "127.0.0.1:0" }}'
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
AROUND = (
    "daemon off;\nmaster_process off;\npid {0}/pid;\nerror_log {0}/error.log;\nevents {{ }}\nhttp {{\naccess_log off;\n{1}\n}}\n"
)
PATIENCE = 30


@pytest.fixture
def proxied(tmp_path, monkeypatch):
    """A gateway and the address of nginx before it, with the roots that verify nginx."""
    if NGINX is None:
        pytest.skip("NO NGINX: apt-get install nginx-light")  # reason: the proxy is another program
    monkeypatch.setattr(gateway, "HEAD", gateway.HEAD.replace(ADMIN, ADMIN[:-2] + f'names = ["{NAME}", "localhost"] }}}}'))
    with gateway.running(tmp_path, None) as gate:
        ours, authority, port = tmp_path / "nginx", trustme.CA(), free_port()
        ours.mkdir()
        authority.cert_pem.write_to_path(str(ours / "roots.pem"))
        certificate = authority.issue_cert(NAME, "localhost")
        certificate.private_key_and_cert_chain_pem.write_to_path(str(ours / "gate.pem"))
        certificate.private_key_pem.write_to_path(str(ours / "gate.key"))
        shutil.copy(tmp_path / "state" / "ca" / "own.pem", ours)
        [example] = examples("nginx")
        text = example.text.replace("listen 443", f"listen 127.0.0.1:{port}").replace("127.0.0.1:9443", gate.doors["admin"])
        (ours / "nginx.conf").write_text(AROUND.format(ours, text.replace("/etc/nginx/", f"{ours}/")))
        command = [NGINX, "-p", str(ours), "-c", str(ours / "nginx.conf"), "-e", str(ours / "error.log")]
        with running(command, ours / "said", lambda: listens(port), os.sched_getaffinity(0)):
            yield gate, port, str(ours / "roots.pem")


def test_the_page_comes_under_its_name_alone(proxied):
    _, port, roots = proxied
    for host, status in ((f"{NAME}:{port}", 200), (NAME, 200), ("elsewhere.example", 421)):
        connection = http.client.HTTPSConnection(
            "localhost", port, context=ssl.create_default_context(cafile=roots), timeout=PATIENCE
        )
        connection.request("GET", "/", headers={"Host": host})
        answer = connection.getresponse()
        assert (answer.status, b"<html" in answer.read().lower()) == (status, status == 200)
        connection.close()


def test_the_channel_goes_through_it(proxied):
    gate, port, roots = proxied
    done = gate.gate("pending", "--url", f"wss://localhost:{port}", "--ca", roots, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (0, "")
    done = gate.gate("pending", "--url", f"wss://localhost:{port}", "--ca", roots, token=TOKEN[:-1], timeout=PATIENCE)
    assert done.returncode == 1
