"""The text of a first configuration, with a comment for what one changes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio_gate.cli.setup.block_text import agent_block, person_block
from trio_gate.values import value_class

if TYPE_CHECKING:
    from collections.abc import Mapping


@value_class
class First:
    """What a first configuration is about.

    Attributes:
        profile: of the AWS config files, which has the base key; None for the standard chain.
        accounts: labels by id, None without one.
        secret_file: relative path of the agent's secret.
    """

    profile: str | None
    role: str
    region: str
    accounts: Mapping[str, str | None]
    agent: str
    suffix: str
    secret_file: str
    person: str
    token_sha256: str


ADMIN = "127.0.0.1:9443"
"""Where the approvals page is."""

_TEXT = """\
# A first configuration, made by `trio-gate init`. `trio-gate check` prints what it means, `trio-gate doctor` tries it,
# `trio-gate reload` has a running gateway take changes. Relative paths start at this file's folder.

gateway {{
  state_dir = "./state"                              # CAs, databases, spool; readable only by the gateway's user
  listener "proxy"    {{ bind = "127.0.0.1:8080" }}    # HTTPS_PROXY=http://127.0.0.1:8080
  listener "endpoint" {{ bind = "127.0.0.1:8081" }}    # AWS_ENDPOINT_URL=http://127.0.0.1:8081
  admin               {{ bind = "{admin}" }}    # the approvals page, https://{admin}/
  # For agents on other machines: listener "proxy" {{ bind = "0.0.0.0:3128"  names = ["gate.example"]  tls = true }}
}}

# The base key: {where}.
# Its only permission is to assume the role below in each account.
credential "aws_account" "base" {base}

# The accounts that agents may reach, each with a label for rules and prompts.
endpoint "aws_api" "main" {{
  role       = "{role}"
  region     = "{region}"                      # where STS is called
  credential = aws_account.base
  accounts = [
{listed}  ]
}}

# Who calls. `trio-gate agent new` makes another one. `accounts = ["…"]` limits it to some.
{agent}
# Who approves. `trio-gate person new` makes another one.
{block}
approver "human" "oncall" {{
  people  = [person.{person}]
  timeout = "10m"                                    # after that the call is refused
}}

# The first rule that matches decides; if none matches, the call is refused. `trio-gate explain` says what a condition matches.
rule "no secrets" {{
  match  = aws.reads_secret
  action = "deny"
  reason = "ask for a reference instead"
}}

rule "reads" {{
  match  = aws.access in ["read", "list"]
  action = "allow"
}}

rule "the rest" {{
  action    = "approve"
  approvers = [human.oncall]
}}
"""


def config_text(first: First) -> str:
    """The configuration."""
    own = f"the profile {first.profile} of the AWS config files" if first.profile else None
    return _TEXT.format(
        admin=ADMIN,
        where=own or "AWS_* variables, AWS_PROFILE or the machine's role",
        base=f'{{\n  profile = "{first.profile}"\n}}' if first.profile else "{}",
        role=first.role,
        region=first.region,
        listed="".join(f'    "{number}{"=" if label else ""}{label or ""}",\n' for number, label in first.accounts.items()),
        agent=agent_block(first.agent, first.suffix, f'file("{first.secret_file}")', []),
        block=person_block(first.person, first.token_sha256, ("may_grant", "may_observe", "may_stop", "may_monitor")),
        person=first.person,
    )
