"""An agent that follows the sentences of refusals alone: it reads no header, no code and no status, as a model does.

What a gateway needs for it: rules by the names of buckets, so that each program makes the same calls.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scripts.embedded.aws import ACCOUNTS
from tests.kit.approvals.approver import Person
from tests.kit.gateway import SECRET, sha256
from trio_gate.approval.channel.frames import Lift, Stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.kit.gateway import Gateway

TOKEN = "tg_carol-0123456789abcdef0123456789abcdef"
MOST = 4
"""Runs of one command before the agent goes round in circles."""

BRIEF = 6
"""Seconds that people have for a question of the rule "brief"."""

AGENT = f'agent "ci" {{\n  key_suffix = "CI01"\n  secret = "{SECRET}"\n  accounts = ["{ACCOUNTS["staging"]}"]\n}}\n'


def people(brief: int) -> str:
    """Carol, who answers for a second, and as "brief" for so many, before her questions are over."""
    return f"""
person "carol" {{
  token_sha256 = "{sha256(TOKEN)}"
  may_stop     = true
}}
approver "human" "slow"  {{
  people = [person.carol]
  hold   = "1s"
}}
approver "human" "brief" {{
  people  = [person.carol]
  timeout = "{brief}s"
}}
"""


PEOPLE = people(BRIEF)
RULES = """\
rule "never" {
  match  = aws.action == "CreateBucket" && aws.params.Bucket.startsWith("denied")
  action = "deny"
  reason = "use the team's bucket"
}
rule "brief" {
  match     = aws.action == "CreateBucket" && aws.params.Bucket.startsWith("expired")
  action    = "approve"
  approvers = [human.brief]
}
rule "slow" {
  match     = aws.action == "CreateBucket" && aws.params.Bucket.startsWith("asked")
  action    = "approve"
  approvers = [human.slow]
}
rule "all else" { action = "allow" }
"""

_STEPS = (
    (r"run the same command again in \d+ s, or ask your user to approve it at \S+#(q[0-9a-f]+); do not change the call", "ask"),
    (r"do not run it again", "give up"),
    (r"tell your user, and run it again only then", "tell the user"),
    (r"use one of its own, (\d{12})", "use another account"),
    (r"which is not the fault of this call: tell your operator \(request ([0-9a-f-]+)\)", "tell the operator"),
    (r"run the same command again", "repeat"),
)
"""What sentences say, and what that means to do; the first that is there counts."""


def next_step(said: str) -> tuple[str, str]:
    """What a refusal says to do, and with which question, account or request."""
    said = " ".join(said.split())
    assert "ot executed" in said, said
    for pattern, step in _STEPS:
        if (found := re.search(pattern, said)) is not None:
            return step, found[1] if found.re.groups else ""
    raise AssertionError(f"it does not say what to do: {said}")


@dataclass(kw_only=True)
class ScriptedAgent:
    """Works on one command until it is done or given up. `run` runs it in an account; None if it was done, else what was printed.

    Attributes:
        steps: what it did, in order.
        told: what it told its operator.
    """

    run: Callable[[str], str | None]
    user: Person
    steps: list[str] = field(default_factory=list)
    told: str = ""

    def work(self, account: str = ACCOUNTS["staging"]) -> list[str]:
        for _ in range(MOST):
            said = self.run(account)
            step, what = ("done", "") if said is None else next_step(said)
            self.steps.append(step)
            if step == "ask":
                self.user.answer(ready=lambda prompt, asked=what: prompt["id"] == asked)
            elif step == "tell the user":
                self.user.say(Lift(agent="ci"))
            elif step == "use another account":
                account = what
            elif step == "tell the operator":
                self.told = what
            if step in ("done", "give up", "tell the operator"):
                break
        return self.steps


def expects(gate: Gateway, run: Callable[[str, str], str | None], name: str) -> None:
    """The right thing is done after each refusal. `run` creates a bucket, given an account and a name; `name` ends the buckets' names."""
    carol = Person(gate, TOKEN)

    def agent(bucket: str) -> ScriptedAgent:
        return ScriptedAgent(run=lambda account: run(account, bucket), user=carol)

    assert agent(f"denied-{name}").work() == ["give up"]
    assert agent(f"asked-{name}").work() == ["ask", "done"]
    assert agent(f"others-{name}").work(ACCOUNTS["prod"]) == ["use another account", "done"]
    carol.say(Stop(agent="ci", reason="look at the logs first"))
    assert agent(f"stopped-{name}").work() == ["tell the user", "done"]
    _expires(gate, agent(f"expired-{name}"))


def _expires(gate: Gateway, agent: ScriptedAgent) -> None:
    """The second time somebody answers."""
    plain = agent.run

    def run(account: str) -> str | None:
        if not agent.steps:
            return plain(account)
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(plain, account)
            Person(gate, TOKEN).answer()
            return asked.result()

    agent.run = run
    assert agent.work() == ["repeat", "done"]


def expects_the_operator(gate: Gateway, run: Callable[[str, str], str | None]) -> None:
    """What the agent cannot mend is told to the operator, who finds the call by what was said."""
    agent = ScriptedAgent(run=lambda account: run(account, "unreachable"), user=Person(gate, TOKEN))
    assert agent.work() == ["tell the operator"]
    row = next(row for row in gate.records() if row["id"] == agent.told)
    assert "no-such-role" in row["outcome"]["reason"]
