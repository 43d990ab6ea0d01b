"""SIGHUP: the listeners of people and of monitoring come, go and move; who is connected at a removed address is told so."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from urllib.request import urlopen

import pytest
import trustme
from prometheus_client.parser import text_string_to_metric_families

from tests.kit import gateway
from tests.kit.approvals.approver import Person
from tests.kit.gateway import START, TOKEN, reload, running
from tests.kit.wire.raw import Raw
from trio_gate.client import ClientError
from trio_gate.shell.admin.channel import REMOVED

ADMIN = 'admin               { bind = "127.0.0.1:0" }'


def escaped(text: str) -> str:
    """For a text that is still to be formatted."""
    return text.replace("{", "{{").replace("}", "}}")


@pytest.fixture
def free():
    """Ports that nothing listens on."""
    with ExitStack() as taken:
        return [taken.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(4)]


@pytest.fixture
def gate(embedded_aws, tmp_path):
    with running(tmp_path, embedded_aws) as made:
        made.doors = dict(made.doors)
        yield made
    assert "Traceback" not in made.log


def admin(port: int, more: str = "") -> str:
    return f'admin {{\n    bind = "127.0.0.1:{port}"\n{more}  }}'


def metrics(port: int) -> str:
    return f'  metrics {{ bind = "127.0.0.1:{port}" }}\n'


def moved(gate, old: str, new: str, port: int) -> None:
    reload(gate, old, new, "reloaded, generation")
    gate.doors["admin"] = f"127.0.0.1:{port}"


def connected(gate, pool: ThreadPoolExecutor):
    """A person who stays connected, once they are."""
    there = threading.Event()
    listens = pool.submit(Person(gate).until, lambda _: there.set() or False)
    assert there.wait(START)
    return listens


def refused(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


def why(listens) -> str:
    """Why a person's connection ended."""
    error = listens.exception(START)
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, ClientError)
    return str(error)


def test_people_at_an_address_that_is_removed_are_told_and_what_waits_goes_on_waiting(gate, free):
    first, second, *_ = free
    moved(gate, ADMIN, admin(first), first)
    with ThreadPoolExecutor() as pool:
        asks = pool.submit(gate.client("sqs", "prod").create_queue, QueueName="made")
        listens = connected(gate, pool)
        with Raw(f"127.0.0.1:{first}") as silent:
            moved(gate, admin(first), admin(second), second)
            assert why(listens) == REMOVED
            assert silent.closed()
        assert refused(first)
        [waiting] = Person(gate).state().prompts
        linked = gate.gate("person", "link", "alice", "--config", str(gate.config)).stdout
        assert linked.startswith(f"https://127.0.0.1:{second}/")
        assert not asks.done()
        assert gate.gate(*gate.approver(waiting, "--yes")).returncode == 0
        asks.result(START)


def own(folder, name: str) -> str:
    """A certificate of the operator's own, as the block has it."""
    ca = trustme.CA()
    made = ca.issue_cert("localhost", "127.0.0.1", name)
    (folder / "people.pem").write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
    made.private_key_pem.write_to_path(str(folder / "people.key"))
    ca.cert_pem.write_to_path(str(folder / "people-ca.pem"))
    return f'    names = ["{name}"]\n    certificate = "{folder}/people.pem"\n    key = "{folder}/people.key"\n'


def asked(gate, ca_file, host: str, *fields: str, method: str = "GET"):
    """What the page's address answers of the session."""
    port = gate.doors["admin"].rpartition(":")[2]
    lines = [f"{method} /v1/session HTTP/1.1", f"host: {host}:{port}", f"origin: https://{host}:{port}", *fields, "", ""]
    with Raw(gate.doors["admin"]) as raw:
        raw.tls(str(ca_file), host)
        return raw.send("\r\n".join(lines).encode()).answer()


def test_other_names_and_another_certificate_leave_people_connected_and_signed_in(gate, free):
    folder, port = gate.folder, free[0]
    moved(gate, ADMIN, admin(port), port)
    entered = asked(
        gate,
        folder / "state" / "ca" / "own.pem",
        "localhost",
        "sec-fetch-site: same-origin",
        f"authorization: Bearer {TOKEN}",
        "content-length: 0",
        method="POST",
    )
    cookie = entered.fields["set-cookie"].partition(";")[0]
    with ThreadPoolExecutor() as pool:
        asks = pool.submit(gate.client("sqs", "prod").create_queue, QueueName="made")
        listens = connected(gate, pool)
        moved(gate, admin(port), admin(port, own(folder, "people.example")), port)
        found = asked(gate, folder / "people-ca.pem", "people.example", f"cookie: {cookie}")
        assert (found.status, found.text) == (200, "alice\n")
        assert not wait([listens], timeout=0).done
        moved(gate, admin(port, own(folder, "people.example")), admin(free[1]), free[1])
        assert why(listens) == REMOVED
        [waiting] = Person(gate).state().prompts
        assert gate.gate(*gate.approver(waiting, "--yes")).returncode == 0
        asks.result(START)


def series(port: int) -> list[tuple[str, str]]:
    """The names and labels of all that the metrics listener says."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=START) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return [(sample.name, str(sorted(sample.labels.items()))) for family in families for sample in family.samples]


def test_the_metrics_listener_comes_moves_and_goes_and_says_each_thing_once(gate, free):
    one, other, *_ = free
    reload(gate, "gateway {\n", f"gateway {{\n{metrics(one)}", "reloaded, generation")
    assert series(one)
    with Raw(f"127.0.0.1:{one}") as silent:
        reload(gate, metrics(one), metrics(other), "reloaded, generation")
        assert silent.closed()
    assert refused(one)
    found = series(other)
    assert len(found) == len(set(found))
    reload(gate, metrics(other), "", "reloaded, generation")
    assert refused(other)


def test_one_that_came_by_a_reload_answers_while_the_gateway_stops(gate, free):
    port = free[0]
    reload(gate, "gateway {\n", f"gateway {{\n{metrics(port)}", "reloaded, generation")
    with ThreadPoolExecutor() as pool:
        asks = pool.submit(gate.client("sqs", "prod").create_queue, QueueName="made")
        Person(gate).until(lambda _: True)
        with Raw(gate.doors["endpoint"]) as agent:
            agent.send(b"POST / HTTP/1.1\r\n")
            gate.process.terminate()
            while "stopping" not in gate.log:
                pass
            with Raw(f"127.0.0.1:{port}") as raw:
                answer = raw.send(f"GET /readyz HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n".encode()).answer()
                assert (answer.status, answer.text) == (503, "not ready\n")
        assert asks.exception(START) is not None


def test_one_that_cannot_be_opened_changes_nothing_for_the_others(gate, free):
    with socket.create_server(("127.0.0.1", free[1])):
        text = gate.config.read_text()
        new = text.replace(ADMIN, admin(free[0])).replace("gateway {\n", f"gateway {{\n{metrics(free[1])}")
        gate.config.write_text(new)
        done = gate.gate("reload", "--state-dir", str(gate.folder / "state"))
        assert done.stderr == f"trio-gate: not reloaded: cannot listen on 127.0.0.1 port {free[1]}: Address already in use\n"
    assert refused(free[0])
    assert Person(gate).state().prompts == {}


def test_an_address_that_the_gateway_itself_has_is_said_to_be_its_own(gate, free):
    moved(gate, ADMIN, admin(free[0]), free[0])
    gate.config.write_text(gate.config.read_text().replace(f'"127.0.0.1:{free[0]}"', f'"localhost:{free[0]}"'))
    done = gate.gate("reload", "--state-dir", str(gate.folder / "state"))
    why = f"Address already in use, by the gateway's own listener at 127.0.0.1:{free[0]}: take another port, or restart"
    assert done.stderr == f"trio-gate: not reloaded: cannot listen on localhost port {free[0]}: {why}\n"
    assert Person(gate).state().prompts == {}


def test_people_and_monitoring_change_places_and_who_is_connected_is_told(gate, free):
    one, other, *_ = free
    moved(gate, ADMIN, f"{admin(one)}\n{metrics(other)}", one)
    with ThreadPoolExecutor() as pool:
        asks = pool.submit(gate.client("sqs", "prod").create_queue, QueueName="made")
        listens = connected(gate, pool)
        with Raw(f"127.0.0.1:{other}") as silent:
            moved(gate, f"{admin(one)}\n{metrics(other)}", f"{admin(other)}\n{metrics(one)}", other)
            assert why(listens) == REMOVED
            assert silent.closed()
        [waiting] = Person(gate).state().prompts
        assert series(one)
        assert gate.gate(*gate.approver(waiting, "--yes")).returncode == 0
        asks.result(START)


def test_a_reload_while_the_gateway_stops_opens_nothing(gate, free):
    with Raw(gate.doors["endpoint"]) as agent:
        agent.send(b"POST / HTTP/1.1\r\n")
        gate.config.write_text(gate.config.read_text().replace("gateway {\n", f"gateway {{\n{metrics(free[0])}"))
        gate.process.terminate()
        while "stopping" not in gate.log:
            pass
        gate.process.send_signal(signal.SIGHUP)
        while "reloaded" not in gate.log:
            assert gate.process.poll() is None
        assert "not reloaded: the gateway is stopping" in gate.log
    assert "listening metrics" not in gate.log


def test_sockets_that_were_passed_serve_a_block_that_changed_and_one_that_is_back(tmp_path, monkeypatch):
    monkeypatch.setenv("LISTEN_FDNAMES", "admin:metrics")
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=16)) for _ in range(2)]
        people, monitoring = (sock.getsockname()[1] for sock in sockets)
        knobs = metrics(monitoring).strip()
        monkeypatch.setattr(gateway, "HEAD", gateway.HEAD.replace(escaped(ADMIN), escaped(admin(people))))
        with running(tmp_path, None, rules="", sockets=sockets, knobs=knobs) as gate:
            gate.doors = dict(gate.doors)
            assert Person(gate).state().prompts == {}
            moved(gate, admin(people), admin(people, own(tmp_path, "people.example")), people)
            assert asked(gate, tmp_path / "people-ca.pem", "people.example").status == 401
            changed = admin(people, own(tmp_path, "people.example"))
            reload(gate, f"  {changed}\n  {knobs}\n", "", "reloaded, generation")
            moved(gate, "gateway {\n", f"gateway {{\n  {admin(people)}\n{metrics(monitoring)}", people)
            assert Person(gate).state().prompts == {}
            assert series(monitoring)
        assert "Traceback" not in gate.log


def test_a_passed_socket_of_port_zero_serves_a_block_that_changed_and_one_that_is_back(tmp_path, monkeypatch):
    monkeypatch.setenv("LISTEN_FDNAMES", "admin:metrics")
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=16)) for _ in range(2)]
        people, monitoring = (sock.getsockname()[1] for sock in sockets)
        with running(tmp_path, None, rules="", sockets=sockets, knobs=metrics(0).strip()) as gate:
            gate.doors = {**gate.doors, "admin": f"127.0.0.1:{people}"}
            changed = admin(0, own(tmp_path, "people.example"))
            reload(gate, ADMIN, changed, "reloaded, generation")
            assert asked(gate, tmp_path / "people-ca.pem", "people.example").status == 401
            text = gate.config.read_text()
            reload(gate, text, text.replace(changed, "").replace(metrics(0).strip(), ""), "reloaded, generation")
            reload(gate, "gateway {\n", f"gateway {{\n  {admin(0)}\n{metrics(0)}", "reloaded, generation")
            assert Person(gate).state().prompts == {}
            assert series(monitoring)
        assert "Traceback" not in gate.log


def test_a_block_of_port_zero_that_changes_keeps_its_port(gate):
    reload(gate, ADMIN, admin(0, own(gate.folder, "people.example")), "reloaded, generation")
    assert asked(gate, gate.folder / "people-ca.pem", "people.example").status == 401


def test_a_block_of_port_zero_that_stays_keeps_its_socket_beside_one_that_changes(gate):
    endpoint = '  listener "endpoint" { bind = "127.0.0.1:0" }\n'
    named = '  listener "endpoint" {\n    bind = "127.0.0.1:0"\n    names = ["gate.example"]\n  }\n'
    reload(gate, "gateway {\n", f"gateway {{\n{endpoint}", "reloaded, generation")
    before = gate.log
    reload(gate, f"gateway {{\n{endpoint}", f"gateway {{\n{named}{endpoint}{endpoint}", "reloaded, generation")
    news = gate.log.removeprefix(before)
    assert "no longer listening" not in news
    assert news.count("listening endpoint") == 2


def test_status_tells_the_listeners_that_there_are(gate, free):
    reload(gate, 'person "alice" {', 'person "alice" {\n  may_monitor = true\n ', "reloaded, generation")
    moved(gate, ADMIN, admin(free[0]), free[0])
    shown = json.loads(gate.gate(*gate.approver("--json", verb="status")).stdout)
    assert [one["address"] for one in shown["listeners"] if one["kind"] == "admin"] == [f"127.0.0.1:{free[0]}"]
    assert re.findall(r"no longer listening admin (\S+)", gate.log)
