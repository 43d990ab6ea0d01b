"""SIGHUP: accounts, base keys, ways to AWS, limits, listeners and certificates change under a running gateway; what may fail changes nothing."""

from __future__ import annotations

import re
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest
import trustme
from botocore.exceptions import ClientError

from scripts.embedded.aws import ACCOUNTS
from tests.kit.approvals.approver import Person
from tests.kit.gateway import START, reload, running
from tests.kit.wire.raw import Raw, request

STAGING = f'"{ACCOUNTS["staging"]}=staging"'


@pytest.fixture
def gate(embedded_aws, tmp_path):
    key = f'access_key_id = "{embedded_aws.base_access_key_id}"\n  secret_access_key = "{embedded_aws.base_secret_access_key}"'
    s3 = f'upstream "s3.us-east-1.amazonaws.com" {{\n  address = "localhost:{embedded_aws.port}"\n  ca_file = "{embedded_aws.ca_file}"\n}}'
    with running(tmp_path, embedded_aws, base=key, first=s3) as gateway:
        yield gateway
    assert "Traceback" not in gateway.log


@pytest.fixture
def free():
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def listener(port: int, more: str = "") -> str:
    return f'  listener "endpoint" {{ bind = "127.0.0.1:{port}" {more} }}\n'


def added(gate, block: str, said: str = "reloaded, generation") -> None:
    reload(gate, "gateway {\n", f"gateway {{\n{block}", said)


def removed(gate, block: str) -> None:
    reload(gate, block, "", "reloaded, generation")


def who(gate, account: str = "staging"):
    return gate.client("sts", account, by="endpoint").get_caller_identity()["Account"]


def test_an_account_comes_and_goes(gate):
    reload(gate, f", {STAGING}", "", "reloaded, generation 2")
    with pytest.raises(ClientError, match="this key may not use account"):
        who(gate)
    reload(gate, '"111111111111=prod"', f'"111111111111=prod", {STAGING}', "reloaded, generation 3")
    assert who(gate) == ACCOUNTS["staging"]


def test_calls_that_wait_for_an_account_that_is_removed_are_not_sent(gate):
    with ThreadPoolExecutor() as pool:
        asks = pool.submit(gate.client("s3", "prod").create_bucket, Bucket="never-made")
        Person(gate).until(lambda _: True)
        reload(gate, f'"111111111111=prod", {STAGING}', STAGING, "reloaded, generation 2")
        [waits] = Person(gate).state().prompts
        assert gate.gate(*gate.approver(waits, "--yes")).returncode == 0
        with pytest.raises(ClientError, match="not executed"):
            asks.result(START)
    assert "never-made" not in [bucket["Name"] for bucket in gate.client("s3").list_buckets()["Buckets"]]


def test_another_role_and_another_base_key_hold_for_the_next_call(gate, embedded_aws):
    assert who(gate) == ACCOUNTS["staging"]
    reload(gate, 'role       = "trio-gate"', 'role       = "nobody"', "reloaded, generation 2")
    with pytest.raises(ClientError):
        who(gate)
    reload(gate, 'role       = "nobody"', 'role       = "trio-gate"', "reloaded, generation 3")
    assert who(gate) == ACCOUNTS["staging"]
    reload(gate, embedded_aws.base_access_key_id, "AKIAANYTHINGATALL000", "reloaded, generation 4")
    with pytest.raises(ClientError):
        who(gate)
    assert "AWS refuses the base key of credential base" in gate.log


def test_another_way_to_aws_is_taken_at_once_in_place_of_open_connections(gate, embedded_aws, free):
    s3 = gate.client("s3", by="endpoint")
    s3.list_buckets()
    reload(gate, f'"localhost:{embedded_aws.port}"', f'"127.0.0.1:{free}"', "reloaded, generation 2")
    with pytest.raises(ClientError, match="refused the connection"):
        s3.list_buckets()


def test_listeners_come_and_go_and_their_connections_stay(gate, free):
    added(gate, listener(free))
    with Raw(f"127.0.0.1:{free}") as kept:
        asked = request(host=f"127.0.0.1:{free}")
        assert kept.send(asked).answer().status == 200
        removed(gate, listener(free))
        with pytest.raises(ConnectionRefusedError):
            Raw(f"127.0.0.1:{free}")
        assert kept.send(asked).answer().status == 200
    assert who(gate) == ACCOUNTS["staging"]


def test_a_listener_changes_over_its_own_socket(gate, free):
    added(gate, listener(free))
    reload(gate, listener(free), listener(free, 'names = ["gate.example"]'), "reloaded, generation 3")
    with Raw(f"127.0.0.1:{free}") as raw:
        assert raw.send(request(host=f"gate.example:{free}")).answer().status == 200


def dials(gate):
    """How many connections to AWS were made."""
    with urlopen(f"http://{gate.doors['metrics']}/metrics", timeout=START) as answer:
        [value] = re.findall(r'^trio_gate_upstream_dials_total\{result="ok"\} (\S+)$', answer.read().decode(), re.MULTILINE)
    return float(value)


def test_what_is_not_the_way_to_aws_leaves_its_connections(embedded_aws, tmp_path, free):
    with running(tmp_path, embedded_aws, knobs='metrics { bind = "127.0.0.1:0" }') as gate:
        assert who(gate) == ACCOUNTS["staging"]
        before = dials(gate)
        added(gate, listener(free) + '  answer_timeout = "10s"\n  max_connections = 100\n')
        reload(
            gate, 'person "alice', 'upstream "hooks.example" { address = "127.0.0.1:1" }\nperson "alice', "reloaded, generation 3"
        )
        assert (who(gate), dials(gate)) == (ACCOUNTS["staging"], before)


def test_roots_of_the_same_name_are_read_again_in_place_of_open_connections(embedded_aws, tmp_path):
    roots, good = tmp_path / "roots.pem", Path(embedded_aws.ca_file).read_text()
    roots.write_text(good)
    sts = f'upstream "sts.us-east-1.amazonaws.com" {{\n  address = "localhost:{embedded_aws.port}"\n  ca_file = "./roots.pem"\n}}'
    with running(tmp_path, embedded_aws, first=sts) as gate:
        assert who(gate) == ACCOUNTS["staging"]
        trustme.CA().cert_pem.write_to_path(str(roots))
        added(gate, "")
        with pytest.raises(ClientError):
            who(gate)
        roots.write_text(good)
        added(gate, "")
        assert who(gate) == ACCOUNTS["staging"]


def test_an_address_that_is_taken_changes_nothing(gate, free):
    with socket.create_server(("127.0.0.1", free)):
        added(
            gate,
            listener(free) + "  max_pending = 1\n",
            f"not reloaded: cannot listen on 127.0.0.1 port {free}: Address already in use",
        )
    assert who(gate) == ACCOUNTS["staging"]
    assert gate.records()[-1]["generation"] == 1


def test_limits_hold_for_the_next_call(gate):
    added(gate, '  held_limit = "1KiB"\n')
    with pytest.raises(ClientError, match="the body is too large"):
        gate.client("dynamodb", by="endpoint").put_item(TableName="t", Item={"id": {"S": "x" * 2000}})
    added(gate, "  max_connections = 1\n")
    with Raw(gate.doors["endpoint"]) as first:
        assert first.send(request(host=gate.doors["endpoint"])).answer().status == 200
        with Raw(gate.doors["endpoint"]) as second:  # takes the only seat
            assert second.send(request(host=gate.doors["endpoint"])).answer().status == 200
            assert first.closed()
    added(gate, "  log_requests = true\n")
    assert who(gate) == ACCOUNTS["staging"]
    assert gate.records()[-1]["action"] == "GetCallerIdentity"
    assert "request sts:GetCallerIdentity of ci at 127.0.0.1" in gate.log


def test_what_a_new_configuration_needs_is_imported_before_a_call_needs_it(tmp_path, embedded_aws, monkeypatch):
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")  # Python writes the name of each module that it imports
    literal = 'access_key_id = "AKIAEXAMPLEEXAMPLE00"\n  secret_access_key = "base"'
    with running(tmp_path, embedded_aws, base=literal) as gateway:
        assert "botocore.session" not in gateway.log
        reload(gateway, literal, "", "reloaded, generation 2")
        assert "botocore.session" in gateway.log


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('state_dir = "./state', 'state_dir = "./other', "a change of gateway.state_dir takes a restart"),
        (
            "admin               { bind",
            'admin { names = ["x.example"]  bind',
            "a change of gateway.admin.names (x.example) takes a restart",
        ),
        (
            'bind = "127.0.0.1:0"  }',
            'bind = "127.0.0.1:0" tls = true names = ["x.example"] }',
            "a change of gateway.endpoint.names",
        ),
    ],
)
def test_what_takes_a_restart_is_named(gate, old, new, said):
    reload(gate, old, new, f"not reloaded: {said}")
    assert who(gate) == ACCOUNTS["staging"]


def written(ca: trustme.CA, folder) -> None:
    made = ca.issue_cert("localhost")
    (folder / "gate.pem").write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
    made.private_key_pem.write_to_path(str(folder / "gate.key"))


def test_certificates_are_read_again(gate, free, tmp_path):
    old, new = trustme.CA(), trustme.CA()
    written(old, tmp_path)
    old.cert_pem.write_to_path(str(tmp_path / "old.pem"))
    new.cert_pem.write_to_path(str(tmp_path / "new.pem"))
    files = f'certificate = "{tmp_path}/gate.pem"  key = "{tmp_path}/gate.key"'
    added(gate, listener(free, files.replace("  ", "\n    ")).replace("{ bind", "{\n    bind").replace(" }\n", "\n  }\n"))
    with Raw(f"127.0.0.1:{free}") as raw:
        raw.tls(str(tmp_path / "old.pem"), "localhost")
    (tmp_path / "gate.pem").write_text("half a certi")
    reload(gate, "gateway {\n", "gateway {\n", "are not a PEM certificate with its unencrypted key")
    assert "not reloaded" in gate.log
    with Raw(f"127.0.0.1:{free}") as raw:
        raw.tls(str(tmp_path / "old.pem"), "localhost")
    written(new, tmp_path)
    reload(gate, "gateway {\n", "gateway {\n", "reloaded, generation 3")
    deadline = time.monotonic() + START
    while not trusted(free, tmp_path / "new.pem"):  # files are looked at once a second
        assert time.monotonic() < deadline


def trusted(port: int, ca_file) -> bool:
    with Raw(f"127.0.0.1:{port}") as raw, suppress(ssl.SSLCertVerificationError):
        raw.tls(str(ca_file), "localhost")
        return True
    return False
