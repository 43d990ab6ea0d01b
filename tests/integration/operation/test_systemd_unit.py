"""The units in scripts/systemd, under a real systemd that is process 1 of namespaces of its own."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from scripts.embedded.aws import REGION, ROLE
from tests.kit.gateway import AGENT, SECRET, START, TRIO_GATE
from tests.kit.paths import ROOT
from tests.kit.standins.scripted import held_back
from tests.kit.systemd.machine import CONFIG, KEPT, UNITS, booted
from tests.kit.wire.raw import DYNAMODB, Raw, request
from tests.kit.wire.steady_load import SteadyLoad

MOST_EXPOSED = 15
"""In tenths, as systemd-analyze takes it."""

RUNNING = 20
ENOUGH = 200
"""Connections before a restart, and after it."""

OWN_USERS = range(61184, 65520)
"""The numbers that systemd gives to users of `DynamicUser=`, for as long as the unit runs."""

NOTIFY_RELOAD = 253
"""The first systemd that has `Type=notify-reload`."""

CREDENTIALS = ("base_access_key_id", "base_secret_access_key")

GATEWAY = """\
gateway {
  state_dir = "/var/lib/trio-gate"
  listener "endpoint" { bind = "127.0.0.1:%(port)d" }
}
credential "aws_account" "base" {
  access_key_id     = systemd_credential("base_access_key_id")
  secret_access_key = systemd_credential("base_secret_access_key")
}
endpoint "aws_api" "main" {
  role       = "%(role)s"
  region     = "%(region)s"
  credential = aws_account.base
  accounts   = ["222222222222"]
}
%(upstreams)s
rule "describing" { match = aws.action == "ListTables"  action = "allow" }
rule "the rest"   { action = "deny" }
"""


def test_the_unit_exposes_little():
    if shutil.which("systemd-analyze") is None:
        pytest.skip("NO SYSTEMD: its unit is not looked at. apt-get install systemd")  # reason: only systemd rates a unit
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager"]
    done = subprocess.run([*command, str(UNITS / "trio-gate.service")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def systemd(tmp_path_factory):
    with booted(tmp_path_factory.mktemp("systemd")) as machine:
        yield machine


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    """DynamoDB, which answers when `may` is set, and counts the calls that have come."""
    with held_back(tmp_path_factory.mktemp("aws"), DYNAMODB) as server:
        yield server


@pytest.fixture
def machine(systemd, embedded_aws, aws):
    """A systemd with a configured gateway that is not started yet, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        systemd.port = free.getsockname()[1]
    with open(aws.ca_file) as file:
        systemd.write("/run/scripted.pem", file.read())
    with open(embedded_aws.ca_file) as file:
        systemd.write("/run/embedded.pem", file.read())
    for name in CREDENTIALS:
        systemd.write(f"/run/{name}", getattr(embedded_aws, name), mode="600")
    ways = [(DYNAMODB, aws.port, "/run/scripted.pem"), ("*.amazonaws.com", embedded_aws.port, "/run/embedded.pem")]
    upstreams = "".join(
        f'upstream "{host}" {{\n  address = "127.0.0.1:{port}"\n  ca_file = "{file}"\n}}\n' for host, port, file in ways
    )
    given = {"port": systemd.port, "role": ROLE, "region": REGION, "upstreams": upstreams}
    systemd.text = GATEWAY % given + AGENT
    systemd.write(CONFIG, systemd.text)
    systemd.run("systemctl", "daemon-reload")
    yield systemd
    systemd.systemctl("stop", "trio-gate.socket", "trio-gate.service", check=False)
    systemd.systemctl("reset-failed", check=False)


def asked(machine) -> Raw:
    """A connection on which a call was sent that AWS does not answer yet."""
    target = {"X_Amz_Target": "DynamoDB_20120810.ListTables", "Content_Type": "application/x-amz-json-1.0"}
    address = f"127.0.0.1:{machine.port}"
    return Raw(address).send(request("dynamodb", address, body=b"{}", **target))


def test_it_starts_reloads_comes_back_and_stops(machine):
    machine.systemctl("start", "trio-gate")
    assert "trio-gate: ready" in machine.log()
    machine.systemctl("reload", "trio-gate")
    assert "reloaded, generation 2" in machine.log()
    fields = machine.run("journalctl", "-u", "trio-gate", "-o", "json", "LOGGER=trio_gate.app.reload", "PRIORITY=6").stdout
    assert json.loads(fields.splitlines()[-1])["MESSAGE"] == "trio-gate: reloaded, generation 2"
    assert machine.shown("StatusText") == "generation 2; calls that wait for people: 0"

    machine.write(CONFIG, machine.text.replace('action = "deny"', 'action = "permit"'))
    assert machine.systemctl("reload", "trio-gate", check=False).returncode == 1
    assert "not reloaded: the configuration has faults" in machine.log()
    assert machine.is_active()
    assert "; not reloaded: the configuration has faults" in machine.shown("StatusText")
    machine.write(CONFIG, machine.text)

    first = machine.shown("MainPID")
    machine.systemctl("kill", "--signal=KILL", "--kill-who=main", "trio-gate")
    machine.until(lambda: machine.shown("MainPID") not in ("0", first))
    machine.until(machine.is_active)

    machine.systemctl("stop", "trio-gate")
    assert machine.shown("Result") == "success"
    assert "trio-gate: stopped" in machine.log()
    assert machine.run("stat", "-L", "-c", "%a", "/var/lib/trio-gate").stdout == "700\n"


def test_its_user_is_of_its_own_and_reads_the_base_key_as_credentials_alone(machine, aws):
    machine.systemctl("start", "trio-gate")
    process = machine.shown("MainPID")
    user, group = machine.run("stat", "-c", "%u %g", f"/proc/{process}").stdout.split()
    assert int(user) in OWN_USERS
    inside = ["nsenter", "-t", process, "-m", "-S", user, "-G", group]
    for name in CREDENTIALS:
        assert machine.run(*inside, "cat", f"/run/{name}", check=False).stderr.endswith("Permission denied\n")
        machine.run(*inside, "test", "-r", f"/run/credentials/trio-gate.service/{name}")
    aws.may.set()
    with asked(machine) as call:
        assert call.answer().status == 200, "STS took the base key"


def test_a_verb_outside_the_unit_is_given_the_credentials_by_systemd_run(machine):
    if machine.systemctl("start", "dbus", check=False).returncode:
        pytest.skip(
            "NO D-BUS: apt-get install dbus"
        )  # reason: `systemd-run --pipe` asks systemd by it, and nothing else runs a program as the unit
    loaded = [word for name in CREDENTIALS for word in ("-p", f"LoadCredential={name}:/run/{name}")]
    command = ["systemd-run", "-P", "-q", "-p", f"WorkingDirectory={ROOT}"]
    machine.run(*command, *loaded, *TRIO_GATE, "check", CONFIG)
    without = machine.run(*command, *TRIO_GATE, "check", CONFIG, check=False)
    assert without.returncode == 1
    assert 'systemd_credential("base_access_key_id")' in without.stderr


ODD_SECRET = 'an-agents-"own"$HOME`x`\\\\n\'%h#;secret'
"""With all that a shell, systemd or HCL could take for more than itself."""

AGENT_UNIT = f"""\
[Service]
Type=oneshot
DynamicUser=yes
EnvironmentFile=/run/agent.env
BindReadOnlyPaths={" ".join(KEPT)}
ExecStart={sys.executable} -c "import boto3; boto3.client('dynamodb').list_tables()"
"""


def test_an_agents_secret_is_a_credential_of_the_gateway_and_an_environment_file_of_the_agents_unit(machine, aws):
    machine.write("/run/agent-ci", ODD_SECRET, mode="600")
    machine.write("/run/systemd/system/trio-gate.service.d/its-agents.conf", "[Service]\nLoadCredential=agent-ci:/run/agent-ci\n")
    machine.write(CONFIG, machine.text.replace(f'"{SECRET}"', 'systemd_credential("agent-ci")'))
    machine.write("/run/systemd/system/agent.service", AGENT_UNIT)
    wired = [*TRIO_GATE, "env", "ci", "--config", CONFIG, "--secret-file", "/run/agent-ci", "--format", "systemd"]
    machine.write("/run/agent.env", machine.run(*wired, cwd=ROOT).stdout, mode="600")
    machine.systemctl("daemon-reload")
    machine.systemctl("start", "trio-gate")
    aws.may.set()
    before = len(aws.heads)
    done = machine.systemctl("start", "agent", check=False)
    assert done.returncode == 0, machine.run("journalctl", "-u", "agent", "--no-pager", "-o", "cat").stdout
    assert len(aws.heads) == before + 1
    process = machine.shown("MainPID")
    user, group = machine.run("stat", "-c", "%u %g", f"/proc/{process}").stdout.split()
    inside = ["nsenter", "-t", process, "-m", "-S", user, "-G", group]
    assert machine.run(*inside, "cat", "/run/agent-ci", check=False).stderr.endswith("Permission denied\n")
    machine.run("rm", "/run/systemd/system/trio-gate.service.d/its-agents.conf")


def test_with_the_drop_in_systemd_itself_reloads_and_waits(machine):
    if (version := int(machine.systemctl("--version").stdout.split()[1])) < NOTIFY_RELOAD:
        pytest.skip(
            f"SYSTEMD {version}: notify-reload takes {NOTIFY_RELOAD}"
        )  # reason: Debian 12 has 252, whose units take `ExecReload`, which the other tests run
    folder = "/run/systemd/system/trio-gate.service.d"
    machine.write(f"{folder}/notify-reload.conf", (UNITS / "trio-gate.service.d" / "notify-reload.conf").read_text())
    machine.systemctl("daemon-reload")
    machine.systemctl("start", "trio-gate")
    assert (machine.shown("Type"), machine.shown("ExecReload")) == ("notify-reload", "")
    machine.systemctl("reload", "trio-gate")
    assert "reloaded, generation 2" in machine.log()
    assert machine.shown("StatusText") == "generation 2; calls that wait for people: 0"

    machine.write(CONFIG, machine.text.replace('action = "deny"', 'action = "permit"'))
    machine.systemctl("reload", "trio-gate")
    assert "generation 2; calls that wait for people: 0; not reloaded: the configuration has faults" in machine.shown(
        "StatusText"
    )
    assert machine.is_active()
    machine.run("rm", f"{folder}/notify-reload.conf")


@pytest.mark.long("a watchdog and a restart under systemd")
def test_one_that_is_frozen_is_ended_and_started_again(machine):
    machine.systemctl("start", "trio-gate")
    began = machine.shown("WatchdogTimestampMonotonic")
    machine.until(lambda: machine.shown("WatchdogTimestampMonotonic") != began)
    first, restarts = machine.shown("MainPID"), machine.shown("NRestarts")
    machine.systemctl("kill", "--signal=STOP", "--kill-who=main", "trio-gate")
    machine.until(lambda: machine.shown("MainPID") not in ("0", first) and machine.is_active())
    assert int(machine.shown("NRestarts")) == int(restarts) + 1


def test_a_stop_under_load_finishes_what_runs(machine, aws):
    machine.systemctl("start", "trio-gate")
    with ExitStack() as opened, ThreadPoolExecutor() as pool:
        calls = [opened.enter_context(asked(machine)) for _ in range(RUNNING)]
        assert all(aws.came.acquire(timeout=START) for _ in range(RUNNING))
        stopped = pool.submit(machine.systemctl, "stop", "trio-gate")
        machine.until(lambda: machine.shown("ActiveState") == "deactivating")
        aws.may.set()
        assert [call.answer().status for call in calls] == [200] * RUNNING
        stopped.result(START)
    assert (machine.shown("Result"), machine.shown("ExecMainStatus")) == ("success", "0"), machine.log()


@pytest.mark.long("a watchdog and a restart under systemd")
def test_a_restart_through_the_passed_socket_refuses_nobody(machine):
    own = f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{machine.port}\n"
    machine.write("/run/systemd/system/trio-gate.socket.d/here.conf", own)
    machine.systemctl("daemon-reload")
    machine.systemctl("start", "trio-gate.socket", "trio-gate.service")
    with SteadyLoad(f"127.0.0.1:{machine.port}").running() as load:
        load.wait_for(ENOUGH)
        first = machine.shown("MainPID")
        machine.systemctl("restart", "trio-gate.service")
        assert machine.shown("MainPID") != first
        load.wait_for(ENOUGH)
    assert set(load.ends) == {"403"}, load.ends
