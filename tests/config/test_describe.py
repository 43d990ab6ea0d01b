"""The description for people."""

from __future__ import annotations

from tests.kit.configs import HASH, MAIN, PEOPLE, load
from trio_gate.config.describe import describe

TEXT = (
    """gateway {
  listener "proxy" { bind = "[::1]:8080" }
  listener "endpoint" {
    bind = "0.0.0.0:8444"
    names = ["gate.example"]
    tls = true
  }
  admin { bind = "127.0.0.1:9443" }
  ca_file = "roots.pem"
  decision_log = "log.jsonl"
}
upstream "sts.amazonaws.com" {
  address = "127.0.0.1:5000"
  ca_file = "test.pem"
}
credential "aws_account" "base" {
  access_key_id = "AKIAEXAMPLEEXAMPLE"
  secret_access_key = "very-secret"
  session_token = "session-secret"
}
credential "aws_account" "spare" {
  profile = "hub"
  accounts = ["222222222222"]
}
agent "ci" { key_suffix = "CI01" secret = "0123456789abcdef" accounts = ["222222222222"] role = "ci" tags = { team = "data" } source_identity = true
certificate_authority = "secret.txt" certificate_name = "ci.example" proxy_token_sha256 = "0000000000000000000000000000000000000000000000000000000000000000" networks = ["10.0.0.0/8", "fd00::/8"] max_connections = 9 max_in_flight = 8 max_pending = 7 rate = 6 burst = 12 }
"""
    + MAIN.replace("credential = aws_account.base", "credentials = [aws_account.base, aws_account.spare]")
    + PEOPLE
    + """rule "reads" {
  match = (aws.a ||
           aws.b)
  action = "allow"
  vends = true
  presign = true
  narrow = true
  narrow_also = ["kms:Decrypt"]
}
rule "rest" { action = "approve" approvers = human.oncall endpoints = aws_api.main approval_tag = true source_identity = false external_id = "ex-secret" duration = "90m"
session_policy = "{\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Action\\":\\"s3:*\\",\\"Resource\\":\\"*\\"}]}" }
"""
)

EXPECTED = """\
state in /etc/gate/state
listener proxy on [::1]:8080
listener endpoint on 0.0.0.0:8444 with TLS as gate.example
admin on 127.0.0.1:9443
upstream roots from /etc/gate/roots.pem
decisions logged to /etc/gate/log.jsonl
endpoint aws_api.main: role gate, region us-east-1, hosts *
  111111111111 prod
  222222222222
  credential aws_account.base: a key in this file, all accounts
  credential aws_account.spare: profile hub, accounts 222222222222
upstream sts.amazonaws.com is dialled at 127.0.0.1:5000, roots from /etc/gate/test.pem
agent ci: keys end in CI01, accounts 222222222222, role ci, tagged team=data, with the agent as source identity, \
from 10.0.0.0/8, fd00::/8, proven by a client certificate too, proven by a proxy token too, at most 9 connections, at most 8 requests under way, at most 7 waiting calls, 6 requests a second, 12 at once
person alice (human)
person robot (bot)
approver human.oncall: 1 of alice, within 10m; agents wait 5m
rules, the first that matches decides:
  1. allow: "reads", vends, presigns, narrowed to the call and kms:Decrypt (gate.hcl:39)
       (aws.a ||
       aws.b)
  2. approve by human.oncall: "rest" at aws_api.main, narrowed by a session policy of 65 characters, for 90m, with an external id, without a source identity, tagged with who approved (gate.hcl:48)
       always
"""


def test_a_description_has_everything_but_secrets():
    shown = describe(load(TEXT))
    assert shown == EXPECTED
    for secret in ("very-secret", "session-secret", "ex-secret", "0123456789abcdef", HASH):
        assert secret not in shown


def test_the_description_of_nothing_says_what_follows_from_it():
    assert describe(load("")).splitlines()[-4:] == [
        "rules: none",
        "note: no listener is declared: listening on 127.0.0.1:8080 (proxy), 127.0.0.1:8081 (endpoint), 127.0.0.1:9443 (admin)",
        "note: no endpoint is declared: no account can be reached",
        "note: no rule is declared: every call is denied",
    ]


def test_a_gateway_without_admin_and_a_short_prompt():
    shown = describe(
        load(
            'gateway { listener "tls" { bind = "127.0.0.1:1" } }\n'
            + PEOPLE.replace("[person.alice]", '[person.alice] timeout = "90s"')
        )
    )
    assert "admin" not in shown
    assert "approver human.oncall: 1 of alice, within 90s" in shown


def test_abilities_and_programs_are_described():
    text = PEOPLE + f'person "eve" {{ token_sha256 = "{"c" * 64}" may_grant = true may_stop = true }}\n'
    text += 'approver "human" "x" { people = [person.eve] timeout = "5m" notify = ["/bin/page", "x"] }\n'
    shown = describe(load(text))
    assert "person eve (human), may grant and stop" in shown
    assert "approver human.x: 1 of eve, within 5m; /bin/page is run when nobody is connected" in shown


def test_who_is_told_is_described_without_urls():
    text = (
        PEOPLE
        + """approver "human" "x" {
  people = [person.alice]
  notify "desk" {
    webhook = "https://hooks.example/canary"
    secret  = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    level   = "caution"
  }
  notify "chat" {
    slack = "https://hooks.slack.com/services/canary"
    level = "danger"
  }
  notify "pager" { program = ["/bin/page", "x"] }
  escalate_to    = human.x
  escalate_after = "90s"
}
"""
    )
    shown = describe(load(text))
    assert (
        "; a webhook at hooks.example is notified of cautions and dangers; Slack at hooks.slack.com is notified of dangers"
        "; /bin/page is run; after 90s those of human.x are notified" in shown
    )
    assert "canary" not in shown
    assert "whsec_" not in shown
