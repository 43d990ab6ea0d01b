"""What `trio-gate approve` prints: prompts in full, news in one line each, or with --json every frame as it came.

Rule: whatever the gateway sent is made plain before it is printed. With --json nothing but frames goes to the standard output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from trio_gate.approval.channel.codec import encode
from trio_gate.approval.channel.frames import (
    Accepted,
    AgentShown,
    Decided,
    GrantEnded,
    Hello,
    Lifted,
    Pending,
    Rejected,
    Resolved,
    SessionList,
    Stopped,
)
from trio_gate.cli.approving.terminal.live_line import LiveLine
from trio_gate.cli.approving.terminal.prompt_view import account, became, bound, details, grant_line, sentence, summary, time_left
from trio_gate.text.visible import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trio_gate.approval.channel.frames import ServerFrame
    from trio_gate.cli.approving.terminal.channel import ApprovalChannel


_STYLES = {"danger": "bold red", "caution": "bold yellow"}
"""How a sentence is printed, by the level of its call."""


class ApproverConsole:
    """Prints for one approver. With `json` it prints frames, and sentences for people go to standard error.

    Attributes:
        line: where the person types; what is printed comes above it.
    """

    def __init__(self, *, json: bool) -> None:
        self._json = json
        self._since = ""
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, stderr=json)
        self.line = LiveLine(self._console)

    def frame(self, frame: ServerFrame, prompt: Mapping[str, Any] | None = None) -> None:
        """Print a frame that just came: with `json` as it is, otherwise in a line, if it is news. `prompt` is the one that it is about."""
        if self._json:
            with self.line.above():
                print(encode(frame), flush=True)
        else:
            about = prompt or {}
            news = _unnotified(frame, about) if isinstance(frame, Pending) else _news(frame, about)
            for line in () if self._is_old(frame) else news:
                self.say(line)

    def _is_old(self, frame: ServerFrame) -> bool:
        """Whether a frame tells of a call that ended before the channel was opened: those come first, and are no news."""
        if isinstance(frame, Hello):
            self._since = frame.now
        return isinstance(frame, Decided) and frame.outcome is not None and str(frame.outcome.get("at")) < self._since

    def waiting(self, channel: ApprovalChannel, prompt: dict[str, Any]) -> None:
        """Print a prompt in one line, its id first."""
        line = Text(f"{plain(prompt['id'])}  {time_left(channel.left(prompt)):>9}  ").append_text(headline(prompt))
        left = ", who has left" if prompt.get("detached") else ""
        with self.line.above():
            self._console.print(line.append(f"  for {plain(str(prompt.get('agent') or 'unnamed'))}{left}"))

    def standing(self, hello: Hello) -> None:
        """Print the stops and notices in force."""
        for line in _standing(hello):
            self.say(line)

    def grants(self, channel: ApprovalChannel) -> None:
        """Print the grants in force, a line each."""
        for grant in channel.grants.values():
            self.say(grant_line(grant))
        if not channel.grants:
            self.say("no grants")

    def prompt(self, prompt: dict[str, Any]) -> None:
        """Print what a prompt is about. Nothing with `json`, where its frame was printed when it came."""
        if self._json:
            return
        self._console.print()
        self._console.print(headline(prompt))
        self._console.print(Text(summary(prompt)))
        for line in details(prompt):
            self._console.print(line)

    def bound(self, prompt: dict[str, Any]) -> None:
        """Print what else the approval of a prompt is bound to."""
        for line in bound(prompt):
            self.say(line)

    def question(self, channel: ApprovalChannel, prompt: dict[str, Any]) -> Text:
        """What is asked about a prompt, in two lines, up to where the keys are named."""
        waiting = [one["id"] for one in channel.waiting()]
        at = waiting.index(prompt["id"]) + 1 if prompt["id"] in waiting else 1
        return headline(prompt).append(f"\n{at} of {max(1, len(waiting))}, {time_left(channel.left(prompt))}: ", "default")

    def hidden(self, parts: Sequence[dict[str, Any]]) -> None:
        """Print which parts of a prompt were not shown, if any."""
        if parts:
            self.say(f"PARTS NOT SHOWN: {', '.join(plain(part['name'] or part['part']) for part in parts)} (d shows them)")

    def part(self, part: dict[str, Any]) -> None:
        """Print the heading of a hidden part, before its text."""
        self.say(f"--- {plain(part['name'])} ({plain(part['why'])})")

    def say(self, line: str | Text) -> None:
        """Print a line for the person, made plain already, above the one that is being typed."""
        self.line.say(line)


def headline(prompt: Mapping[str, Any]) -> Text:
    """The account, the level and what the call does."""
    return Text.assemble(
        (f" {account(prompt)} ", "bold reverse"), " ", (sentence(prompt), _STYLES.get(str(prompt.get("level")), "bold"))
    )


def _unnotified(frame: Pending, prompt: Mapping[str, Any]) -> Iterator[str]:
    """Who could not be notified of a prompt, as far as that was not known of it; nothing for a new one."""
    risks, known = frame.prompt.get("risks") or (), prompt.get("risks") or ()
    for risk in risks if prompt else ():
        if risk["code"] == "unnotified" and risk not in known:
            yield f"{plain(frame.prompt['id'])}: {plain(risk['text'])}"


def _news(frame: ServerFrame, prompt: Mapping[str, Any]) -> Iterator[str]:
    about = f": {account(prompt)}: {plain(str(prompt.get('sentence') or prompt.get('words')))}" if prompt else ""
    match frame:
        case Hello():
            yield f"connected as {plain(frame.person)}; {frame.pending} waiting, {frame.grants} grants"
            yield from _standing(frame)
        case Accepted() if frame.id is not None:
            counts = "your approval counts, others have to approve too" if frame.status == "pending" else f"{frame.status} by you"
            yield f"{frame.id} {counts}{about}"
        case Rejected():
            yield f"{frame.id or 'this'} was not done: {plain(frame.message)}"
        case Resolved():
            by = f" by {plain(', '.join(map(str, frame.by)))}" if frame.by else ""
            why = f" ({plain(frame.reason)})" if frame.reason else ""
            more = f"; grant {frame.grant} covers later calls" if frame.grant else ""
            yield f"{frame.id} {frame.status}{by}{why}{about}{more}"
        case Decided() if frame.outcome is not None:
            yield f"{frame.id}: {became(frame.outcome)}: {plain(str(frame.call.get('sentence') or frame.call.get('words')))}"
        case GrantEnded():
            yield f"grant {frame.id} ended: {frame.why}"
        case Stopped():
            yield _stop_line(frame.stop)
        case Lifted():
            yield f"{plain(frame.by)} lifted the stop of {plain(frame.agent or 'everything')}"
        case AgentShown():
            yield from map(plain, frame.text.splitlines())
        case SessionList():
            yield from map(_session_line, frame.sessions)
            if not frame.sessions:
                yield "no virtual sessions"
        case _:
            pass


def _session_line(session: dict[str, Any]) -> str:
    facts = {name: plain(str(session.get(name) or "-")) for name in ("id", "agent", "account", "role", "expires")}
    return "session {id}: {agent} in {account} as {role} until {expires}".format(**facts)


def _standing(hello: Hello) -> list[str]:
    """The stops in force and the gateway's notices, a line each."""
    return [*map(_stop_line, hello.stops), *map(plain, hello.notices)]


def _stop_line(stop: dict[str, Any]) -> str:
    reason = f": {plain(str(stop.get('reason')))}" if stop.get("reason") else ""
    return f"STOPPED by {plain(str(stop.get('by')))}: {plain(str(stop.get('agent') or 'everything'))}{reason}"
