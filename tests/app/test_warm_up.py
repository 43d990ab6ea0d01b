"""What is read and imported after the start: what this configuration's first calls need, and a fault in it ends nothing."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from tests.kit.shortages import no_thread
from trio_gate.app.warm_up import warm_up
from trio_gate.cli.config_file import read
from trio_gate.errors import CertificatesUnavailable

CONFIG = """gateway {{
  state_dir = "./state"
  listener "tls" {{ bind = "127.0.0.1:0" }}
  {admin}
}}
credential "aws_account" "base" {{
  {key}
}}
endpoint "aws_api" "main" {{
  role = "r"
  region = "us-east-1"
  credential = aws_account.base
  accounts = ["111111111111"]
}}
agent "ci" {{
  key_suffix = "CI01"
  secret = "an-agents-secret-0123456789"
}}
rule "all" {{ action = "allow" }}
{people}
"""
LITERAL = 'access_key_id = "AKIAEXAMPLEEXAMPLE00"\n  secret_access_key = "base"'
ADMIN = 'admin { bind = "127.0.0.1:0" }'
PEOPLE = f'person "alice" {{ token_sha256 = "{"0" * 64}" }}'
WATCHED = {"anycrc", "botocore.session", "cbor2", "h11", "importlib.metadata", "pygments", "trio_websocket"}
"""What some gateways need, each of which takes memory."""
SCRIPT = """
import sys, trio
import trio_gate.app.serve
from trio_gate.app.warm_up import warm_up
from trio_gate.cli.config_file import read
class Upstreams:
    def read_roots(self): print("roots")
trio.run(warm_up, read(sys.argv[1]), Upstreams())
print(*sorted(set(sys.argv[2:]) & set(sys.modules)))
"""


def written(folder, *, key="", admin="", people=""):
    file = folder / "gateway.hcl"
    file.write_text(CONFIG.format(key=key, admin=admin, people=people))
    return str(file)


@pytest.mark.parametrize(
    ("changes", "imported"),
    [
        ({"key": LITERAL}, ""),
        ({}, "botocore.session importlib.metadata"),
        ({"key": LITERAL, "admin": ADMIN}, "h11"),
        ({"key": LITERAL, "admin": ADMIN, "people": PEOPLE}, "h11 importlib.metadata pygments trio_websocket"),
    ],
)
def test_what_the_configuration_needs_is_imported_and_nothing_else(tmp_path, changes, imported):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, written(tmp_path, **changes), *WATCHED], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"roots\n{imported}\n"


async def test_roots_that_cannot_be_read_are_told(tmp_path, caplog):
    class Upstreams:
        def read_roots(self):
            raise CertificatesUnavailable("the roots /etc/x cannot be read: gone")

    with caplog.at_level(logging.WARNING):
        await warm_up(read(written(tmp_path, key=LITERAL)), Upstreams())
    assert "no call can be sent: the roots /etc/x cannot be read: gone" in caplog.text


async def test_without_a_thread_nothing_is_read_ahead(tmp_path, caplog):
    with no_thread():
        await warm_up(read(written(tmp_path, key=LITERAL)), None)
    assert "begins slowly: the gateway can start no thread" in caplog.text


def test_without_descriptors_the_gateway_goes_on(tmp_path):
    starved = SCRIPT.replace("import sys", "import resource, sys").replace(
        'print("roots")', "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))"
    )
    done = subprocess.run(
        [sys.executable, "-c", starved, written(tmp_path, key=LITERAL, admin=ADMIN), "h11"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "\n"
    assert "begins slowly: [Errno 24] Too many open files" in done.stderr
