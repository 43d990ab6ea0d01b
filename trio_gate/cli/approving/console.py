"""What `trio-gate approve` prints: prompts in full, news in one line each, or with --json every frame as it came.

Rule: whatever the gateway sent is made plain before it is printed. With --json nothing but frames goes to the standard output.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from trio_gate.approval.codec import encode
from trio_gate.approval.frames import (
    Accepted,
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
from trio_gate.cli.approving.prompt_view import became, details, grant_line, sentence, summary, title
from trio_gate.text.visible import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trio_gate.approval.frames import ServerFrame
    from trio_gate.cli.approving.channel import ApprovalChannel


_STYLES = {"danger": "bold red", "caution": "bold yellow"}
"""How a sentence is printed, by the level of its call."""


class ApproverConsole:
    """Prints for one approver. With `json` it prints frames, and sentences for people go to standard error."""

    def __init__(self, *, json: bool) -> None:
        self._json = json
        self._since = ""
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)

    def frame(self, frame: ServerFrame) -> None:
        """Print a frame that just came: with `json` as it is, otherwise in a line, if it is news."""
        if self._json:
            self._encoded(frame)
        else:
            for line in () if self._is_old(frame) else _news(frame):
                self.say(line)

    def _is_old(self, frame: ServerFrame) -> bool:
        """Whether a frame tells of a call that ended before the channel was opened: those come first, and are no news."""
        if isinstance(frame, Hello):
            self._since = frame.now
        return isinstance(frame, Decided) and frame.outcome is not None and str(frame.outcome.get("at")) < self._since

    def listed(self, frame: ServerFrame) -> None:
        """Print one frame of a list, with `json`; without it, `overview` prints the list when it is complete."""
        if self._json:
            self._encoded(frame)

    def overview(self, channel: ApprovalChannel) -> None:
        """Print what a channel has sent: prompts, grants, stops and notices. Nothing with `json`, where `listed` did."""
        if self._json:
            return
        for prompt in channel.open.values():
            self.prompt(prompt)
        for grant in channel.grants.values():
            print(grant_line(grant))
        for line in _standing(channel.hello) if channel.hello else ():
            print(line)

    def prompt(self, prompt: dict[str, Any]) -> None:
        """Print a prompt in full. Nothing with `json`, where its frame was printed when it came."""
        if self._json:
            return
        self._console.print()
        self._console.print(Text(title(prompt), style="bold reverse"))
        self._console.print(Text(sentence(prompt), style=_STYLES.get(str(prompt.get("level")), "bold")))
        self._console.print(Text(summary(prompt)))
        for line in details(prompt):
            self._console.print(Text(line))

    def hidden(self, parts: Sequence[dict[str, Any]]) -> None:
        """Print which parts of a prompt were not shown, if any."""
        if parts:
            print(f"PARTS NOT SHOWN: {', '.join(plain(part['name'] or part['part']) for part in parts)} (d shows them)")

    def part(self, part: dict[str, Any]) -> None:
        """Print the heading of a hidden part, before its text."""
        print(f"--- {plain(part['name'])} ({plain(part['why'])})")

    def text(self, piece: str) -> None:
        """Print a piece of a hidden part, made plain already."""
        print(piece)

    def say(self, line: str) -> None:
        """Print a line for the person, made plain already."""
        print(line, file=sys.stderr if self._json else sys.stdout, flush=True)

    def _encoded(self, frame: ServerFrame) -> None:
        print(encode(frame), flush=True)


def _news(frame: ServerFrame) -> list[str]:
    match frame:
        case Hello():
            return [f"connected as {plain(frame.person)}; {frame.pending} waiting, {frame.grants} grants", *_standing(frame)]
        case Accepted() if frame.id is not None:
            return [f"accepted {frame.id}: {frame.status}"]
        case Rejected():
            return [f"rejected {frame.id or ''}: {plain(frame.message)}"]
        case Resolved():
            by = f" by {plain(', '.join(map(str, frame.by)))}" if frame.by else ""
            return [f"resolved {frame.id}: {frame.status}{by}{': ' + plain(frame.reason) if frame.reason else ''}"]
        case Decided() if frame.outcome is not None:
            said = frame.call.get("sentence") or frame.call.get("words")
            return [f"{frame.id}: {became(frame.outcome)}: {plain(str(said))}"]
        case GrantEnded():
            return [f"grant {frame.id} ended: {frame.why}"]
        case Stopped():
            return [_stop_line(frame.stop)]
        case Lifted():
            return [f"{plain(frame.by)} lifted the stop of {plain(frame.agent or 'everything')}"]
        case SessionList():
            return [_session_line(session) for session in frame.sessions] or ["no virtual sessions"]
        case Pending() | _:
            return []


def _session_line(session: dict[str, Any]) -> str:
    facts = {name: plain(str(session.get(name) or "-")) for name in ("id", "agent", "account", "role", "expires")}
    return "session {id}: {agent} in {account} as {role} until {expires}".format(**facts)


def _standing(hello: Hello) -> list[str]:
    """The stops in force and the gateway's notices, a line each."""
    return [*map(_stop_line, hello.stops), *map(plain, hello.notices)]


def _stop_line(stop: dict[str, Any]) -> str:
    reason = f": {plain(str(stop.get('reason')))}" if stop.get("reason") else ""
    return f"STOPPED by {plain(str(stop.get('by')))}: {plain(str(stop.get('agent') or 'everything'))}{reason}"
