"""Answers what an agent asks about itself. Nothing is executed, and the agent must be proven before.

Rule: an agent reads its own view alone; what is not its own and what does not exist are told alike.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from trio_gate.agent_view.page import page, question
from trio_gate.agent_view.view import Asker, prospects_of, view
from trio_gate.errors import Unidentified
from trio_gate.shell.worker_threads import WorkerThreads
from trio_gate.wire.head import ResponseHead

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeVar

    from trio_gate.approval.for_agents import AgentState
    from trio_gate.aws.hosts.table import HostTable
    from trio_gate.exchange.own_requests.paths import About
    from trio_gate.exchange.results import Admitted
    from trio_gate.exchange.snapshot import Snapshot
    from trio_gate.policy.prospects import Prospects
    from trio_gate.ports import Approvals
    from trio_gate.sessions.session import VirtualSession

    T = TypeVar("T")

_FIELDS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_JSON, _TEXT = b"application/json", b"text/markdown; charset=utf-8"


class AgentViews:
    """Makes the views of agents. `used` returns the services that an agent has used of late; it may block.

    The rules are prepared once for each generation of the configuration. One thread makes the views, of all agents in turn.
    """

    def __init__(self, approvals: Approvals, used: Callable[[str | None], Sequence[str]]) -> None:
        self._approvals = approvals
        self._used = used
        self._threads = WorkerThreads(threads=1)
        self._prepared: tuple[Snapshot, Prospects] | None = None

    async def answer(self, about: About, admitted: Admitted, snapshot: Snapshot, table: HostTable) -> tuple[ResponseHead, bytes]:
        """The answer to a proven agent. Raises Unidentified (404) for a question that is none of its own, AuditUnavailable, Overloaded."""
        if about.question is None:
            make = partial(_body, as_json=about.as_json, text=page)
            return _head(about), await self._made(admitted.agent_name, snapshot, table, make, session=admitted.session)
        found = await self._approvals.asked_by(admitted.agent_name, about.question, about.within)
        if found is None:
            raise Unidentified(
                "no approval of this agent has this id, or it was over long ago: run the same command again", status=404
            )
        said = f"{about.question} is {found['status']}: {question(found)}\n"
        return _head(about), _body(found, as_json=about.as_json, text=lambda _: said)

    async def shown(self, name: str | None, snapshot: Snapshot, table: HostTable) -> tuple[Mapping[str, object], str]:
        """An agent's view, as values and as text, for an operator. Raises AuditUnavailable, Overloaded."""
        return await self._made(name, snapshot, table, lambda told: (told, page(told)))

    async def _made(
        self,
        name: str | None,
        snapshot: Snapshot,
        table: HostTable,
        make: Callable[[Mapping[str, object]], T],
        *,
        session: VirtualSession | None = None,
    ) -> T:
        """What `make` makes of an agent's view, in the same thread, as it may be long. Raises AuditUnavailable, Overloaded."""
        state = self._approvals.of_agent(name)
        return await self._threads.run(name or "", lambda: make(self._view(name, session, snapshot, table, state)))

    def _view(
        self, name: str | None, session: VirtualSession | None, snapshot: Snapshot, table: HostTable, state: AgentState
    ) -> Mapping[str, object]:
        if self._prepared is None or self._prepared[0] is not snapshot:
            self._prepared = snapshot, prospects_of(snapshot)
        asker = Asker(name=name, session=session, used=self._used(name))
        return view(asker, snapshot, self._prepared[1], table, state, self._approvals.page)


def _head(about: About) -> ResponseHead:
    fields = ((b"content-type", _JSON if about.as_json else _TEXT), *_FIELDS)
    return ResponseHead(status=200, reason=b"OK", headers=fields)


def _body(told: Mapping[str, Any], *, as_json: bool, text: Callable[[Mapping[str, Any]], str]) -> bytes:
    return json.dumps(told).encode("ascii") if as_json else text(told).encode("utf-8", "replace")
