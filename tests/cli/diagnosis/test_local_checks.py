"""What is checked on this machine."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import timedelta

import pytest
import trustme

from tests.kit.configs import BASE, MAIN, load
from tests.kit.records import NOW
from trio_gate.app.state_dir import own_state_dir
from trio_gate.cli.diagnosis import local_checks
from trio_gate.shell.certificates.authority import interception, own
from trio_gate.shell.clock import SystemClock


def configured(folder, gateway=""):
    return replace_state(load(BASE + MAIN + f"gateway {{\n{gateway}\n}}\n"), folder)


def replace_state(config, folder):
    return replace(config, gateway=replace(config.gateway, state_dir=str(folder / "state")))


def said(found):
    return [(one.level, one.what, one.said) for one in found]


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def listening(folder, bind):
    return configured(folder, f'listener "proxy" {{ bind = "{bind}" }}')


def test_a_port_is_free_taken_or_the_running_gateways(tmp_path, taken):
    bind = f"127.0.0.1:{taken}"
    assert said(local_checks.ports(listening(tmp_path, "127.0.0.1:0"))) == [("ok", "proxy 127.0.0.1:0", "it can be opened")]
    config = listening(tmp_path, bind)
    assert said(local_checks.ports(config)) == [
        ("fail", f"proxy {bind}", "another program has this port: stop it, or change `bind`")
    ]
    with own_state_dir(tmp_path / "state"):
        assert said(local_checks.ports(config)) == [("ok", f"proxy {bind}", "it is in use while the gateway runs")]


def test_tokens_in_the_clear_are_noted(tmp_path):
    agent = f'agent "ci" {{\n key_suffix = "CI01"\n secret = "0123456789abcdef"\n proxy_token_sha256 = "{"0" * 64}"\n}}\n'
    config = load(BASE + MAIN + agent + 'gateway { listener "proxy" { bind = "0.0.0.0:8080" } }')
    [(level, what, text)] = said(local_checks.tokens(config))
    assert (level, what) == ("note", "tokens")
    assert "the tokens that agent ci may show to it" in text


def test_the_admin_listener_is_one(tmp_path, taken):
    config = configured(tmp_path, f'listener "proxy" {{ bind = "127.0.0.1:0" }}\nadmin {{ bind = "127.0.0.1:{taken}" }}')
    assert [(one.level, one.what) for one in local_checks.ports(config)][1] == ("fail", f"admin 127.0.0.1:{taken}")


def test_the_metrics_listener_is_one_with_a_certificate(tmp_path, taken):
    text = f'metrics {{ bind = "127.0.0.1:{taken}" tls = true certificate = "none.pem" key = "none.pem" }}'
    config = configured(tmp_path, f'listener "proxy" {{ bind = "127.0.0.1:0" }}\n{text}')
    assert ("fail", f"metrics 127.0.0.1:{taken}") in [(one.level, one.what) for one in local_checks.ports(config)]
    [found] = [one for one in local_checks.certificates(config, NOW) if "none.pem" in one.what]
    assert (found.level, found.said) == ("fail", "it cannot be read: No such file or directory")


@pytest.mark.parametrize(
    ("host", "words"),
    [("203.0.113.1", "this machine has no such address: change `bind`"), ("no name.invalid", "its name has no address here (")],
)
def test_an_address_that_this_machine_has_not(tmp_path, host, words):
    config = listening(tmp_path, "127.0.0.1:1")
    elsewhere = replace(config.gateway.listeners[0].bind, host=host)
    [found] = local_checks.ports(
        replace(config, gateway=replace(config.gateway, listeners=(replace(config.gateway.listeners[0], bind=elsewhere),)))
    )
    assert (found.level, found.said.startswith(words), found.said.endswith(": change `bind`")) == ("fail", True, True)


def test_the_disk_has_space_or_has_not(tmp_path, monkeypatch):
    config = configured(tmp_path, 'record_limit = "1MiB"')
    assert [(one.level, one.what) for one in local_checks.disk(config)] == [("ok", "disk")]
    assert [one.level for one in local_checks.disk(configured(tmp_path, 'record_limit = "1000000GiB"'))] == ["note"]
    monkeypatch.setattr(local_checks, "LEAST_FREE", 1 << 60)
    [found] = local_checks.disk(config)
    assert (found.level, found.said.endswith(": make room, or name another `state_dir`")) == ("fail", True)


def test_a_state_folder_that_cannot_be_used(tmp_path):
    (tmp_path / "state").write_text("")
    assert said(local_checks.disk(configured(tmp_path))) == [
        (
            "fail",
            "state_dir",
            f"this user cannot write to {tmp_path / 'state'}: run this as the gateway's user, or name another folder",
        )
    ]
    (tmp_path / "state").unlink()
    (tmp_path / "state").mkdir(mode=0o755)
    assert next(local_checks.disk(configured(tmp_path))).level == "note"


def test_certificates_are_good_end_soon_or_have_ended(tmp_path):
    config = configured(tmp_path, f'ca_file = "{tmp_path}/roots.pem"')
    roots = tmp_path / "roots.pem"
    assert [one.level for one in local_checks.certificates(config, NOW)] == ["ok", "fail"]
    roots.write_text("no PEM")
    assert "no certificates" in [*local_checks.certificates(config, NOW)][1].said
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(roots))
    now = SystemClock().now()
    interception(tmp_path / "state", ("amazonaws.com",), now=now)
    own(tmp_path / "state", ("localhost",), now=now)
    assert [one.level for one in local_checks.certificates(config, now)] == ["ok", "ok", "ok"]
    assert {one.level for one in local_checks.certificates(config, now + timedelta(days=3640))} == {"note", "ok"}
    assert {one.level for one in local_checks.certificates(config, now + timedelta(days=3651))} == {"fail", "ok"}


def test_the_review_covers_the_botocore_that_it_was_made_for(tmp_path):
    [found] = local_checks.newer(configured(tmp_path))
    assert found.level == "ok"
