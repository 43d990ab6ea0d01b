"""`trio-gate mcp`: on the agent's machine, a server of the Model Context Protocol by which a model asks the gateway about itself.

Rule: no tool executes a call or decides one. It asks as the agent, with the agent's keys or its identity token, and says what the gateway says.
"""

from __future__ import annotations

import json
import re
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from trio_gate import __version__
from trio_gate.cli.agents import asking
from trio_gate.errors import DO_NOT_RETRY

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

MOST_WAIT = 45
"""Seconds that a tool waits for people: clients give a tool a minute."""

MOST_NAMED = 3
"""Approvals in a message that are looked at."""

_PENDING = ("stopped", "waiting", "waiting_in_all", "granted", "granted_in_all")
_APPROVAL = re.compile(r"\bq[0-9a-f]{16}\b")

_OUTCOMES: Mapping[str, str] = {
    "pending": "People are asked; nothing was executed. Wait for the approval with `wait`, then run the same command again, unchanged.",
    "expired": "Nobody answered in time, which is not a denial; nothing was executed. Run the same command again.",
    "denied": f"A rule or a person said no; nothing was executed{DO_NOT_RETRY}. Do what the reason says, or ask your user.",
    "stopped": "A person has stopped you; nothing was executed. Tell your user, and wait until that is lifted.",
    "refused": "The gateway never lets it pass as it is; nothing was executed. The message says what to change; `what_may_i` has your accounts.",
    "invalid": "The request is not exactly one call of AWS; nothing was executed. Send it with an SDK or the AWS CLI, unchanged.",
    "unavailable": "Something that the call needs does not work; not the call's fault. Try again later; if it stays, tell your user.",
}
_INSTRUCTIONS = (
    "AWS is reached through a gateway, trio-gate, which lets calls through by rules and asks people about some. Use AWS with the usual "
    "tools. Before a task of many calls, see `what_may_i` and ask once with `ask_for_task`. When a call is refused, `explain_refusal`."
)

EXAMPLES = """\
  trio-gate mcp --gateway http://127.0.0.1:8081    # as a model's client runs it, with the agent's keys in the environment"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    asking.add_arguments(parser)
    asking.add_account(parser)


def run(args: argparse.Namespace) -> int:
    """Serve on standard input and output until they end."""
    try:
        from mcp.server import MCPServer  # noqa: PLC0415 - an extra, which need not be installed
    except ImportError:
        print("trio-gate mcp: it needs the extra `mcp`: pip install '.[mcp]' in its checkout", file=sys.stderr)
        return 1
    server = MCPServer("trio-gate", instructions=_INSTRUCTIONS, version=__version__)
    tools = Tools(partial(asking.answer, args))
    for tool in (tools.what_may_i, tools.pending, tools.wait, tools.ask_for_task, tools.explain_refusal):
        server.tool()(tool)
    trio.run(server.run_stdio_async)
    return 0


class Tools:
    """The tools. `ask` returns the gateway's answer to a method, a path and so on; it may block, and raises NotAnsweredError."""

    def __init__(self, ask: Callable[..., str]) -> None:
        self._ask = ask

    async def what_may_i(self) -> str:
        """What you may do: your accounts, the rules, which kinds of calls are allowed, asked about or denied, what waits and is granted."""
        return await self._told("GET", "/-/agent", accept="text/markdown")

    async def pending(self) -> str:
        """Your calls that wait for people, your grants, and whether you are stopped."""
        told = await self._told("GET", "/-/agent")
        try:
            view = json.loads(told)
        except ValueError:
            return told
        return json.dumps({name: view.get(name) for name in _PENDING}, indent=1)

    async def wait(self, approval: str, seconds: int = MOST_WAIT) -> str:
        """Wait until people have decided about one of your approvals (its id is in the refusal), and say what to do next."""
        if not _APPROVAL.fullmatch(approval):
            return "an approval's id is q and 16 digits, as in the refusal or in `pending`"
        within = str(max(0, min(seconds, MOST_WAIT)))
        return await self._told("GET", f"/-/agent/approvals/{approval}", query=(("wait", within),), accept="text/markdown")

    async def ask_for_task(
        self, purpose: str, needs: list[dict[str, Any]], uses: int = 20, minutes: int = 60, extends: str = ""
    ) -> str:
        """Ask people once for the calls of a task, before you begin.

        Args:
            purpose: what it is for, as people will read it.
            needs: a list of {"service": "s3", "actions": ["PutObject"]} or {"service": "s3", "access": "read"} ("list", "read", "write"),
                each perhaps with "match", a condition in CEL such as 'aws.params.Bucket == "archive"'. Dangerous calls (deleting for
                good, giving access, running code) need "actions" and "danger": true. Ask for no more than you need. A line
                for another of your accounts has its number as "account".
            uses: how many calls.
            minutes: for how long.
            extends: the id of a task that stands, where this one adds to it.
        """
        asked: dict[str, object] = {"purpose": purpose, "needs": needs, "uses": uses, "minutes": minutes}
        body = json.dumps(asked | ({"extends": extends} if extends else {})).encode("ascii")
        with trio.move_on_after(MOST_WAIT):
            return await self._told("POST", "/-/agent/tasks", body)
        return f"People are asked, and have not decided yet. See `pending`, and ask again with the same words:\n{await self.pending()}"

    async def explain_refusal(self, message: str, outcome: str = "") -> str:
        """What a refused call means and what to do: give the error's message and, if you have it, the header x-trio-gate-outcome."""
        found = [_OUTCOMES[outcome]] if outcome in _OUTCOMES else []
        named = [*dict.fromkeys(_APPROVAL.findall(message))][:MOST_NAMED]
        found += [await self.wait(approval, 0) for approval in named]
        return (
            "\n".join(found)
            or "Do what the message says; it tells whether anything was executed. `what_may_i` says what you may do."
        )

    async def _told(self, *words: Any, **more: Any) -> str:
        """The gateway's answer, or what it says in its place."""
        try:
            return await trio.to_thread.run_sync(partial(self._ask, *words, **more), abandon_on_cancel=True)
        except asking.NotAnsweredError as error:
            return str(error)
