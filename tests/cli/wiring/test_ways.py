"""Which listener an agent uses, and how it dials it."""

from __future__ import annotations

import pytest

from tests.cli.wiring.kit import CONFIG, placed
from trio_gate.cli.wiring.reading import NotWiredError, facts
from trio_gate.cli.wiring.ways import choose, dialled, other_hosts

PROXY, ENDPOINT = '  listener "proxy"    { bind = "0.0.0.0:8080" }\n', '  listener "endpoint" { bind = "127.0.0.1:8081" }\n'


@pytest.mark.parametrize(
    ("agent", "without", "wanted", "kind"),
    [
        ("ci", "", None, "endpoint"),
        ("ci", "", "proxy", "proxy"),
        ("ci", ENDPOINT, None, "proxy"),
        ("ci", PROXY, None, "endpoint"),
        ("token", "", None, "proxy"),
        ("job", "", None, "proxy"),
    ],
)
def test_the_way_leaves_other_hosts_alone_unless_a_token_must_be_shown(tmp_path, agent, without, wanted, kind):
    known = facts(placed(tmp_path, CONFIG.replace(without, "")), agent)
    assert choose(known, wanted).kind == kind


@pytest.mark.parametrize(
    ("agent", "without", "wanted", "said"),
    [
        ("token", "", "endpoint", "token shows a token to the proxy: leave --via out, or give --via proxy"),
        ("token", PROXY, None, "the configuration has no listener proxy"),
        ("ci", ENDPOINT, "endpoint", "the configuration has no listener endpoint"),
    ],
)
def test_a_way_that_is_not_there(tmp_path, agent, without, wanted, said):
    known = facts(placed(tmp_path, CONFIG.replace(without, "")), agent)
    with pytest.raises(NotWiredError) as refused:
        choose(known, wanted)
    assert str(refused.value) == said


def test_two_tokens_have_no_variable(tmp_path):
    both = CONFIG.replace("  oidc {", '  proxy_token_sha256 = env("TEST_TOKEN_SHA256")\n  oidc {')
    with pytest.raises(NotWiredError, match="its program must send the second itself"):
        choose(facts(placed(tmp_path, both), "job"), None)


@pytest.mark.parametrize(
    ("bind", "address"),
    [
        ('"0.0.0.0:8444" names = ["gate.example"] tls = true', "gate.example:8444"),
        ('"10.1.2.3:8444" tls = true', "10.1.2.3:8444"),
        ('"[::1]:8081"', "[::1]:8081"),
    ],
)
def test_an_endpoint_is_dialled_where_it_answers(tmp_path, bind, address):
    known = facts(placed(tmp_path, CONFIG.replace('"127.0.0.1:8081"', bind)), "ci")
    assert dialled(choose(known, "endpoint")) == address


def test_a_proxy_on_all_addresses_is_dialled_here(config):
    assert dialled(choose(facts(config, "ci"), "proxy")) == "127.0.0.1:8080"


def test_a_port_of_the_systems_choice_must_be_named(tmp_path):
    known = facts(placed(tmp_path, CONFIG.replace("8081", "0")), "ci")
    with pytest.raises(NotWiredError, match="pass --gateway HOST:PORT"):
        dialled(choose(known, None))


def test_whose_proxy_takes_everything_is_warned(config):
    known = facts(config, "ci")
    proxy, endpoint = choose(known, "proxy"), choose(known, "endpoint")
    assert "--direct HOST" in other_hosts(proxy, [])
    assert other_hosts(proxy, ["model.example"]) is other_hosts(endpoint, []) is None


@pytest.mark.parametrize(
    ("hosts", "kind", "warned"), [('"*"', "proxy", False), ('"*:22"', "endpoint", True), ('"*.example"', "endpoint", True)]
)
def test_a_proxy_is_taken_where_it_lets_all_other_hosts_through(tmp_path, hosts, kind, warned):
    through = CONFIG.replace('"0.0.0.0:8080"', f'"127.0.0.1:8080" passthrough = [{hosts}]')
    known = facts(placed(tmp_path, through), "ci")
    said = other_hosts(choose(known, "proxy"), [])
    assert (choose(known, None).kind, "and those of `passthrough`" in (said or "")) == (kind, warned)


def test_of_several_it_is_the_one_that_is_dialled(tmp_path):
    more = '  listener "proxy" { bind = "0.0.0.0:3128" names = ["gate.example"] tls = true }\n'
    known = facts(placed(tmp_path, CONFIG.replace(PROXY, PROXY + more)), "ci")
    dialled_as = {None: 8080, "gate.example:3128": 3128, "127.0.0.1:8080": 8080, "gate.example:1": 8080}
    assert {gateway: choose(known, "proxy", gateway).bind.port for gateway in dialled_as} == dialled_as
