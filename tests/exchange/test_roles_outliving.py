"""Which roles' credentials are used on when one configuration replaces another."""

from dataclasses import replace

import pytest

from tests.kit.aws.sts import REQUEST
from tests.kit.configs import load
from tests.kit.sessions import SENT
from trio_gate.exchange.roles import outliving
from trio_gate.ports import SessionRequest

TEXT = """gateway {
  state_dir = "/s"
  listener "tls" { bind = "127.0.0.1:0" }
}
credential "aws_account" "base" { profile = "gate" }
credential "aws_account" "spare" {}
endpoint "aws_api" "main" {
  role = "gate"
  region = "us-east-1"
  credential = aws_account.base
  accounts = ["111111111111", "222222222222"]
  through = "arn:aws:iam::999999999999:role/hub"
  organization_role = "arn:aws:iam::888888888888:role/names"
}
agent "ci" {
  key_suffix = "CI01"
  secret = "ci-secret-0123456789"
}
agent "docs" {
  key_suffix = "DOCS"
  secret = "docs-secret-0123456789"
}
upstream "*.amazonaws.com" { address = "127.0.0.1:1" }
rule "one" { action = "deny" }
"""
HUB = replace(REQUEST, account="999999999999", role_arn="arn:aws:iam::999999999999:role/hub")
ROLE = replace(REQUEST, through=HUB)
KINDS = {
    "role": ROLE,
    "hub": HUB,
    "names": replace(REQUEST, account="888888888888", role_arn="arn:aws:iam::888888888888:role/names", session_name="trio-gate"),
    "virtual": SessionRequest(key_id="TGVS1", role_arn=REQUEST.role_arn, sent=SENT, signer=ROLE),
    "elsewhere": SessionRequest(key_id="TGVS2", role_arn="arn:aws:iam::222222222222:role/deploy", sent=SENT, signer=ROLE),
}


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ('"one"', '"two"', set()),
        ('"CI01"', '"CI02"', set()),
        ('agent "docs"', 'agent "other"', set()),
        ('agent "ci"', 'agent "other"', {"role", "hub", "virtual", "elsewhere"}),
        ('"111111111111", ', "", {"role", "virtual", "elsewhere"}),
        (', "222222222222"', "", {"elsewhere"}),
        ("999999999999", "999999999998", {"hub"}),
        ("888888888888", "888888888889", {"names"}),
        ('"gate" }', '"other" }', {"role", "hub", "names"}),
        ("aws_account.base", "aws_account.spare", {"role", "hub", "names"}),
        ("127.0.0.1:1", "127.0.0.1:2", {"role", "hub", "names"}),
        ("upstream", 'upstream "sts.us-east-1.amazonaws.com" { address = "127.0.0.1:2" }\nupstream', {"role", "hub", "names"}),
        ("upstream", 'upstream "s3.us-east-1.amazonaws.com" { address = "127.0.0.1:2" }\nupstream', set()),
    ],
)
def test_what_must_be_the_same(old, new, lost):
    before, after = load(TEXT), load(TEXT.replace(old, new))
    for one, other in ((before, after), (after, before)):
        outlives = outliving(one, other, lambda request: f"sts.{request.region}.amazonaws.com")
        assert {name for name, request in KINDS.items() if not outlives(request)} == lost
