"""What loads, and what it means."""

from __future__ import annotations

import pytest

from tests.kit.configs import BASE, HASH, MAIN, OTHER_HASH, PEOPLE, load
from trio_gate.config.model import RIGHTS, Address
from trio_gate.config.source import ConfigFaults

AGENT = 'agent "ci" { key_suffix = "CI01" secret = "0123456789abcdef" }\n'
PROXY = 'listener "proxy" { bind = "127.0.0.1:8080" }\n'


def gateway(body: str):
    return load("gateway {\n" + PROXY + body + "\n}\n").gateway


def rule(body: str):
    return load(BASE + MAIN + PEOPLE + 'rule "x" {\n' + body + "\n}\n").rules[0]


def test_an_empty_file_gives_defaults_and_says_so():
    config = load("")
    assert config.gateway.state_dir == "/etc/gate/state"
    assert [(door.kind, door.bind.port, door.tls) for door in config.gateway.listeners] == [
        ("proxy", 8080, False),
        ("endpoint", 8081, False),
    ]
    assert config.gateway.admin is not None
    assert config.gateway.admin.bind == Address(host="127.0.0.1", port=9443)
    assert (config.endpoints, config.agents, config.people, config.approvers, config.upstreams, config.rules) == ((),) * 6
    assert config.notes == (
        "no listener is declared: listening on 127.0.0.1:8080 (proxy), 127.0.0.1:8081 (endpoint), 127.0.0.1:9443 (admin)",
        "no endpoint is declared: no account can be reached",
        "no rule is declared: every call is denied",
    )


def test_a_gateway_without_an_admin_block_has_none():
    assert gateway("").admin is None


def test_limits_and_their_defaults():
    plain = gateway("")
    assert (plain.record_limit, plain.decision_log_limit) == (16 << 30, 1 << 30)
    assert (plain.held_limit, plain.held_total, plain.spool_limit) == (70 << 20, 512 << 20, 8 << 30)
    assert (plain.max_connections, plain.head_timeout, plain.idle_timeout) == (1000, 10.0, 60.0)
    assert (plain.max_pending, plain.max_pending_per_agent, plain.deny_cooldown) == (1000, 100, 60.0)
    assert (plain.max_sessions, plain.max_sessions_per_agent, plain.max_grants) == (10_000, 1000, 1000)
    assert (plain.grant_ttl, plain.grant_time, plain.grant_uses) == (1800.0, 28_800.0, 100)
    assert (plain.connect_timeout, plain.answer_timeout, plain.ca_file, plain.decision_log) == (10.0, 900.0, None, None)


@pytest.mark.parametrize(
    ("written", "bytes_"),
    [('"1024B"', 1024), ('"64KiB"', 64 << 10), ('"8MiB"', 8 << 20), ('"0001KiB"', 1024), ("4096", 4096)],
)
def test_sizes(written: str, bytes_: int):
    assert gateway(f"held_limit = {written}").held_limit == bytes_


@pytest.mark.parametrize(("written", "seconds"), [("30s", 30.0), ("10m", 600.0), ("12h", 43_200.0)])
def test_durations(written: str, seconds: float):
    assert gateway(f'idle_timeout = "{written}"').idle_timeout == seconds


def test_every_other_knob_of_the_gateway_is_read():
    found = gateway(
        'record_limit = "2MiB"\ndecision_log_limit = "1KiB"\nheld_total = "1GiB"\nspool_limit = "1MiB"\nmax_connections = 5\nhead_timeout = "1s"\nconnect_timeout = "2s"\nanswer_timeout = "3s"'
    )
    assert (found.record_limit, found.decision_log_limit) == (2 << 20, 1 << 10)
    assert (found.held_total, found.spool_limit, found.max_connections) == (1 << 30, 1 << 20, 5)
    assert (found.max_connections_per_agent, found.body_rate) == (2, 1024)
    assert gateway("max_connections = 1").max_connections_per_agent == 1
    assert (found.drain_timeout, gateway('drain_timeout = "1m"').drain_timeout) == (10.0, 60.0)
    more = gateway('max_connections_per_agent = 7\nbody_rate = "1B"')
    assert (more.max_connections_per_agent, more.body_rate) == (7, 1)
    assert (found.head_timeout, found.connect_timeout, found.answer_timeout) == (1.0, 2.0, 3.0)
    found = gateway('max_pending = 7\nmax_pending_per_agent = 2\ngrant_ttl = "5s"\ngrant_time = "2m"\ngrant_uses = 3')
    assert (found.max_pending, found.max_pending_per_agent) == (7, 2)
    more = gateway("max_sessions = 5\nmax_sessions_per_agent = 4\nmax_grants = 3")
    assert (more.max_sessions, more.max_sessions_per_agent, more.max_grants) == (5, 4, 3)
    assert (found.grant_ttl, found.grant_time, found.grant_uses) == (5.0, 120.0, 3)
    assert gateway('deny_cooldown = "0s"').deny_cooldown == 0.0


@pytest.mark.parametrize(
    ("written", "path"),
    [("./state", "/etc/gate/state"), ("../x", "/etc/x"), ("/var/lib/gate", "/var/lib/gate"), ("a//b/", "/etc/gate/a/b")],
)
def test_relative_paths_start_at_the_files_folder(written: str, path: str):
    found = gateway(f'state_dir = "{written}"\nca_file = "{written}"\ndecision_log = "{written}"')
    assert (found.state_dir, found.ca_file, found.decision_log) == (path, path, path)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("127.0.0.1:0", Address(host="127.0.0.1", port=0)),
        ("[::1]:8080", Address(host="::1", port=8080)),
        ("localhost:8080", Address(host="localhost", port=8080)),
        ("127.9.8.7:1", Address(host="127.9.8.7", port=1)),
    ],
)
def test_loopback_addresses(written: str, address: Address):
    listeners = load(f'gateway {{ listener "tls" {{ bind = "{written}" }} }}').gateway.listeners
    assert [(door.bind, door.tls) for door in listeners] == [(address, True)]


@pytest.mark.parametrize(
    "bind", ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "gate.example:1", "[::ffff:127.0.0.1]:1", "localhost.example:1"]
)
def test_off_loopback_needs_an_agent(bind: str):
    text = f'gateway {{ listener "proxy" {{ bind = "{bind}" }} }}\n'
    with pytest.raises(ConfigFaults, match="off loopback"):
        load(text)
    assert load(text + AGENT).gateway.listeners[0].bind.port == 1


@pytest.mark.parametrize("tls", ["tls = true", 'certificate = "c.pem" key = "k.pem"'])
def test_an_endpoint_listener_off_loopback_with_tls(tls: str):
    [door] = load(
        f'gateway {{ listener "endpoint" {{ bind = "0.0.0.0:1" names = ["Gate.Example"] {tls} }} }}\n' + AGENT
    ).gateway.listeners
    assert (door.tls, door.names) == (True, ("gate.example",))
    assert (door.certificate, door.key) == ((None, None) if tls == "tls = true" else ("/etc/gate/c.pem", "/etc/gate/k.pem"))


def test_an_admin_block_may_stand_off_loopback():
    admin = gateway('admin { bind = "0.0.0.0:9443" names = ["gate.example"] certificate = "c" key = "k" }').admin
    assert admin is not None
    assert (admin.bind.host, admin.names, admin.certificate, admin.key) == (
        "0.0.0.0",
        ("gate.example",),
        "/etc/gate/c",
        "/etc/gate/k",
    )


def test_two_listeners_may_let_the_system_choose_their_ports():
    doors = load(
        'gateway {\n listener "tls" { bind = "127.0.0.1:0" }\n listener "proxy" { bind = "127.0.0.1:0" }\n}'
    ).gateway.listeners
    assert [door.kind for door in doors] == ["tls", "proxy"]


def test_credentials_by_parts_by_profile_and_by_account():
    config = load(
        'credential "aws_account" "a" {\n access_key_id = env("KEY")\n secret_access_key = file("secret.txt")\n session_token = "tok"\n'
        ' accounts = ["111111111111"]\n}\n'
        'credential "aws_account" "b" { profile = "hub" }\n'
        + MAIN.replace("credential = aws_account.base", "credentials = [aws_account.a, aws_account.b]")
    )
    first, second = config.endpoints[0].credentials
    assert (first.access_key_id, first.secret_access_key, first.session_token) == (
        "AKIAEXAMPLEEXAMPLE",
        "a-secret-from-a-file",
        "tok",
    )
    assert (first.accounts, second.profile, second.accounts) == (("111111111111",), "hub", ())


def test_an_endpoint():
    [endpoint] = load(BASE + MAIN.replace("role", 'external_id = "x/1"\n hosts = ["S3.*.Amazonaws.com"]\n role')).endpoints
    assert (endpoint.name, endpoint.assume.role, endpoint.assume.external_id, endpoint.hosts) == (
        "main",
        "gate",
        "x/1",
        ("s3.*.amazonaws.com",),
    )
    assert list(endpoint.accounts.items()) == [("111111111111", "prod"), ("222222222222", None)]


def test_an_endpoint_knows_its_buckets():
    [endpoint] = load(BASE + MAIN.replace("role", 'owned_buckets = ["team-data", "logs.example"]\n role')).endpoints
    assert (endpoint.owned_buckets, endpoint.expected_bucket_owner) == (("team-data", "logs.example"), False)
    checked = 'expected_bucket_owner = true\n owned_buckets = ["team-*", "data"]\n role'
    [endpoint] = load(BASE + MAIN.replace("role", checked)).endpoints
    assert (endpoint.owned_buckets, endpoint.expected_bucket_owner) == (("data",), True)
    [endpoint] = load(BASE + MAIN).endpoints
    assert (endpoint.owned_buckets, endpoint.expected_bucket_owner) == ((), False)


def test_accounts_have_colors_by_label_or_id():
    colored = 'colors = { prod = "red", "222222222222" = "green" }\n role'
    [endpoint] = load(BASE + MAIN.replace("role", colored)).endpoints
    assert endpoint.colors == {"111111111111": "red", "222222222222": "green"}
    assert load(BASE + MAIN).endpoints[0].colors == {}


def test_an_endpoints_hosts_are_all_by_default():
    assert load(BASE + MAIN).endpoints[0].hosts == ("*",)


def test_an_agent_with_accounts():
    [agent] = load(BASE + MAIN + AGENT.replace(" }", ' accounts = ["222222222222"] }')).agents
    assert (agent.name, agent.key_suffix, agent.secrets, agent.accounts) == (
        "ci",
        "CI01",
        ("0123456789abcdef",),
        ("222222222222",),
    )


def test_a_suffix_may_have_sixteen_characters():
    assert load(AGENT.replace("CI01", "A234567890123456")).agents[0].key_suffix == "A234567890123456"


def test_people_and_approvers():
    config = load(PEOPLE + 'approver "bot" "lint" { people = [person.robot, person.alice] quorum = 2 timeout = "30s" }')
    assert [(person.name, person.kind, person.token_sha256) for person in config.people] == [
        ("alice", "human", HASH),
        ("robot", "bot", OTHER_HASH),
    ]
    oncall, lint = config.approvers
    assert (oncall.id, oncall.people, oncall.quorum, oncall.timeout) == ("human.oncall", ("alice",), 1, 600.0)
    assert (lint.id, lint.people, lint.quorum, lint.timeout) == ("bot.lint", ("robot", "alice"), 2, 30.0)
    assert (oncall.hold, oncall.notify) == (300.0, ())


def test_an_approver_holds():
    assert load(PEOPLE + 'approver "human" "x" { people = [person.alice] hold = "20s" }').approvers[-1].hold == 20.0


@pytest.mark.parametrize("ability", RIGHTS)
def test_a_person_may_do_what_is_said_and_no_more(ability: str):
    [plain] = load(f'person "carol" {{ token_sha256 = "{HASH}" }}').people
    [found] = load(f'person "carol" {{ token_sha256 = "{HASH}" {ability} = true }}').people
    assert [getattr(plain, name) for name in RIGHTS] == [False] * len(RIGHTS)
    assert [name for name in RIGHTS if getattr(found, name)] == [ability]


def test_upstreams():
    [found] = load('upstream "*.S3.amazonaws.com" {\n address = "[::1]:5000"\n ca_file = "roots.pem"\n}').upstreams
    assert (found.hosts, found.address, found.ca_file) == (
        "*.s3.amazonaws.com",
        Address(host="::1", port=5000),
        "/etc/gate/roots.pem",
    )


@pytest.mark.parametrize(
    "body",
    [
        'match = aws.a action = "approve" approvers = [human.oncall] endpoints = [aws_api.main]',
        'condition = aws.a verdict = "approve" approve = human.oncall endpoint = aws_api.main',
        'action = "approve"\n endpoints = aws_api.main, approvers = human.oncall\n match = aws.a'.replace(",", "\n"),
    ],
)
def test_the_words_of_a_rule_and_their_synonyms(body: str):
    found = rule(body)
    assert (found.condition, found.action, found.approvers, found.endpoints) == ("aws.a", "approve", ("human.oncall",), ("main",))


def test_a_rules_other_attributes_and_their_defaults():
    plain = rule('action = "allow"')
    assert (plain.condition, plain.reason, plain.vends, plain.approvers, plain.endpoints) == (None, None, False, (), ())
    assert plain.presign is False
    found = rule('action = "allow"\nreason = "because"\nvends = true\npresign = true')
    assert (found.reason, found.vends, found.presign) == ("because", True, True)


def test_where_a_rule_stands():
    assert load('\n\nrule "x" { action = "deny" }').rules[0].where == "gate.hcl:3"


def test_rules_come_by_priority_and_then_in_the_files_order():
    priorities = {"a": None, "b": 5, "c": -1, "d": 5, "e": 0}
    text = "".join(
        f'rule "{name}" {{ match = a action = "deny" {"" if p is None else f"priority = {p}"} }}\n'
        for name, p in priorities.items()
    )
    assert [found.name for found in load(text).rules] == ["b", "d", "a", "e", "c"]


def test_a_quorum_of_two_groups():
    text = PEOPLE + 'approver "human" "lead" { people = [person.alice] }\n'
    found = load(text + 'rule "x" { action = "approve" approvers = [human.oncall, human.lead] }').rules[0]
    assert found.approvers == ("human.oncall", "human.lead")


def test_a_byte_order_mark_and_crlf_are_fine():
    assert load('\ufeffrule "x" {\r\n  action = "deny"\r\n}\r\n').rules[0].where == "gate.hcl:1"


def test_labels_may_go_without_quotes():
    assert load('rule x { action = "deny" }').rules[0].name == "x"
