"""Runs a program for each prompt: `trio-gate approve --exec PROGRAM`, a bridge to chat, paging or a model.

Rule: the program gets a prompt as JSON on its standard input and answers {"verdict": "approve" or "deny", "reason": "…"} on its
standard output. One that fails, answers anything else, or takes longer than its prompt lives decides nothing. It never gets the token.
"""

from __future__ import annotations

import json
import os
import subprocess
from datetime import datetime
from typing import TYPE_CHECKING, Any

import trio

from trio_gate.approval.channel.codec import MAX_REASON
from trio_gate.approval.json_reader import json_object, members, one_of, text
from trio_gate.errors import Malformed
from trio_gate.shell.programs import run_program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trio_gate.approval.terms import Answer

AT_ONCE = 8
"""How many programs run at the same time; further prompts wait."""

MAX_ANSWER_BYTES = 64 * 1024
"""The longest answer that a program may give."""

MAX_LIFE_SECONDS = 86_400
"""How long a program may run at most, however long its prompt lives."""

NOT_PASSED_ON = ("TRIO_GATE_TOKEN",)
"""Variables of the environment that no program gets."""


class ProgramFailed(Exception):  # noqa: N818 - it says what happened, as its siblings in errors.py do
    """The program gave no usable answer. The text is one line that says why."""


async def consult(program: str, prompt: Mapping[str, Any]) -> tuple[Answer, str]:
    """Ask a program about a prompt, for as long as the prompt lives. Returns the verdict and its reason. Raises ProgramFailed."""
    env = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON}
    try:
        with trio.fail_after(_life(prompt)):
            given = json.dumps(prompt).encode("ascii")
            status, said = await run_program([program], env=env, stdin=given, keep=MAX_ANSWER_BYTES + 1)
    except trio.TooSlowError:
        raise ProgramFailed(f"{program} did not answer before the prompt expired") from None
    except OSError as error:
        raise ProgramFailed(f"{program} could not be run: {error.strerror}") from None
    except subprocess.SubprocessError:
        raise ProgramFailed(f"{program} could not be run") from None
    if status:
        raise ProgramFailed(f"{program} ended with status {status}")
    return _answer(program, said)


def _answer(program: str, said: bytes) -> tuple[Answer, str]:
    try:
        readers = {"verdict": one_of("approve", "deny"), "reason": text(MAX_REASON)}
        found = members(json_object(said.decode("utf-8"), MAX_ANSWER_BYTES), readers, frozenset({"reason"}))
    except (UnicodeDecodeError, Malformed):
        raise ProgramFailed(f'{program} did not answer {{"verdict": "approve" or "deny", "reason": "…"}}') from None
    verdict: Answer = "approve" if found["verdict"] == "approve" else "deny"
    return verdict, found.get("reason", "")


def _life(prompt: Mapping[str, Any]) -> float:
    """Seconds from the prompt's beginning to its end, both on the gateway's clock, as the local one may differ."""
    try:
        asked, expires = (datetime.fromisoformat(prompt[name]) for name in ("asked_at", "expires_at"))
        return min(max((expires - asked).total_seconds(), 1), MAX_LIFE_SECONDS)
    except (KeyError, TypeError, ValueError):
        return 1
