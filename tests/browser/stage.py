"""A gate in a thread of its own for a real browser: the hub, its desk and the admin listener, and agents that ask when a test says so."""

from __future__ import annotations

import hashlib
import json
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from tests.kit.approvals.questions import ONCALL, call, parts
from trio_gate.approval.param_tree import shown
from trio_gate.approval.question import Circumstances, question_from
from trio_gate.approval.state import Verdict, withdraw
from trio_gate.approval.terms import Terms
from trio_gate.audit.record import Intent, Outcome
from trio_gate.audit.redact import masked
from trio_gate.audit.rows import whole_row
from trio_gate.audit.search import PARTS, fits
from trio_gate.comparison.difference import difference
from trio_gate.comparison.reads import IncomparableError
from trio_gate.config.model import Person
from trio_gate.content.code import Code
from trio_gate.effect.effect import Effect, effect_of, level_facet
from trio_gate.facet.extract import facets_of
from trio_gate.ports import Asked
from trio_gate.shell.admin.authentication import SignIn
from trio_gate.shell.admin.server import AdminServer
from trio_gate.shell.approval.commands import CommandHandler
from trio_gate.shell.approval.hub import ApprovalHub
from trio_gate.shell.approval.hub_config import HubConfig, Limits
from trio_gate.shell.approval.preview import Recorded
from trio_gate.shell.clock import SystemClock
from trio_gate.shell.exchange.prompt_details import PromptDetails, StoredBody
from trio_gate.shell.net.accept import Waits
from trio_gate.shell.worker_threads import WorkerThreads

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    import trustme

    from trio_gate.approval.task import Task
    from trio_gate.comparison.reads import Sides

STANDING = "0" * 64
TOKENS = {name: f"tg_{name}-0123456789abcdef0123456789abcdef" for name in ("alice", "bob", "carol")}
ABLE = {"may_grant": True, "may_observe": True, "may_stop": True, "may_compare": True}


def _person(name: str, **may: bool) -> Person:
    return Person(name=name, token_sha256=hashlib.sha256(TOKENS[name].encode()).hexdigest(), kind="human", **may)


PEOPLE = {"alice": _person("alice", **ABLE), "bob": _person("bob", **ABLE), "carol": _person("carol")}
AROUND = Circumstances(
    reason="writes to prod need a person",
    approvers=[ONCALL],
    account_name="prod",
    agent_address="10.20.0.14",
    user_agent="aws-cli/2.31.4 md/Python#3.13",
    streamed=False,
    effect=Effect(sentence="", names=(), level="fact", reasons=()),  # each call has its own
)
AGENTS = ("ci", "coder", "reporting")


@dataclass(kw_only=True, eq=False)
class Ask:
    """An agent's call that waits. `verdict` is what it got, once `done` is set; `answer` is AWS's, where it is approved."""

    id: str
    answer: tuple[int, str | None] = 200, None
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    done: threading.Event = field(default_factory=threading.Event)
    verdict: Any = None

    def outcome(self) -> str:
        assert self.done.wait(20), "the call still waits"
        return getattr(self.verdict, "verdict", self.verdict).outcome


class _Acts:
    """Takes the rows of what people do."""

    def __init__(self, acts: list[dict[str, Any]]) -> None:
        self._acts = acts

    async def acted(self, row: Any) -> None:
        self._acts.append(json.loads(row.text))


class Stage:
    """The gate, as a test in another thread sees it."""

    def __init__(self, authority: trustme.CA) -> None:
        self._authority = authority
        self._ready = threading.Event()
        self._count = 0
        self._calls: list[dict[str, Any]] = []
        self.acts: list[dict[str, Any]] = []
        self.recorded: list[dict[str, Any]] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/"

    def main(self) -> None:
        trio.run(self._main)

    async def _main(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._end = trio.CancelScope()
        clock = SystemClock()
        self.hub = ApprovalHub(
            clock,
            Limits(deny_cooldown=0, max_pending_per_agent=1000),
            HubConfig(agents=AGENTS, standings={"the rest": STANDING}),
            audit=_Acts(self.acts),
        )
        recorded = Recorded(recent=lambda *_: (yield from self.recorded), never_vends=lambda *_: True)
        commands = CommandHandler(self.hub, clock, self._find, recorded)
        names = frozenset({"localhost", "127.0.0.1"})
        self._server = AdminServer(
            hub=self.hub,
            commands=commands,
            sign_in=SignIn(PEOPLE, self.hub.links),
            names=names,
            waits=Waits(),
            unready=lambda: None,
        )
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert("localhost", "127.0.0.1").configure_cert(self._context)
        with self._end:
            async with trio.open_nursery() as self._nursery:
                await self._listen()
                self._ready.set()
                await trio.sleep_forever()

    async def _listen(self) -> None:
        self._door = trio.CancelScope()
        handle = partial(trio.serve_ssl_over_tcp, self._handle, self.port, self._context, host="127.0.0.1", https_compatible=True)

        async def serve(task_status: Any) -> None:
            with self._door:
                async with trio.open_nursery() as nursery:
                    task_status.started(await nursery.start(handle))

        listeners = await self._nursery.start(serve)
        self.port = listeners[0].transport_listener.socket.getsockname()[1]

    async def _handle(self, stream: trio.SSLStream) -> None:
        with self._server.connections.admit("127.0.0.1") as connection:
            await self._server.handle(stream, connection)

    def wait(self) -> None:
        assert self._ready.wait(30)

    def do(self, what: Callable[..., Any], *args: Any) -> Any:
        """Run something in the gate's thread."""
        return trio.from_thread.run_sync(what, *args, trio_token=self._token)

    def stop(self) -> None:
        self.do(self._end.cancel)

    def go_dark(self) -> None:
        """Close the listener and all its connections."""
        self.do(self._door.cancel)

    def come_back(self) -> None:
        trio.from_thread.run(self._listen, trio_token=self._token)

    def ask(
        self,
        params: dict[str, Any] | None = None,
        *,
        life: float = 600.0,
        quorum: int = 1,
        body: bytes = b"",
        answer: tuple[int, str | None] = (200, None),
        compared: Sides | None = None,
        task: Task | None = None,
        **changes: Any,
    ) -> Ask:
        """An agent's call, or a task. `changes` are of the call, its digest's input, or its circumstances, by name."""
        self._count += 1
        ask = Ask(id=f"q{self._count}-{id(self) % 10_000}", answer=answer)
        made = call(params, **_pick(changes, call()))
        payload = {"payload_length": len(body), "payload_sha256": hashlib.sha256(body).hexdigest()}
        bound = parts(**{"path": f"/{self._count}", **payload, **_pick(changes, parts())})
        tree = shown(made.params, code=Code(service=made.service, operation=made.operation))
        around = replace(
            AROUND,
            approvers=[replace(ONCALL, people=tuple(PEOPLE), quorum=quorum, timeout=life, hold=life)],
            **{"effect": effect_of(made, masked(made.params)), **_pick(changes, AROUND)},
        )
        now = SystemClock().now()
        question = question_from(made, bound, tree, around, question_id=ask.id, asked_at=now)
        if task is not None:
            own = {"service": "trio-gate", "operation": "AskForTask", "names": task.lines, "resources": None}
            question = replace(
                question,
                task=task,
                grantable=False,
                sentence=f"Let up to {task.uses} calls through in {task.minutes} min: {task.purpose}",
                **own,
            )
        facets = facets_of(
            made,
            account_name=around.account_name,
            agent=bound.agent,
            agent_address=around.agent_address,
            time=now,
            level=partial(level_facet, made),
        )
        opened = PromptDetails(
            made,
            facets,
            bound,
            tree.values,
            what=tree.kinds,
            body=StoredBody(data=body),
            run=partial(WorkerThreads().run, "opened"),
        )

        async def compare(recorded: Callable[[str], Awaitable[None]]) -> str:
            if compared is None:
                raise IncomparableError("there is nothing")
            await recorded("iam.GetRolePolicy")
            return difference(compared, None)

        asked = Asked(
            question=question,
            invocation=None,
            standing=task.standing if task else STANDING,
            covers=opened.covers,
            open=opened.open,
            compare=compare,
        )
        trio.from_thread.run(self._begin, ask, asked, trio_token=self._token)
        return ask

    async def _begin(self, ask: Ask, asked: Asked) -> None:
        """Return once the question waits, or is answered."""
        self._nursery.start_soon(self._wait_for, ask, asked)
        await _until(lambda: ask.done.is_set() or self.hub.entry(ask.id, "alice") is not None)

    async def _wait_for(self, ask: Ask, asked: Asked) -> None:
        with ask.scope:
            ask.verdict = await self.hub.ask(asked)
            if hasattr(ask.verdict, "close"):
                ask.verdict.sending()
                ask.verdict.answered(*ask.answer)
                ask.verdict.close()
                ask.verdict.ended(None, 0.123)
            ask.done.set()

    def link(self, name: str) -> str:
        """The fragment of a sign-in link that somebody made with their token."""
        code, _ = trio.from_thread.run(self.hub.links.make, PEOPLE[name], trio_token=self._token)
        return f"#link={code}"

    def leave(self, ask: Ask) -> None:
        """The agent hangs up."""
        self.do(ask.scope.cancel)

    def over(self, question_id: str) -> Any:
        """What a question is when its agent's stop withdraws it."""
        return withdraw(self.hub.entry(question_id, "bob").prompt)

    def grant(self) -> None:
        """A grant that stands, with a predicate."""
        ask = self.ask(agent="reporting")
        terms = Terms(uses=5, minutes=30, predicate='aws.service == "s3" && aws.access == "write"')

        def give() -> None:
            entry = self.hub.entry(ask.id, "alice")
            verdict = Verdict(outcome="approve", by=("alice",), reason="")
            self.hub.grants.add(entry.prompt.question, terms, STANDING, verdict)
            self.hub.settle(entry, withdraw(entry.prompt))

        self.do(give)

    def publish(self, **changes: Any) -> None:
        """A call ended."""
        self._count += 1
        now = SystemClock().now()
        intent, outcome = record(f"r{self._count}", now, **changes)
        self._calls.insert(0, {"seq": self._count, **json.loads(whole_row(intent, outcome).text)})
        self.do(self.hub.publish, lambda: (intent, outcome))

    def observed(self) -> None:
        """Return once somebody observes."""

        trio.from_thread.run(_until, lambda: self.hub.subscribers.observers, trio_token=self._token)

    def _find(self, filters: Mapping[str, str], before: int | None, count: int) -> tuple[list[dict[str, Any]], int | None]:
        calls = [one for one in self._calls if before is None or one["seq"] < before]
        parts = {name: value for name, value in filters.items() if name in PARTS}
        equal = {name: value for name, value in filters.items() if name not in parts}
        found = [one for one in calls if fits(one, parts)]
        fitting = [one for one in found if all(_filtered(one)[name] == value for name, value in equal.items())]
        return fitting[:count], fitting[count - 1]["seq"] if len(fitting) >= count else None


async def _until(holds: Callable[[], Any]) -> None:
    with trio.fail_after(20):
        while True:
            if holds():
                return
            await trio.lowlevel.checkpoint()


def record(name: str, now: Any, **changes: Any) -> tuple[Intent, Outcome]:
    """A call's record; `status`, `end` and `why` are of its outcome."""
    status, end, why = changes.pop("status", 200), changes.pop("end", "answered"), changes.pop("why", None)
    facts = {
        "agent": "ci",
        "agent_address": "10.20.0.14",
        "account": "111111111111",
        "account_name": "prod",
        "region": "us-east-1",
        "service": "s3",
        "operation": "ListObjectsV2",
        "access": "list",
        "resources": '["arn:aws:s3:::reports"]',
        "params": '{"Bucket":"reports"}',
        "outcome": "allow",
        "rule": "reads ok",
        **changes,
    }
    took = {"decide": 2_100_000, "upstream": 83_200_000}
    return (
        Intent(id=name, time=now, **facts),
        Outcome(id=name, time=now, status=status, nanoseconds=took, end=end, reason=why, bytes_in=0, bytes_out=2048),
    )


def _filtered(call: Mapping[str, Any]) -> dict[str, Any]:
    return {**call, "decision": call["decision"]["outcome"], "rule": call["decision"]["rule"], "end": call["outcome"]["end"]}


def _pick(changes: Mapping[str, Any], example: Any) -> dict[str, Any]:
    return {name: changes[name] for name in changes if name in example.__dataclass_fields__}


@contextmanager
def running(authority: trustme.CA) -> Iterator[Stage]:
    """A stage until the block is left."""
    stage = Stage(authority)
    thread = threading.Thread(target=stage.main, daemon=True)
    thread.start()
    stage.wait()
    try:
        yield stage
    finally:
        stage.stop()
        thread.join(20)
